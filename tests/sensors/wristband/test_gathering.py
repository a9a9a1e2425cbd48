"""Blocks that arrive together are handed on together, where nothing is missing between them."""

from __future__ import annotations

import numpy as np
import pytest

from edge.sensors.wristband.gathering import joined
from edge.types import Channel, SampleBlock

RATE_HZ = 64.0


def piece(
    first: int,
    *,
    channel: Channel = Channel.PPG,
    rate_hz: float = RATE_HZ,
    device_s: float | None = None,
    lost: int = 0,
    arrived_ns: int = 0,
) -> SampleBlock:
    """Four samples, `first` and on, whose device time follows from their number."""
    shape = (4, 3) if channel is Channel.ACC_G else (4,)
    values = np.broadcast_to(np.arange(first, first + 4, dtype=np.float32).reshape(4, *(1,) * (len(shape) - 1)), shape)
    moment_s = first / RATE_HZ if device_s is None else device_s
    return SampleBlock("wrist", channel, values, rate_hz, arrived_ns, moment_s, lost)


def test_a_run_becomes_one_block_with_the_time_of_its_first_sample_and_the_arrival_of_its_last() -> None:
    (block,) = joined([piece(64, arrived_ns=1, lost=7), piece(68, arrived_ns=2), piece(72, arrived_ns=3)])
    assert block.values.tolist() == list(range(64, 76))
    assert (block.device_s, block.arrived_ns, block.lost_before) == (1.0, 3, 7)


def test_channels_are_joined_each_for_itself_in_the_order_in_which_they_began() -> None:
    acc = Channel.ACC_G
    blocks = joined([piece(0), piece(0, channel=acc), piece(4), piece(4, channel=acc)])
    assert [(block.channel, block.values.shape) for block in blocks] == [(Channel.PPG, (8,)), (acc, (8, 3))]


@pytest.mark.parametrize(
    "second",
    [
        pytest.param(piece(8, lost=4), id="samples-missing"),
        pytest.param(piece(0), id="sent-twice"),
        pytest.param(piece(8), id="a-gap-that-nobody-tells"),
        pytest.param(piece(4, rate_hz=32.0), id="another-rate"),
        pytest.param(piece(4, device_s=4 / RATE_HZ + 0.002), id="another-time"),
        pytest.param(piece(4, rate_hz=0.0), id="irregular"),
    ],
)
def test_what_does_not_follow_stays_a_block_of_its_own(second: SampleBlock) -> None:
    assert [block.values[0] for block in joined([piece(0), second])] == [0.0, second.values[0]]


def test_blocks_without_device_time_are_left_alone() -> None:
    bare = SampleBlock("wrist", Channel.PPG, np.zeros(4, np.float32), RATE_HZ, 0)
    assert joined([bare, bare]) == [bare, bare]


def test_a_band_slower_than_it_says_is_never_placed_more_than_a_millisecond_off() -> None:
    true_hz = RATE_HZ * (1 - 300e-6)  # worse than any crystal
    pieces = [piece(first, device_s=first / true_hz) for first in range(0, 4000, 4)]
    blocks = joined(pieces)
    placed_s = [(block.device_s or 0.0) + k / RATE_HZ for block in blocks for k in range(len(block.values))]
    assert 1 < len(blocks) < len(pieces) / 20
    assert max(abs(told - number / true_hz) for number, told in enumerate(placed_s)) < 1.1e-3
