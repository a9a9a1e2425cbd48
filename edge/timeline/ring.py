"""The newest samples of one channel, in time order, in bounded memory."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Times = NDArray[np.int64]
Values = NDArray[np.float32]
Periods = NDArray[np.float32]

EARLIEST_NS = int(np.iinfo(np.int64).min) // 2
"""Before every time (a backlog may have been measured before the box was switched on), with room for differences."""

LATEST_NS = -EARLIEST_NS
"""After every time."""


class Ring:
    """At most `capacity` samples with strictly rising times.

    The arrays have room for twice the capacity; when they are full the newest half moves to the front, so that
    appending costs O(1) on average and a window is one slice.

    Args:
        capacity: samples kept.
        axes: 0 for scalar samples, otherwise the length of each sample's vector.
    """

    def __init__(self, capacity: int, axes: int = 0) -> None:
        """Allocate once."""
        self._capacity = capacity
        self._times: Times = np.empty(2 * capacity, np.int64)
        self._values: Values = np.empty((2 * capacity, axes) if axes else 2 * capacity, np.float32)
        self._periods: Periods = np.empty(2 * capacity, np.float32)
        self._begin = 0
        self._end = 0

    def __len__(self) -> int:
        """Samples held."""
        return self._end - self._begin

    @property
    def newest_ns(self) -> int | None:
        """Time of the newest sample, or None while empty."""
        return int(self._times[self._end - 1]) if self._end > self._begin else None

    def grown(self, capacity: int) -> Ring:
        """This ring, or where it keeps fewer than `capacity` samples a larger one with what is held."""
        if capacity <= self._capacity:
            return self
        larger = Ring(capacity, self._values.shape[1] if self._values.ndim == 2 else 0)
        larger._put(*self.between(EARLIEST_NS, LATEST_NS))
        return larger

    def append(self, times: Times, values: Values, period_s: float) -> None:
        """Add samples that are all newer than what is held, times strictly rising, each standing for `period_s`."""
        self._put(times, values, np.full(len(times), period_s, np.float32))

    def _put(self, times: Times, values: Values, periods: Periods) -> None:
        times, values, periods = times[-self._capacity :], values[-self._capacity :], periods[-self._capacity :]
        count = len(times)
        if self._end + count > len(self._times):
            self._compact(self._capacity - count)
        self._times[self._end : self._end + count] = times
        self._values[self._end : self._end + count] = values
        self._periods[self._end : self._end + count] = periods
        self._end += count
        self._begin = max(self._begin, self._end - self._capacity)

    def merge(self, times: Times, values: Values, period_s: float, apart_ns: int) -> int:
        """Add late samples where nothing is yet; those nearer than `apart_ns` to a held one are duplicates.

        Returns:
            The number of samples that were new.
        """
        held = self._times[self._begin : self._end]
        after = np.searchsorted(held, times)
        padded = np.concatenate(([EARLIEST_NS], held, [LATEST_NS]))
        fresh = (times - padded[after] >= apart_ns) & (padded[after + 1] - times >= apart_ns)
        if not fresh.any():
            return 0
        # Rare (a block that was overtaken), so rebuilding the ring is affordable.
        all_times = np.concatenate((held, times[fresh]))
        all_values = np.concatenate((self._values[self._begin : self._end], values[fresh]))
        added = np.full(len(times[fresh]), period_s, np.float32)
        all_periods = np.concatenate((self._periods[self._begin : self._end], added))
        order = np.argsort(all_times, kind="stable")
        self._begin = self._end = 0
        self._put(all_times[order], all_values[order], all_periods[order])
        return int(fresh.sum())

    def move_since(self, start_ns: int, delta_ns: int) -> None:
        """Move the samples from `start_ns` on by `delta_ns` <= 0; those that would reach older ones are dropped."""
        first = self._begin + int(np.searchsorted(self._times[self._begin : self._end], start_ns))
        floor_ns = self._times[first - 1] if first > self._begin else np.iinfo(np.int64).min
        moved = self._times[first : self._end] + delta_ns
        keep = moved > floor_ns
        kept = int(keep.sum())
        self._values[first : first + kept] = self._values[first : self._end][keep]
        self._periods[first : first + kept] = self._periods[first : self._end][keep]
        self._times[first : first + kept] = moved[keep]
        self._end = first + kept

    def between(self, start_ns: int, end_ns: int) -> tuple[Times, Values, Periods]:
        """Copies of the samples in [start_ns, end_ns): times, values, and the seconds that each stands for."""
        held = self._times[self._begin : self._end]
        low, high = (self._begin + int(i) for i in np.searchsorted(held, (start_ns, end_ns)))
        return self._times[low:high].copy(), self._values[low:high].copy(), self._periods[low:high].copy()

    def _compact(self, keep: int) -> None:
        first = max(self._begin, self._end - keep)
        count = self._end - first
        self._times[:count] = self._times[first : self._end].copy()
        self._values[:count] = self._values[first : self._end].copy()
        self._periods[:count] = self._periods[first : self._end].copy()
        self._begin, self._end = 0, count
