"""The timeline: what was measured, when it was measured, however it arrived."""

from __future__ import annotations

import random
from itertools import pairwise

import numpy as np
import pytest

from edge.clock import VirtualClock
from edge.timeline import Timeline
from edge.types import NS_PER_S, Channel, SampleBlock, Window

HZ = 64.0
START_S = 1000.0
"""Box time at which the band's clock shows 0."""


def block(first: int, samples: int = 16, *, delay_s: float = 0.02, device_zero_s: float = START_S) -> SampleBlock:
    """PPG samples number `first` and on, valued by their number, that arrive `delay_s` after the last was taken."""
    arrived_s = device_zero_s + (first + samples - 1) / HZ + delay_s
    return SampleBlock(
        "wrist",
        Channel.PPG,
        np.arange(first, first + samples, dtype=np.float32),
        HZ,
        round(arrived_s * NS_PER_S),
        device_s=first / HZ,
    )


def filled(blocks: list[SampleBlock]) -> Timeline:
    timeline = Timeline()
    for each in sorted(blocks, key=lambda one: one.arrived_ns):
        timeline.push(each)
    return timeline


def window(timeline: Timeline, end_s: float, seconds: float, channel: Channel = Channel.PPG) -> Window:
    found = timeline.window("wrist", channel, round((START_S + end_s) * NS_PER_S), seconds)
    assert found is not None
    return found


def test_a_channel_that_never_came_has_no_window() -> None:
    assert Timeline().window("wrist", Channel.PPG, 0, 10.0) is None
    assert Timeline().newest_ns("wrist", Channel.PPG) is None


def test_jittery_arrivals_leave_the_samples_evenly_spaced_and_in_place() -> None:
    rng = random.Random(3)  # noqa: S311  # a fixed jitter
    delays = [rng.choice((0.005, 0.02, 0.1, 0.4)) for _ in range(400)]
    found = window(filled([block(16 * i, delay_s=delay) for i, delay in enumerate(delays)]), 100.0, 60.0)
    assert found.coverage == pytest.approx(1.0, abs=0.001)
    assert np.abs(np.diff(found.times_ns) - NS_PER_S / HZ).max() < 1e6
    true_ns = (START_S + found.values.astype(np.float64) / HZ) * NS_PER_S
    assert np.abs(found.times_ns - true_ns).max() <= 6e6  # the smallest delay, 5 ms, cannot be seen


def test_a_backlog_after_connecting_is_placed_when_it_was_measured() -> None:
    late = [block(16 * i, delay_s=8.0 - i * 0.25) for i in range(32)]
    prompt = [block(16 * i, delay_s=0.0) for i in range(32, 40)]
    found = window(filled(late + prompt), 10.0, 10.0)
    true_ns = (START_S + found.values.astype(np.float64) / HZ) * NS_PER_S
    assert len(found.values) == 640
    assert np.abs(found.times_ns - true_ns).max() < 1e6


def test_a_drifting_device_clock_is_followed() -> None:
    """300 ppm fast: after ten minutes 180 ms apart if nobody follows."""
    blocks = []
    for i in range(2400):
        fast = block(16 * i)
        arrived_ns = START_S * NS_PER_S + (fast.arrived_ns - START_S * NS_PER_S) / 1.0003
        blocks.append(SampleBlock("wrist", Channel.PPG, fast.values, HZ, round(arrived_ns), fast.device_s))
    found = window(filled(blocks), 599.0, 60.0)
    true_ns = (START_S + found.values.astype(np.float64) / HZ / 1.0003) * NS_PER_S
    assert np.abs(found.times_ns - true_ns - 0.02 * NS_PER_S).max() < 3e6


def test_a_gap_lowers_the_coverage_and_stays_a_gap() -> None:
    found = window(filled([block(16 * i) for i in range(40) if not 10 <= i < 20]), 10.0, 10.0)
    assert found.coverage == pytest.approx(0.75, abs=0.01)
    assert np.diff(found.times_ns).max() == pytest.approx((160 + 1) / HZ * NS_PER_S, rel=1e-3)


def test_repeated_blocks_are_dropped() -> None:
    blocks = [block(16 * i) for i in range(40)]
    timeline = filled(blocks + [block(16 * i, delay_s=0.3) for i in range(40)])
    found = window(timeline, 11.0, 12.0)
    assert found.values.tolist() == list(range(640))
    assert timeline.duplicates("wrist") == 640


