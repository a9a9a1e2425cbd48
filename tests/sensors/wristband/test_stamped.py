"""Packets that tell when their last sample was taken: rates that are declared wrongly, losses, and hostile stamps."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.sensors.wristband.stamped import FASTEST_HZ, MOST_HELD, SLOWEST_HZ, StampedChannel
from edge.types import Channel, SampleBlock


def play(
    channel: StampedChannel, rate_hz: float, count: int, packets: int, missing: frozenset[int] = frozenset()
) -> list[SampleBlock]:
    """Packets of `count` samples that are their own running numbers, taken at `rate_hz`."""
    return [
        block
        for number in range(packets)
        if number not in missing
        for block in channel.blocks(
            np.arange(number * count, (number + 1) * count, dtype=np.float32), ((number + 1) * count - 1) / rate_hz, 5
        )
    ]


def pulse(rate_hz: float = 55.0) -> StampedChannel:
    return StampedChannel("wrist", Channel.PPG, rate_hz)


def test_every_sample_has_the_time_at_which_it_was_taken() -> None:
    blocks = play(pulse(), 55.0, 36, 4)
    assert len(blocks) == 4
    for block in blocks:
        assert block.device_s == pytest.approx(float(block.values[0]) / 55.0)
        assert block.lost_before == 0


@pytest.mark.parametrize(("declared_hz", "true_hz"), [(135.0, 55.0), (130.0, 135.0), (25.0, 100.0)])
def test_a_rate_that_is_declared_wrongly_is_measured(declared_hz: float, true_hz: float) -> None:
    blocks = play(pulse(declared_hz), true_hz, 36, 6)
    assert {block.rate_hz for block in blocks} == {true_hz}
    assert sum(len(block.values) for block in blocks) == 6 * 36  # what was held back is not lost


def test_a_crystal_that_is_off_by_a_thousandth_changes_nothing() -> None:
    blocks = play(pulse(), 55.055, 36, 100)
    assert {block.rate_hz for block in blocks} == {55.0}
    assert {block.lost_before for block in blocks} == {0}


def test_packets_that_never_arrived_are_counted() -> None:
    blocks = play(pulse(), 55.0, 36, 10, missing=frozenset({4, 5}))
    assert [block.lost_before for block in blocks] == [0, 0, 0, 0, 72, 0, 0, 0]


def test_a_loss_among_the_first_packets_is_no_other_rate() -> None:
    blocks = play(pulse(), 55.0, 36, 6, missing=frozenset({1}))
    assert {block.rate_hz for block in blocks} == {55.0}
    assert [block.lost_before for block in blocks] == [0, 36, 0, 0, 0]


def test_stamps_that_stand_still_leave_the_declared_rate() -> None:
    channel = pulse()
    values = np.zeros(4, np.float32)
    blocks = [block for _ in range(MOST_HELD) for block in channel.blocks(values, 1.0, 5)]
    assert len(blocks) == MOST_HELD
    assert channel.rate_hz == 55.0


def test_a_clock_that_was_set_is_no_loss() -> None:
    channel = pulse()
    play(channel, 55.0, 36, 4)
    values = np.zeros(36, np.float32)
    assert [channel.blocks(values, last_s, 5)[0].lost_before for last_s in (1e9, 0.0, 36 / 55)] == [0, 0, 0]


@given(st.lists(st.tuples(st.integers(0, 2**62), st.integers(1, 64)), max_size=12))
def test_any_stamps_keep_rate_and_losses_within_bounds(packets: list[tuple[int, int]]) -> None:
    channel = pulse()
    for stamp_ns, count in packets:
        for block in channel.blocks(np.zeros(count, np.float32), stamp_ns / 1e9, 5):
            assert SLOWEST_HZ <= block.rate_hz <= FASTEST_HZ
            assert 0 <= block.lost_before <= 600 * FASTEST_HZ
            assert block.device_s is not None
            assert math.isfinite(block.device_s)
