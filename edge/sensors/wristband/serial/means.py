"""Skin conductance at the rate that it deserves: means of a quarter of a second.

Serial bands sample all channels at the pulse wave's rate. Conductance changes within seconds, and between two samples
at 64 Hz it changes by less than one count of a converter, so that its slope would be nothing but steps and noise. Means
keep what skin can do, and noise of a count or so lets them tell a fraction of one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SLOW_HZ = 4.0
"""Rate of the means, about: that of the Empatica E4, on whose signals the networks were trained; the quickest response
of the skin rises for half a second (Boucsein 2012)."""

WHOLE_SHARE = 0.5
"""Share of its samples that a mean needs."""


@dataclass(frozen=True, slots=True, eq=False)
class Slow:
    """Consecutive means.

    Attributes:
        values: (n,) means.
        device_s: time of the first one's middle on the device's clock, or None where there is none.
        lost_before: means missing before them.
    """

    values: NDArray[np.float64]
    device_s: float | None
    lost_before: int


class Means:
    """Averages one channel over all its blocks.

    Args:
        rate_hz: samples per second of the channel.
    """

    def __init__(self, rate_hz: float) -> None:
        """Nothing has been received yet."""
        self._fast_hz = rate_hz
        self._count = max(1, round(rate_hz / SLOW_HZ))
        self.rate_hz = rate_hz / self._count
        self._lost = 0
        self.restart()

    def restart(self) -> None:
        """Forget what has not become a mean: what follows does not continue it."""
        self._held: NDArray[np.float64] = np.empty(0)
        self._held_s: float | None = None

    def feed(self, values: NDArray[np.float64], device_s: float | None, lost_before: int) -> Iterator[Slow]:
        """Take samples in.

        Args:
            values: (n,) consecutive samples.
            device_s: time of the first one on the device's clock, where there is one.
            lost_before: samples missing before them.

        Yields:
            Runs of means that are complete with them.
        """
        if lost_before >= self._count:
            self._lost += (len(self._held) + lost_before) // self._count
            self.restart()
            lost_before = 0
        if not len(self._held):
            self._held_s, lost_before = device_s, 0
        elif device_s is not None:  # follow the device where its rate is not quite the agreed one
            self._held_s = device_s - (len(self._held) + lost_before) / self._fast_hz
        self._held = np.concatenate((self._held, np.full(lost_before, np.nan), values))
        whole = len(self._held) // self._count
        if not whole:
            return
        groups = self._held[: whole * self._count].reshape(whole, self._count)
        begin_s, self._held = self._held_s, self._held[whole * self._count :]
        if begin_s is not None:
            self._held_s = begin_s + whole * self._count / self._fast_hz
        yield from self._runs(groups, begin_s)

    def _runs(self, groups: NDArray[np.float64], begin_s: float | None) -> Iterator[Slow]:
        good = np.isfinite(groups).mean(axis=1) >= WHOLE_SHARE
        edges = np.flatnonzero(np.diff(np.concatenate(([False], good, [False])).astype(np.int8)))
        seen = 0
        for first, end in zip(edges[::2], edges[1::2], strict=True):
            lost, self._lost = self._lost + int(first) - seen, 0
            seen = int(end)
            middle = first * self._count + (self._count - 1) / 2.0
            at_s = None if begin_s is None else begin_s + middle / self._fast_hz
            yield Slow(np.nanmean(groups[first:end], axis=1), at_s, lost)
        self._lost += len(groups) - seen