def test_an_overtaken_block_fills_its_gap_without_moving_the_others() -> None:
    blocks = [block(16 * i) for i in range(40)]
    expected = window(filled(blocks), 11.0, 12.0)
    blocks[10] = block(160, delay_s=1.5)
    found = window(filled(blocks), 11.0, 12.0)
    assert found.values.tolist() == list(range(640))
    assert np.abs(found.times_ns - expected.times_ns).max() <= 1e6


def test_a_partly_known_block_adds_only_what_is_new() -> None:
    timeline = filled([block(0), block(16), block(24)])
    assert window(timeline, 2.0, 3.0).values.tolist() == list(range(40))
    assert timeline.duplicates("wrist") == 8


def test_a_restarted_counter_goes_on_where_the_box_is() -> None:
    before = [block(16 * i) for i in range(80)]
    after = [block(16 * i, device_zero_s=START_S + 30.0) for i in range(40)]
    timeline = filled(before + after)
    old = window(timeline, 25.0, 25.0)
    new = window(timeline, 41.0, 11.0)
    assert old.values.tolist() == list(range(1280))
    assert new.values.tolist() == list(range(640))
    assert abs(int(new.times_ns[0]) - round((START_S + 30.02) * NS_PER_S)) < 1e6


def test_a_clock_that_jumps_ahead_does_not_push_samples_into_the_future() -> None:
    before = [block(16 * i) for i in range(40)]
    ahead = [
        SampleBlock("wrist", one.channel, one.values, HZ, one.arrived_ns, (one.device_s or 0.0) + 3600.0)
        for one in (block(16 * i) for i in range(40, 80))
    ]
    timeline = filled(before + ahead)
    newest_ns = timeline.newest_ns("wrist", Channel.PPG)
    assert newest_ns is not None
    assert newest_ns <= round((START_S + 21.0) * NS_PER_S)
    assert window(timeline, 21.0, 21.0).values.tolist() == list(range(1280))


def test_channels_of_one_band_share_its_clock() -> None:
    """Skin conductance whose blocks always arrive late is placed by what the PPG's prompt blocks have shown."""
    gsr = [
        SampleBlock(
            "wrist", Channel.GSR_US, np.full(4, 2.0, np.float32), 4.0, round((START_S + i + 1.5) * NS_PER_S), float(i)
        )
        for i in range(10)
    ]
    found = window(filled([block(16 * i, delay_s=0.0) for i in range(44)] + gsr), 10.0, 10.0, Channel.GSR_US)
    assert len(found.values) == 40
    assert abs(int(found.times_ns[0]) - round(START_S * NS_PER_S)) < 1e6


def test_a_step_of_the_wall_clock_changes_nothing() -> None:
    clock = VirtualClock()
    timeline = Timeline()
    for i in range(40):
        clock.advance(0.25)
        if i == 20:
            clock.step_wall(-86_400.0)
        values = np.zeros(16, np.float32)
        timeline.push(SampleBlock("wrist", Channel.PPG, values, HZ, clock.now_ns(), device_s=i * 0.25))
    found = timeline.window("wrist", Channel.PPG, clock.now_ns() + 1, 10.0)
    assert found is not None
    assert len(found.values) == 640


def test_memory_is_bounded_and_keeps_the_newest_three_minutes() -> None:
    timeline = filled([block(256 * i, 256) for i in range(1000)])
    end_s = 1000 * 4.0 + 1.0
    found = window(timeline, end_s, end_s)
    assert len(found.values) == 180 * HZ
    assert found.values[-1] == 256_000 - 1


def test_samples_that_are_not_numbers_leave_a_gap() -> None:
    broken = block(0)
    broken.values[3:5] = np.nan
    assert window(filled([broken]), 1.0, 2.0).values.tolist() == [0, 1, 2, *range(5, 16)]


def test_vectors_keep_their_axes() -> None:
    values = np.ones((32, 3), np.float32)
    timeline = filled([SampleBlock("wrist", Channel.ACC_G, values, 32.0, round(START_S * NS_PER_S), 0.0)])
    assert window(timeline, 1.0, 3.0, Channel.ACC_G).values.shape == (32, 3)


def at(arrived_s: float, channel: Channel, *values: float, lost: int = 0) -> SampleBlock:
    """Values known only by their arrival, as those of the Heart Rate Service."""
    arrived_ns = round((START_S + arrived_s) * NS_PER_S)
    return SampleBlock("wrist", channel, np.array(values, np.float32), 0.0, arrived_ns, lost_before=lost)


