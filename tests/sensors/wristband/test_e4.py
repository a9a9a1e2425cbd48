"""Recorded Empatica E4 sessions as a wristband."""

from __future__ import annotations

import logging
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.clock import VirtualClock, run
from edge.errors import DecodeError, SensorError, SensorReason
from edge.sensors.wristband.e4 import E4, E4Recording
from edge.sensors.wristband.e4_csv import parse_intervals, parse_regular
from edge.timeline import Timeline
from edge.types import NS_PER_S, Channel, SampleBlock

START = 1_644_227_574


def csv(rate_hz: float, rows: list[str], start_s: int = START) -> str:
    """A regular file of one column."""
    return "\n".join([f"{start_s}.000000", f"{rate_hz:.6f}", *rows]) + "\n"


def numbered(count: int) -> list[str]:
    """Rows valued by their number."""
    return [f"{index}.00" for index in range(count)]


@pytest.fixture
def session(tmp_path: Path) -> Path:
    """Ten seconds of every channel, each sample valued by its number."""
    acc = [f"{index},0,64" for index in range(320)]
    (tmp_path / "BVP.csv").write_text(csv(64, numbered(640)))
    (tmp_path / "EDA.csv").write_text(csv(4, numbered(40)))
    (tmp_path / "ACC.csv").write_text("\n".join([f"{START}.0, {START}.0, {START}.0", "32.0, 32.0, 32.0", *acc]) + "\n")
    (tmp_path / "TEMP.csv").write_text(csv(4, numbered(40)))
    (tmp_path / "HR.csv").write_text(csv(1, numbered(5), START + 5))
    (tmp_path / "IBI.csv").write_text(f"{START}.000000, IBI\n2.500000,0.800000\n3.250000,0.750000\n8.000000,0.900000\n")
    return tmp_path


def play(folder: Path, pace: str = "recorded", start_s: float = 0.0) -> tuple[list[SampleBlock], VirtualClock]:
    """All blocks of a session, and the clock they were played on."""
    clock = VirtualClock()
    clock.advance(100.0)
    config = E4Recording.model_validate(
        {"driver": "e4_recording", "name": "e4", "folder": folder, "pace": pace, "start_s": start_s}
    )

    async def collect() -> list[SampleBlock]:
        return [block async for block in E4(config, clock).stream()]

    return run(clock, collect()), clock


def values(blocks: list[SampleBlock], channel: Channel) -> list[float]:
    """Every scalar sample of a channel, in the order it came."""
    return [float(value) for block in blocks if block.channel is channel for value in block.values]


def test_every_channel_is_played_whole_and_in_order(session: Path) -> None:
    blocks, _ = play(session)
    assert values(blocks, Channel.PPG) == list(range(640))
    assert values(blocks, Channel.GSR_US) == list(range(40))
    assert values(blocks, Channel.SKIN_TEMPERATURE_C) == list(range(40))
    assert values(blocks, Channel.HEART_RATE_BPM) == list(range(5))
    assert values(blocks, Channel.IBI_S) == pytest.approx([0.8, 0.75, 0.9])
    assert [block.arrived_ns for block in blocks] == sorted(block.arrived_ns for block in blocks)


def test_acceleration_is_in_standard_gravities(session: Path) -> None:
    blocks, _ = play(session)
    acc = np.concatenate([block.values for block in blocks if block.channel is Channel.ACC_G])
    assert acc.shape == (320, 3)
    assert acc[64].tolist() == [1.0, 0.0, 1.0]


def test_the_recorded_pace_is_kept(session: Path) -> None:
    blocks, clock = play(session)
    assert clock.now_ns() == 110 * NS_PER_S
    assert blocks[0].arrived_ns == 101 * NS_PER_S


def test_the_fast_pace_takes_no_time_and_keeps_the_times(session: Path) -> None:
    recorded, _ = play(session)
    fast, clock = play(session, "fast")
    assert clock.now_ns() == 100 * NS_PER_S
    assert [(b.channel, b.arrived_ns, b.device_s) for b in fast] == [
        (b.channel, b.arrived_ns, b.device_s) for b in recorded
    ]


def test_the_beginning_can_be_skipped(session: Path) -> None:
    blocks, clock = play(session, start_s=7.5)
    assert values(blocks, Channel.PPG) == list(range(480, 640))
    assert clock.now_ns() == 103 * NS_PER_S


