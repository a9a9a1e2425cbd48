"""Pulse-to-pulse intervals: which become beats, and when they were."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import DecodeError
from edge.sensors.wristband.polar.beats import beat_blocks
from edge.sensors.wristband.polar.frame import PmdFrame, parse_frame
from edge.types import SampleBlock
from tests.peers.polar import ppi_frame

GOOD = (0, 1000, 10, 0b110)
"""One second, well measured, with contact."""
S = 1_000_000_000


def blocks(*intervals: tuple[int, int, int, int], stamp_ns: int = 0) -> list[SampleBlock]:
    return list(beat_blocks("wrist", parse_frame(ppi_frame(*intervals, stamp_ns=stamp_ns)), 5))


def test_good_intervals_are_beats() -> None:
    (block,) = blocks(GOOD, (60, 800, 30, 0))
    assert block.values.tolist() == pytest.approx([1.0, 0.8])
    assert block.device_s is None
    assert block.lost_before == 0


@pytest.mark.parametrize(
    "bad",
    [
        pytest.param((0, 1000, 10, 0b111), id="moved"),
        pytest.param((0, 1000, 10, 0b100), id="no contact"),
        pytest.param((0, 1000, 31, 0b110), id="too uncertain"),
        pytest.param((0, 200, 10, 0b110), id="too short"),
        pytest.param((0, 3001, 10, 0b110), id="too long"),
    ],
)
def test_what_the_sensor_doubts_is_no_beat_but_is_counted(bad: tuple[int, int, int, int]) -> None:
    (block,) = blocks(GOOD, bad, GOOD)
    assert block.values.tolist() == [1.0]
    assert block.lost_before == 2  # without a time, only the run that reaches the end of the frame has a place


def test_with_a_time_every_run_has_its_place() -> None:
    before, after = blocks(GOOD, (0, 2000, 10, 0b111), GOOD, GOOD, stamp_ns=100 * S)
    assert (before.device_s, before.lost_before) == (96.0, 0)
    assert (after.device_s, after.lost_before, len(after.values)) == (99.0, 1, 2)


def test_a_frame_that_ends_badly_and_has_no_time_gives_no_beats() -> None:
    assert blocks(GOOD, (0, 1000, 10, 0b111)) == []


@given(st.binary(max_size=240), st.integers(0, 2**62))
def test_any_bytes_are_possible_beats_or_an_error(content: bytes, stamp_ns: int) -> None:
    try:
        found = list(beat_blocks("wrist", PmdFrame(3, stamp_ns, 0, compressed=False, content=content), 5))
    except DecodeError:
        return
    for block in found:
        assert ((block.values >= 0.25) & (block.values <= 3.0)).all()
        assert block.device_s is None or np.isfinite(block.device_s)
