"""Recorded EmotiBit sessions: a real one, damaged ones, and the pace."""

from __future__ import annotations

import logging
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from edge.biosignal.estimator import BiosignalEstimator
from edge.biosignal.grid import on_grid
from edge.biosignal.stream.whole import seconds_of
from edge.bundle import Bundle
from edge.clock import VirtualClock, run
from edge.errors import DecodeReason, SensorError, SensorReason
from edge.sensors.wristband.emotibit.recording import EmotiBitPlayer, EmotiBitRecording
from edge.timeline import Timeline
from edge.types import NS_PER_S, Channel, Modality, SampleBlock


def player(file: Path, clock: VirtualClock, pace: str = "fast", start_s: float = 0.0) -> EmotiBitPlayer:
    config = EmotiBitRecording.model_validate(
        {"driver": "emotibit_recording", "name": "arm", "file": file, "pace": pace, "start_s": start_s}
    )
    return EmotiBitPlayer(config, clock)


def play(driver: EmotiBitPlayer, clock: VirtualClock) -> list[SampleBlock]:
    async def collect() -> list[SampleBlock]:
        return [block async for block in driver.stream()]

    return run(clock, collect())


@pytest.fixture(scope="module")
def real(shared: Path) -> list[SampleBlock]:
    """A real session of 73.7 s."""
    (file,) = (shared / "vectors/emotibit").glob("*.csv")
    clock = VirtualClock()
    driver = player(file, clock)
    blocks = play(driver, clock)
    assert not driver.damage.counts
    return blocks


@pytest.fixture
def timeline(real: list[SampleBlock]) -> Timeline:
    placed = Timeline()
    for block in real:
        placed.push(block)
    return placed


def test_every_sample_of_a_real_session_is_there_at_its_rate(real: list[SampleBlock]) -> None:
    """Counted in the file by tag: 1829 of PI, 1098 of EA, 1821 of AX, 74 of HR and BI, 549 of TH, 14 of B%."""
    counts: Counter[tuple[Channel, float]] = Counter()
    for block in real:
        counts[block.channel, block.rate_hz] += len(block.values)
    assert counts == {
        (Channel.PPG, 25.0): 1829,
        (Channel.GSR_US, 15.0): 1098,
        (Channel.ACC_G, 25.0): 1821,
        (Channel.HEART_RATE_BPM, 0.0): 74,
        (Channel.IBI_S, 0.0): 74,
        (Channel.SKIN_TEMPERATURE_C, 0.0): 549,
        (Channel.BATTERY_PERCENT, 0.0): 14,
    }


@pytest.mark.parametrize(
    ("channel", "low", "high"),
    [
        (Channel.GSR_US, 1.0, 1.9),
        (Channel.HEART_RATE_BPM, 50.0, 80.0),
        (Channel.IBI_S, 0.65, 1.3),
        (Channel.SKIN_TEMPERATURE_C, 31.0, 33.0),
    ],
)
def test_a_real_session_is_within_what_a_person_can_be(
    timeline: Timeline, channel: Channel, low: float, high: float
) -> None:
    newest_ns = timeline.newest_ns("arm", channel)
    assert newest_ns is not None
    window = timeline.window("arm", channel, newest_ns + 1, 60.0)
    assert window is not None
    assert window.coverage > 0.98
    assert low < window.values.min() < window.values.max() < high


def test_the_pulse_of_a_real_session_beats_as_the_emotibit_itself_says(timeline: Timeline) -> None:
    """Heart rate of the stream in the infrared light against the EmotiBit's intervals of the same eight seconds.

    Measured when this was written: median difference 0.9, 95th percentile 4.1 per minute; signal quality 0.97.
    """
    newest_ns = timeline.newest_ns("arm", Channel.PPG)
    assert newest_ns is not None
    light, moved = (timeline.window("arm", channel, newest_ns, 60.0) for channel in (Channel.PPG, Channel.ACC_G))
    assert light is not None
    assert moved is not None
    even = on_grid(light, newest_ns, 60.0)
    acc_g = on_grid(moved, newest_ns, 60.0).values
    rows = seconds_of(np.where(even.present, even.values, np.nan), even.rate_hz, acc_g)
    differences, qualities = [], []
    for row in rows[29::5]:
        end_ns = newest_ns - round((rows[-1].end_s - row.end_s + 1.0) * NS_PER_S)
        beats = timeline.window("arm", Channel.IBI_S, end_ns, 8.0)
        assert beats is not None
        qualities.append(row.quality)
        differences.append(abs(row.heart_rate_bpm - 60.0 / float(np.mean(beats.values))))
    assert np.mean(qualities) > 0.7
    assert np.median(differences) < 3.0


