"""Blocks that do not follow the clock: re-sent, queued for long, damaged, or the first of a clock that began anew.

One block cannot tell which. What follows can: a clock that began anew goes *on* from there, at the pace of time; data
that is re-sent comes faster, or stands alone, and the old clock is heard again. Until then the blocks wait.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.types import NS_PER_S, SampleBlock

CONFIRM_S = 3.0
"""Stretch of arrivals over which a new clock must keep pace, seconds: beyond the pauses of 1 to 2 s that a busy radio
makes, short beside the five seconds after which silence counts as a stall."""

PACE = (0.5, 1.5)
"""Device seconds per second of arrivals that count as the pace of time: a backlog is sent at a multiple of it, and
0.3 s of jitter at either end of `CONFIRM_S` make 0.8 to 1.2."""

INCOHERENT_S = 3.0
"""A block this much later on its own clock than the one before does not continue it, seconds."""

WAITING_AT_MOST = 2048
"""Blocks that wait at most: five minutes of a full band (seven per second), 1 to 2 MB."""


@dataclass(frozen=True, slots=True, eq=False)
class Stamped:
    """A block with the device times of its samples, (n,) nanoseconds."""

    block: SampleBlock
    device_ns: NDArray[np.int64]

    @property
    def last_ns(self) -> int:
        """Device time of the last sample."""
        return int(self.device_ns[-1])

    @property
    def seen_ns(self) -> int:
        """Arrival minus device time."""
        return self.block.arrived_ns - self.last_ns


class Doubtful:
    """The blocks in doubt, in the order of their arrival."""

    def __init__(self) -> None:
        """None yet."""
        self._waiting: deque[Stamped] = deque()

    def __len__(self) -> int:
        """Blocks that wait."""
        return len(self._waiting)

    def continues(self, item: Stamped) -> bool:
        """Whether a block may belong to the same clock as those that wait, and there is room."""
        if not self._waiting:
            return True
        later_ns = item.seen_ns - self._waiting[-1].seen_ns
        return later_ns <= INCOHERENT_S * NS_PER_S and len(self._waiting) < WAITING_AT_MOST

    def add(self, item: Stamped) -> None:
        """Let a block wait."""
        self._waiting.append(item)

    def release(self) -> list[Stamped]:
        """All of them; none waits after."""
        released = list(self._waiting)
        self._waiting.clear()
        return released

    def pace(self) -> list[Stamped]:
        """The newest blocks that span `CONFIRM_S` if they keep the pace of time, otherwise none."""
        newest = self._waiting[-1]
        since_ns = newest.block.arrived_ns - CONFIRM_S * NS_PER_S
        first = next(
            (i for i in range(len(self._waiting) - 1, -1, -1) if self._waiting[i].block.arrived_ns <= since_ns), None
        )
        if first is None:
            return []
        oldest = self._waiting[first]
        pace = (newest.last_ns - oldest.last_ns) / (newest.block.arrived_ns - oldest.block.arrived_ns)
        return list(self._waiting)[first:] if PACE[0] <= pace <= PACE[1] else []