def test_beats_keep_their_distance_although_notifications_jitter() -> None:
    rng = random.Random(5)  # noqa: S311  # a fixed jitter
    blocks = [at(i * 0.75 + rng.uniform(0.0, 0.3), Channel.IBI_S, 0.75) for i in range(1, 41)]
    found = window(filled(blocks), 31.0, 30.0, Channel.IBI_S)
    settled = np.diff(found.times_ns[10:])
    assert np.abs(settled / NS_PER_S / 0.75 - 1.0).max() <= 0.0021
    assert found.coverage > 0.95


def test_beats_are_anchored_anew_after_a_pause() -> None:
    after = [at(20.0 + second, Channel.IBI_S, 1.0) for second in range(5)]
    found = window(filled([at(1.0, Channel.IBI_S, 1.0), *after]), 25.0, 25.0, Channel.IBI_S)
    assert (found.times_ns - START_S * NS_PER_S).tolist() == [1e9, 20e9, 21e9, 22e9, 23e9, 24e9]
    assert found.coverage == pytest.approx(6 / 25)


def test_beats_are_anchored_anew_where_some_are_missing() -> None:
    blocks = [at(1.0, Channel.IBI_S, 1.0), at(3.3, Channel.IBI_S, 1.0, lost=1), at(4.3, Channel.IBI_S, 1.0)]
    found = window(filled(blocks), 5.0, 5.0, Channel.IBI_S)
    assert (found.times_ns - START_S * NS_PER_S).tolist() == [1e9, 3.3e9, 4.3e9]


def test_a_beat_that_the_band_left_out_is_made_good_within_half_a_minute() -> None:
    blocks = [at(1.0 + 0.8 * k, Channel.IBI_S, 0.8) for k in range(100) if k != 50]
    found = window(filled(blocks), 82.0, 82.0, Channel.IBI_S)
    true_ns = (START_S + 1.0 + 0.8 * np.array([k for k in range(100) if k != 50])) * NS_PER_S
    late = np.abs(found.times_ns - true_ns) / NS_PER_S
    assert len(late) == 99
    assert late[:50].max() < 0.01
    assert late[85:].max() < 0.01


def test_beats_lie_when_they_were_not_when_the_band_told_of_them() -> None:
    """Told once per second, each beat is half a second old on average."""
    rng = np.random.default_rng(3)
    intervals = rng.normal(0.83, 0.04, 240).astype(np.float32)
    beats_s = np.cumsum(intervals, dtype=np.float64)
    blocks = []
    for second in range(1, 199):
        told = intervals[(beats_s >= second - 1) & (beats_s < second)]
        if len(told):
            blocks.append(at(second + rng.uniform(0.03, 0.3), Channel.IBI_S, *told.tolist()))
    found = window(filled(blocks), 200.0, 140.0, Channel.IBI_S)
    truth = beats_s[np.isin(intervals, found.values)]
    late = found.times_ns / NS_PER_S - START_S - truth[-len(found.values) :]
    assert 0.0 < np.median(late) < 0.25  # half a second and more, if each were placed where it was told of


def test_a_reading_covers_three_seconds_at_most() -> None:
    blocks = [at(float(second), Channel.HEART_RATE_BPM, 70.0) for second in (0, 1, 2, 3)]
    found = window(filled(blocks), 10.0, 10.0, Channel.HEART_RATE_BPM)
    assert found.coverage == pytest.approx(0.6)


def test_a_waveform_without_times_is_placed_by_count_and_a_pause_is_a_gap() -> None:
    def counted(arrived_s: float) -> SampleBlock:
        arrived_ns = round((START_S + arrived_s) * NS_PER_S)
        return SampleBlock("wrist", Channel.PPG, np.zeros(16, np.float32), HZ, arrived_ns)

    blocks = [counted(i * 0.25) for i in range(1, 21)] + [counted(20.0 + i * 0.25) for i in range(1, 21)]
    found = window(filled(blocks), 25.1, 25.1)
    assert len(found.values) == 640
    gaps_s = [(b - a) / NS_PER_S for a, b in pairwise(found.times_ns.tolist()) if b - a > NS_PER_S]
    assert gaps_s == [pytest.approx(15.0, abs=0.05)]
