"""Joining blocks that follow each other without a gap.

Bluetooth delivers in bursts, one per connection event, and some bands put a single sample into each notification. What
arrives within a moment is therefore handed on as one block, which costs the timeline as much as one small block does.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from edge.types import Channel, SampleBlock

GATHER_S = 0.05
"""How long a notification waits for others: about the longest usual connection interval (50 ms in Linux), so that it
gathers a burst or two, and far below the second between two judgements. Against 20 ms it saves a tenth of the work."""

AGREE_S = 0.001
"""How far a block's own time may be from that which its run gives it. A band's true rate is never quite the declared
one, so long runs are parted; a millisecond is a twentieth of the alignment that is asked of the timeline (20 ms)."""


def joined(blocks: Iterable[SampleBlock]) -> list[SampleBlock]:
    """The blocks with each unbroken run of one channel as one block, in the order in which the runs began.

    A run takes the arrival of its last piece, since its last sample and that arrival belong together. Irregular
    channels, blocks without device time, and blocks before which samples are missing are not joined to what was before.
    """
    runs: list[_Run] = []
    newest: dict[Channel, _Run] = {}
    for block in blocks:
        run = newest.get(block.channel)
        if run is None or not run.take(block):
            newest[block.channel] = run = _Run(block)
            runs.append(run)
    return [run.joined() for run in runs]


class _Run:
    """Blocks of one channel without a gap between them."""

    def __init__(self, first: SampleBlock) -> None:
        self._pieces = [first]
        self._samples = len(first.values)

    def take(self, block: SampleBlock) -> bool:
        """Append the block if it follows; whether it did."""
        first = self._pieces[0]
        if not block.rate_hz or block.rate_hz != first.rate_hz or block.lost_before:
            return False
        if block.device_s is None or first.device_s is None:
            return False
        if abs(block.device_s - first.device_s - self._samples / first.rate_hz) > AGREE_S:
            return False
        self._pieces.append(block)
        self._samples += len(block.values)
        return True

    def joined(self) -> SampleBlock:
        """The run as one block."""
        first, last = self._pieces[0], self._pieces[-1]
        if first is last:
            return first
        values = np.concatenate([piece.values for piece in self._pieces])
        return replace(first, values=values, arrived_ns=last.arrived_ns)