@pytest.mark.models
def test_a_real_session_is_evidence_of_pulse_and_skin(real: list[SampleBlock]) -> None:
    """As the daemon does it, a step per second. Quality at the end when this was written: pulse 0.95, skin 0.94."""
    estimator, placed, waiting = BiosignalEstimator(Bundle.load()), Timeline(), list(reversed(real))
    for second in range(1, 71):
        now_ns = second * NS_PER_S
        while waiting and waiting[-1].arrived_ns <= now_ns:
            placed.push(waiting.pop())
        windows = {
            channel: window
            for channel in Channel
            if (window := placed.window("arm", channel, now_ns, estimator.window_s)) is not None
        }
        estimates = {estimate.modality: estimate.quality for estimate in estimator.step(now_ns, windows)}
    assert set(estimates) == {Modality.PPG, Modality.GSR}
    assert min(estimates.values()) > 0.7


def written(folder: Path, *lines: str) -> Path:
    file = folder / "session.csv"
    file.write_text("".join(line + "\n" for line in lines))
    return file


def seconds(count: int, first_ms: int = 1000) -> list[str]:
    """A conductance of fifteen samples a second, valued by its number, a packet per second."""
    return [
        f"{first_ms + 1000 * n},{n},15,EA,1,100," + ",".join(f"{(15 * n + k) / 1000}" for k in range(15))
        for n in range(count)
    ]


def test_the_recorded_pace_is_kept(tmp_path: Path) -> None:
    clock = VirtualClock()
    blocks = play(player(written(tmp_path, *seconds(10)), clock, "recorded"), clock)
    assert len(blocks) == 10
    assert clock.now_ns() == 9 * NS_PER_S
    assert blocks[-1].arrived_ns == 9 * NS_PER_S


def test_the_beginning_can_be_skipped(tmp_path: Path) -> None:
    clock = VirtualClock()
    blocks = play(player(written(tmp_path, *seconds(10)), clock, "recorded", start_s=7.0), clock)
    assert [block.device_s for block in blocks] == pytest.approx([8 - 14 / 15, 9 - 14 / 15, 10 - 14 / 15])
    assert clock.now_ns() == 2 * NS_PER_S


def test_damage_costs_only_its_line_and_is_told_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    lines = seconds(6)
    lines[3] = lines[3][:40]
    clock = VirtualClock()
    driver = player(written(tmp_path, *lines, "garbage", "x" * 5000), clock)
    with caplog.at_level(logging.WARNING):
        blocks = play(driver, clock)
    assert [block.lost_before for block in blocks] == [0, 0, 0, 15, 0]
    assert driver.damage.counts[DecodeReason.SHORT] >= 2
    assert len(caplog.records) == 1


def test_a_file_that_is_not_there_is_told_with_its_key(tmp_path: Path) -> None:
    clock = VirtualClock()
    with pytest.raises(SensorError, match="correct `file`") as raised:
        play(player(tmp_path / "no.csv", clock), clock)
    assert (raised.value.reason, raised.value.retryable) == (SensorReason.NOT_FOUND, False)


def test_a_folder_is_no_recording(tmp_path: Path) -> None:
    clock = VirtualClock()
    with pytest.raises(SensorError, match="cannot be read") as raised:
        play(player(tmp_path, clock), clock)
    assert raised.value.reason is SensorReason.UNREADABLE


def test_a_file_of_something_else_is_empty(tmp_path: Path) -> None:
    clock = VirtualClock()
    with pytest.raises(SensorError, match="choose the file from its memory card") as raised:
        play(player(written(tmp_path, "timestamp,value", "1,2"), clock), clock)
    assert (raised.value.reason, raised.value.retryable) == (SensorReason.EMPTY, False)
