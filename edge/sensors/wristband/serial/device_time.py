"""A band's own time, made whole: counters that wrap are continued, restarts are told apart from wraps."""

from __future__ import annotations

from edge.types import NS_PER_S

AGREE_S = 5.0
"""The band's clock and the box's tell the same pause when they agree within this: more than a transport holds back, and
far less than the shortest counter's turn (512 s)."""

AGREE_SHARE = 0.02
"""The same, as a share of the pause: a microcontroller with a ceramic resonator is off by up to 0.5 %."""


class DeviceTime:
    """Continues one counter.

    Args:
        ticks_per_s: counts per second.
        turn: counts after which it begins at zero again; None for one that never does.
    """

    def __init__(self, ticks_per_s: float, turn: int | None) -> None:
        """Nothing has been read yet."""
        self._ticks_per_s = ticks_per_s
        self._turn = turn
        self._ticks: float | None = None
        self._arrived_ns = 0

    def read(self, ticks: float, arrived_ns: int) -> tuple[float, bool]:
        """Continue the counter.

        Args:
            ticks: what the band's counter shows.
            arrived_ns: when that arrived.

        Returns:
            The band's time in seconds, and whether it follows from the reading before: False for the first one and
            after a restart of the band.
        """
        passed = (arrived_ns - self._arrived_ns) / NS_PER_S * self._ticks_per_s
        self._arrived_ns = arrived_ns
        if self._ticks is None:
            self._ticks = ticks
            return ticks / self._ticks_per_s, False
        step, follows = self._step(ticks - self._ticks, passed)
        self._ticks = self._ticks + step if follows else ticks
        return self._ticks / self._ticks_per_s, follows

    def _step(self, step: float, passed: float) -> tuple[float, bool]:
        """The counts since the reading before, and whether the counter went on meanwhile."""
        slack = AGREE_S * self._ticks_per_s + AGREE_SHARE * passed
        if self._turn is None:
            return step, 0.0 <= step <= passed + slack
        nearest = step + self._turn * round((passed - step) / self._turn)
        if abs(nearest - passed) <= slack:
            return nearest, nearest >= 0.0
        # A transport that was held up delivers late: the counter then went on by less than the box waited.
        late = step % self._turn
        return late, late <= passed + slack
