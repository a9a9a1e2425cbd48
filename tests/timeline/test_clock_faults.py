"""What goes wrong with clocks and radios: none of it moves, doubles or drops a sample that is placed."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from edge.clock import VirtualClock
from edge.timeline import Timeline
from edge.types import NS_PER_S, Channel, SampleBlock
from tests.timeline.bands import HZ, START_S, Band, Witness, errors_s, everything, filled, unstamped


def restarts(timeline: Timeline) -> int:
    report = timeline.clock_report("wrist")
    assert report is not None
    return report.restarts


def holds_exactly(timeline: Timeline, *spans_s: tuple[float, float]) -> bool:
    """Whether every sample of these spans, and no other, is held once, near its true time."""
    window = everything(timeline)
    expected = np.concatenate([np.arange(round(a * HZ), round(b * HZ)) / HZ for a, b in spans_s])
    return np.array_equal(window.values, expected.astype(np.float32)) and bool(np.abs(errors_s(window)).max() < 0.01)


def test_old_blocks_that_are_sent_again_are_no_restart() -> None:
    """Ten seconds, sent again half a minute later between the live ones."""
    again = [Band().block(number, at_s=50.0 + number * 0.01) for number in range(40)]
    timeline = filled(Band().blocks(0.0, 60.0) + again)
    assert holds_exactly(timeline, (0.0, 60.0))
    assert (timeline.duplicates("wrist"), restarts(timeline)) == (640, 0)


def test_old_blocks_that_were_lost_fill_their_gap_long_after() -> None:
    lost = [Band().block(number, at_s=50.0 + number * 0.01) for number in range(40, 80)]
    timeline = filled(Band().blocks(0.0, 10.0) + Band().blocks(20.0, 60.0) + lost)
    assert holds_exactly(timeline, (0.0, 60.0))
    assert (timeline.duplicates("wrist"), restarts(timeline)) == (0, 0)


def queued(begin_s: float, back_s: float, end_s: float, times_as_fast: float) -> list[SampleBlock]:
    """Blocks from `begin_s` on, kept until `back_s` and then sent in order, so many times as fast as they were made."""
    blocks = []
    for count, block in enumerate(Band().blocks(begin_s, end_s)):
        sent_ns = round((START_S + back_s + count * 0.25 / times_as_fast) * NS_PER_S)
        blocks.append(replace(block, arrived_ns=max(block.arrived_ns, sent_ns)))
    return blocks


@pytest.mark.parametrize("times_as_fast", [1.6, 10.0, 1000.0])
def test_what_a_band_kept_while_out_of_reach_is_placed_when_it_was_measured(times_as_fast: float) -> None:
    timeline = filled(Band().blocks(0.0, 30.0) + queued(30.0, 60.0, 150.0, times_as_fast))
    assert holds_exactly(timeline, (0.0, 150.0))
    assert restarts(timeline) == 0


@pytest.mark.parametrize("times_as_fast", [2.0, 10.0, 1000.0])
def test_what_a_band_kept_before_it_was_first_connected_is_placed_when_it_was_measured(times_as_fast: float) -> None:
    assert holds_exactly(filled(queued(0.0, 25.0, 90.0, times_as_fast)), (0.0, 90.0))


def test_a_pause_of_the_radio_and_its_burst_leave_no_trace() -> None:
    timeline = filled(Band().blocks(0.0, 30.0) + queued(30.0, 32.0, 60.0, 1000.0))
    assert holds_exactly(timeline, (0.0, 60.0))


@pytest.mark.parametrize("lived_s", [10.0, 60.0, 170.0])
@pytest.mark.parametrize("away_s", [1.0, 20.0, 300.0])
def test_a_restarted_device_loses_nothing_and_moves_nothing(lived_s: float, away_s: float) -> None:
    anew_s = lived_s + away_s
    witness = Witness()
    witness.push(Band().blocks(0.0, lived_s) + Band(anew_s).blocks(anew_s, anew_s + 9.0))
    assert holds_exactly(witness.timeline, (0.0, lived_s), (anew_s, anew_s + 9.0))
    assert witness.moved == []
    assert restarts(witness.timeline) == 1


def test_a_counter_that_wraps_goes_on_without_a_gap() -> None:
    """Microseconds in 32 bits, not unwrapped by the driver: 71.6 minutes, after which the clock reads zero."""
    wrap_s = 2**32 / 1e6
    before_s = 60.0
    blocks = [
        replace(block, device_s=((block.device_s or 0.0) + wrap_s - before_s) % wrap_s)
        for block in Band().blocks(0.0, 120.0, 0.01)
    ]
    witness = Witness()
    witness.push(blocks)
    window = everything(witness.timeline)
    assert window.values.size == 120 * HZ
    assert np.abs(errors_s(window)).max() < 0.02
    assert witness.moved == []


def test_a_device_that_restarts_again_and_again_is_followed() -> None:
    zeros_s = np.arange(0.0, 170.0, 10.0)
    timeline = filled([block for zero_s in zeros_s for block in Band(float(zero_s)).blocks(zero_s, zero_s + 8.0)])
    assert holds_exactly(timeline, *((zero_s, zero_s + 8.0) for zero_s in zeros_s))


def test_a_clock_that_stood_still_goes_on_where_the_box_is() -> None:
    """The device slept for 20 s and so did its clock: late, but forward, and at the pace of time."""
    timeline = filled(Band().blocks(0.0, 60.0) + Band(20.0).blocks(80.0, 120.0))
    assert holds_exactly(timeline, (0.0, 60.0), (80.0, 120.0))


def test_a_clock_that_lost_two_seconds_is_believed_after_two_minutes() -> None:
    """Until then it may be the radio that is slow."""
    blocks = [
        block if number < 240 else replace(block, device_s=(block.device_s or 0.0) - 2.0)
        for number, block in enumerate(Band().blocks(0.0, 220.0))
        if not 240 <= number < 248
    ]
    witness = Witness()
    witness.push(blocks)
    errors = errors_s(everything(witness.timeline))
    assert np.abs(errors[-60 * 16 :]).max() < 0.01
    assert witness.moved == []


def test_a_damaged_time_far_ahead_is_dropped() -> None:
    wild = [replace(Band().block(200 + k), device_s=device_s) for k, device_s in enumerate((1e6, 1e300, -1e300, 3e9))]
    blocks = [block for number, block in enumerate(Band().blocks(0.0, 90.0)) if not 200 <= number < 204]
    timeline = filled(blocks + wild)
    assert holds_exactly(timeline, (0.0, 50.0), (51.0, 90.0))
    assert timeline.rejected("wrist") == 4
    assert restarts(timeline) == 0


def test_a_clock_that_is_set_ahead_is_followed_without_loss() -> None:
    """As when a phone gives a band the time of day: seconds since 1970 from one block to the next."""
    witness = Witness()
    witness.push(Band().blocks(0.0, 30.0) + Band(-1.7e9).blocks(30.0, 60.0))
    assert holds_exactly(witness.timeline, (0.0, 60.0))
    assert witness.moved == []


def test_a_stale_block_at_the_start_does_not_hold_the_others_back() -> None:
    timeline = filled([Band().block(0, at_s=40.0), *Band().blocks(40.25, 70.0)])
    assert holds_exactly(timeline, (0.0, 0.25), (40.25, 70.0))


def test_a_reconnection_keeps_the_clock() -> None:
    timeline = filled(Band().blocks(0.0, 60.0) + Band().blocks(100.0, 130.0, 0.3))
    assert holds_exactly(timeline, (0.0, 60.0), (100.0, 130.0))  # 0.3 s of delay are no news


def test_after_a_long_silence_one_slow_block_does_not_undo_what_was_known() -> None:
    slow = [Band(drift_ppm=100.0).block(number, 0.25) for number in range(14_400, 14_404)]
    timeline = filled(Band(drift_ppm=100.0).blocks(0.0, 600.0) + slow)
    assert np.abs(errors_s(everything(timeline))[-64:]).max() < 0.03


def test_a_smaller_delay_later_bends_but_does_not_move() -> None:
    """The first minute was congested by 200 ms throughout."""
    witness = Witness()
    witness.push(Band().blocks(0.0, 60.0, 0.2) + Band().blocks(60.0, 180.0, 0.0))
    window = everything(witness.timeline)
    steps = np.diff(window.times_ns) / NS_PER_S * HZ
    assert witness.moved == []
    assert window.values.size == 180 * HZ
    assert np.abs(steps - 1.0).max() < 0.0021
    assert abs(errors_s(window)[-1]) < 0.01


def test_a_changed_rate_keeps_what_is_placed() -> None:
    doubled = [replace(block, values=np.repeat(block.values, 2), rate_hz=2 * HZ) for block in Band().blocks(20.0, 40.0)]
    witness = Witness()
    witness.push(Band().blocks(0.0, 20.0) + doubled)
    window = witness.timeline.window("wrist", Channel.PPG, round((START_S + 40.0) * NS_PER_S), 40.0)
    assert window is not None
    assert window.values.size == 1280 + 2560
    assert window.rate_hz == 2 * HZ
    assert window.coverage == pytest.approx(1.0, abs=0.002)
    assert witness.moved == []


def test_a_higher_rate_gets_room_for_three_minutes_too() -> None:
    faster = [replace(block, values=np.repeat(block.values, 4), rate_hz=4 * HZ) for block in Band().blocks(1.0, 200.0)]
    assert everything(filled(Band().blocks(0.0, 1.0) + faster)).values.size == 180 * 4 * HZ


def test_readings_with_one_time_for_all_keep_their_order() -> None:
    """Five battery readings in a block, on a clock that is 400 ppm fast."""
    levels = [
        replace(block, channel=Channel.BATTERY_PERCENT, values=np.arange(5, dtype=np.float32), rate_hz=0.0)
        for block in Band(drift_ppm=400.0).blocks(0.0, 120.0)
    ]
    window = everything(filled(levels), Channel.BATTERY_PERCENT)
    assert window.values.size == 720
    assert (np.diff(window.times_ns) > 0).all()


def test_a_sensor_that_samples_faster_than_it_says_loses_no_sample() -> None:
    """65.3 Hz, declared as 64, in blocks of one second: by the nominal rate each would overlap the next by 20 ms."""
    true_hz = 1.02 * HZ
    blocks = [
        SampleBlock(
            "wrist",
            Channel.PPG,
            ((np.arange(64) + 64 * k) / true_hz).astype(np.float32),
            HZ,
            round((START_S + 64 * (k + 1) / true_hz) * NS_PER_S),
            64 * k / true_hz,
        )
        for k in range(150)
    ]
    window = everything(filled(blocks))
    assert window.values.size >= 150 * 64 - 1  # where the first block ends, the true rate is not known yet
    assert (np.diff(window.times_ns[128:]) > 0.9 * NS_PER_S / true_hz).all()


@pytest.mark.parametrize("step_s", [3600.0, -86_400.0 * 365, 0.4])
def test_a_step_of_the_wall_clock_moves_nothing(step_s: float) -> None:
    """Network time that arrives late: two boxes, one of which is set while it watches."""
    windows = []
    for set_at in (None, 100):
        clock, timeline = VirtualClock(), Timeline()
        for number in range(400):
            clock.advance(0.25)
            if number == set_at:
                clock.step_wall(step_s)
            values = np.full(16, number, np.float32)
            timeline.push(SampleBlock("wrist", Channel.PPG, values, HZ, clock.now_ns(), number * 0.25))
        windows.append(everything(timeline))
    assert np.array_equal(windows[0].times_ns, windows[1].times_ns)
    assert np.array_equal(windows[0].values, windows[1].values)


def test_without_times_a_pause_of_the_radio_is_no_gap() -> None:
    timeline = filled(unstamped(Band().blocks(0.0, 30.0) + queued(30.0, 32.5, 60.0, 1000.0)))
    window = everything(timeline)
    assert window.values.size == 60 * HZ
    assert np.abs(errors_s(window)).max() < 0.01


def test_without_times_a_pause_of_the_stream_is_a_gap_where_it_was() -> None:
    witness = Witness()
    witness.push(unstamped(Band().blocks(0.0, 30.0) + Band().blocks(50.0, 80.0)))
    window = everything(witness.timeline)
    assert window.values.size == 60 * HZ
    assert np.abs(errors_s(window)).max() < 0.01
    assert witness.moved == []


def test_without_times_a_declared_loss_is_a_gap_at_once() -> None:
    after = unstamped(Band().blocks(31.0, 60.0))
    after[0] = replace(after[0], lost_before=64)
    window = everything(filled(unstamped(Band().blocks(0.0, 30.0)) + after))
    gaps_s = [(b - a) / NS_PER_S for a, b in pairwise(window.times_ns.tolist()) if b - a > NS_PER_S // 2]
    assert gaps_s == [pytest.approx(1.0 + 1 / HZ, abs=0.01)]


def test_without_times_an_undeclared_loss_is_found_within_a_minute() -> None:
    """Half a second, silently lost in the band."""
    window = everything(filled(unstamped(Band().blocks(0.0, 60.0) + Band().blocks(60.5, 180.0))))
    errors = errors_s(window)
    assert window.values.size == 179.5 * HZ
    assert np.abs(errors[-60 * 64 :]).max() < 0.02


def test_channels_without_times_are_not_moved_by_the_clock_of_the_others() -> None:
    rate = [
        SampleBlock("wrist", Channel.HEART_RATE_BPM, np.ones(1, np.float32), 0.0, block.arrived_ns)
        for block in Band().blocks(0.0, 30.0)[::4]
    ]
    backlog = [Band().block(number, 3.0 - number * 0.2) for number in range(16)]
    timeline = filled(rate + backlog + Band().blocks(4.0, 30.0))
    times_ns = everything(timeline, Channel.HEART_RATE_BPM).times_ns
    assert times_ns.tolist() == [block.arrived_ns for block in rate]
