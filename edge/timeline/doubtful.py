"""Blocks that do not follow the clock: re-sent, queued for long, damaged, or the first of a clock that began anew.

One block cannot tell which. What follows can: a clock that began anew goes *on* from there, at the pace of time; data
that is re-sent comes faster, or stands alone, and the old clock is heard again. Until then the blocks wait.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.types import NS_PER_S, SampleBlock

CONFIRM_S = 3.0
"""Stretch of arrivals over which a new clock must keep pace, seconds: beyond the pauses of 1 to 2 s that a busy radio
makes, short beside the five seconds after which silence counts as a stall."""

PACE = (0.7, 1.25)
"""Device seconds per second of arrivals that count as the pace of time. Jitter of 0.3 s at either end of `CONFIRM_S`
makes 0.8 to 1.2 of a running clock; a backlog that is sent no faster than 1.25 would take minutes to end."""

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
        self._waiting: list[Stamped] = []

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
        released, self._waiting = self._waiting, []
        return released

    def pace(self) -> list[Stamped]:
        """The newest blocks that span `CONFIRM_S` if they keep the pace of time, otherwise none."""
        newest = self._waiting[-1]
        since_ns = newest.block.arrived_ns - round(CONFIRM_S * NS_PER_S)
        first = bisect_right(self._waiting, since_ns, key=lambda item: item.block.arrived_ns) - 1
        if first < 0:
            return []
        oldest = self._waiting[first]
        elapsed_ns = newest.block.arrived_ns - oldest.block.arrived_ns
        device_ns = newest.last_ns - oldest.last_ns
        keeps = PACE[0] * elapsed_ns <= device_ns <= PACE[1] * elapsed_ns
        return self._waiting[first:] if keeps else []