def test_channels_that_began_at_different_times_stay_aligned(session: Path) -> None:
    blocks, _ = play(session)
    timeline = Timeline()
    for block in blocks:
        timeline.push(block)
    rate = timeline.window("e4", Channel.HEART_RATE_BPM, 200 * NS_PER_S, 100.0)
    beats = timeline.window("e4", Channel.IBI_S, 200 * NS_PER_S, 100.0)
    assert rate is not None
    assert beats is not None
    latest_s = 100.0 + 1 / 64  # what arrives latest of a block is its last PPG sample
    assert rate.times_ns[0] / NS_PER_S == pytest.approx(latest_s + 5.0, abs=0.001)
    assert (beats.times_ns / NS_PER_S).tolist() == pytest.approx([latest_s + at for at in (2.5, 3.25, 8.0)], abs=0.001)


def test_skin_conductance_alone_is_enough(session: Path) -> None:
    for file in session.iterdir():
        if file.name != "EDA.csv":
            file.unlink()
    blocks, _ = play(session)
    assert {block.channel for block in blocks} == {Channel.GSR_US}
    assert len(values(blocks, Channel.GSR_US)) == 40


@pytest.mark.parametrize(
    ("text", "kept", "told"),
    [
        (csv(64, numbered(100))[:-3], 99, "line 102: the file is cut off"),
        (csv(64, [*numbered(50), "abc", "1.0"]), 50, "line 53: 'abc' is not 1 number"),
        (csv(64, [*numbered(50), "", "1.0"]), 50, "line 53"),
        (csv(64, [*numbered(50), "nan"]), 50, "line 53"),
        (csv(64, [*numbered(50), "1.0,2.0"]), 50, "line 53"),
        (csv(64, [*numbered(50), "\0\0\0\0"]), 50, "line 53"),
    ],
)
def test_a_damaged_file_is_used_up_to_the_damage(
    session: Path, caplog: pytest.LogCaptureFixture, text: str, kept: int, told: str
) -> None:
    (session / "BVP.csv").write_text(text)
    blocks, _ = play(session)
    assert values(blocks, Channel.PPG) == list(range(kept))
    assert values(blocks, Channel.GSR_US) == list(range(40))
    warnings = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert len(warnings) == 1
    assert "BVP.csv" in warnings[0]
    assert told in warnings[0]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        f"{START}.0\n",
        f"{START}.0\n64.0\n",
        f"{START}.0\n0.0\n1.0\n",
        "time\n64\n1\n",
        f"{START}.0\n6",
        "1.0\n64.0\n1.0\n",
    ],
)
def test_a_file_without_a_usable_sample_does_not_silence_the_others(
    session: Path, caplog: pytest.LogCaptureFixture, text: str
) -> None:
    (session / "BVP.csv").write_text(text)
    blocks, _ = play(session)
    assert values(blocks, Channel.PPG) == []
    assert values(blocks, Channel.GSR_US) == list(range(40))
    assert "BVP.csv" in caplog.text


def test_impossible_beats_are_damage(session: Path, caplog: pytest.LogCaptureFixture) -> None:
    (session / "IBI.csv").write_text(f"{START}.0, IBI\n2.5,0.8\n1e9,0.8\n")
    blocks, _ = play(session)
    assert len(values(blocks, Channel.IBI_S)) == 1
    assert "line 3" in caplog.text


def test_a_folder_without_evidence_is_empty(session: Path) -> None:
    for name in ("BVP.csv", "EDA.csv", "HR.csv", "IBI.csv"):
        (session / name).write_text(f"{START}.0\n")
    with pytest.raises(SensorError, match="export the session anew") as raised:
        play(session)
    assert raised.value.reason is SensorReason.EMPTY
    assert not raised.value.retryable


def test_a_missing_folder_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(SensorError, match="correct `folder`") as raised:
        play(tmp_path / "nowhere")
    assert raised.value.reason is SensorReason.NOT_FOUND


def test_a_start_behind_the_end_says_how_long_the_recording_is(session: Path) -> None:
    with pytest.raises(SensorError, match="ends after 10 s"):
        play(session, start_s=60.0)


@given(st.text(alphabet="0123456789.,-en \n\r\0", max_size=200), st.sampled_from((1, 3)))
def test_any_text_gives_a_table_or_a_decode_error(text: str, columns: int) -> None:
    for parse in (partial(parse_regular, text, columns), partial(parse_intervals, text)):
        try:
            table = parse()
        except DecodeError:
            continue
        assert np.isfinite(table.rows).all()


def test_a_real_session_is_played_whole(shared: Path) -> None:
    folder = shared / "data" / "stress-predict" / "Raw_data" / "S02"
    blocks, _ = play(folder, "fast")
    lines = (folder / "BVP.csv").read_text().splitlines()
    assert len(values(blocks, Channel.PPG)) == len(lines) - 2
    assert values(blocks, Channel.PPG)[-1] == pytest.approx(float(lines[-1]))
