"""From frames to blocks: device time, and the account of what was lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.sensors.wristband.uart_blocks import BlockBuilder
from edge.sensors.wristband.uart_frame import decode
from edge.timeline import Timeline
from edge.types import NS_PER_S, Channel, SampleBlock
from tests.sensors.wristband.streaming import PPG_HZ, gsr_frame, ppg_frame


def blocks(builder: BlockBuilder, *firsts: int) -> list[SampleBlock]:
    """The blocks of PPG frames that begin with these samples."""
    return [builder.block(decode(ppg_frame(first)), 0) for first in firsts]


def test_lost_frames_are_counted_in_samples() -> None:
    builder = BlockBuilder("wrist")
    assert [block.lost_before for block in blocks(builder, 0, 16, 48, 64)] == [0, 0, 16, 0]
    assert builder.lost_samples == 16


def test_types_are_counted_apart() -> None:
    builder = BlockBuilder("wrist")
    blocks(builder, 0, 16)
    assert builder.block(decode(gsr_frame(0)), 0).lost_before == 0
    assert builder.block(decode(gsr_frame(8)), 0).lost_before == 4


def test_a_repeated_frame_does_not_disturb_the_account() -> None:
    builder = BlockBuilder("wrist")
    assert [block.lost_before for block in blocks(builder, 0, 16, 0, 16, 32)] == [0] * 5
    assert builder.late_frames == 2


def test_an_overtaken_frame_keeps_its_own_time() -> None:
    builder = BlockBuilder("wrist")
    made = blocks(builder, 0, 32, 16, 48)
    assert [block.device_s for block in made] == [0.0, 0.5, 0.25, 0.75]
    assert [block.lost_before for block in made] == [0, 16, 0, 0]


def test_the_sequence_may_wrap() -> None:
    first = 2**16 - 16
    assert [block.lost_before for block in blocks(BlockBuilder("wrist"), first, first + 16, first + 48)] == [0, 0, 16]


def test_the_device_time_may_wrap() -> None:
    first = int(2**32 / 1e6 * PPG_HZ) // 16 * 16
    made = blocks(BlockBuilder("wrist"), first, first + 16, first + 32)
    times = [block.device_s or 0.0 for block in made]
    assert times[2] - times[0] == pytest.approx(0.5, abs=1e-5)


def test_a_band_that_began_anew_has_lost_nothing() -> None:
    builder = BlockBuilder("wrist")
    made = blocks(builder, 64_000, 64_016, 0, 16)
    assert [block.lost_before for block in made] == [0, 0, 0, 0]


@given(st.lists(st.integers(0, 10), min_size=1, max_size=60))
def test_no_order_of_arrival_moves_or_doubles_a_sample(order: list[int]) -> None:
    """Frames repeated, overtaken and lost in any way: every sample that arrived is there once, at its time."""
    builder, timeline = BlockBuilder("wrist"), Timeline()
    for number in order:
        arrived_ns = 103 * NS_PER_S  # all at once: eleven frames make 2.75 s
        timeline.push(builder.block(decode(ppg_frame(number * 16)), arrived_ns))
    newest_ns = timeline.newest_ns("wrist", Channel.PPG)
    assert newest_ns is not None
    window = timeline.window("wrist", Channel.PPG, newest_ns + 1, 60.0)
    assert window is not None
    expected = [16.0 * number + sample for number in sorted(set(order)) for sample in range(16)]
    assert window.values.tolist() == expected
    assert window.times_ns.tolist() == pytest.approx(
        [window.times_ns[0] + (v - expected[0]) / PPG_HZ * 1e9 for v in expected], abs=2e3
    )
