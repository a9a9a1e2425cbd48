"""Where device times lie on the box's clock: a rising, piecewise straight function that is only ever extended."""

from __future__ import annotations

from collections import deque

import numpy as np
from numpy.typing import NDArray

from edge.types import NS_PER_S

Times = NDArray[np.int64]

KNOT_S = 1.0
"""Shortest piece, seconds of device time: the line that it follows changes once per second."""

KEEP_S = 200.0
"""Device time over which the pieces are remembered, seconds: a little more than the timeline's history, so that
whatever fills a gap in it lands where it would have landed in time."""


class Mapping:
    """From device nanoseconds to box nanoseconds.

    What was mapped once is mapped alike ever after: a repeated block falls on itself and a late one into its gap.

    Args:
        device_ns, box_ns: the newest sample so far, on both clocks.
        slope: box seconds per device second, less one.
    """

    def __init__(self, device_ns: int, box_ns: int, slope: float) -> None:
        """Begin with one straight line."""
        self._knots: deque[tuple[int, int]] = deque([(device_ns, box_ns)])
        self._first_slope = slope
        self._slope = slope
        self.head_ns = device_ns

    def at(self, device_ns: int) -> int:
        """The box time of one device time that is not before the newest knot; earlier ones only about."""
        knot, box = self._knots[-1]
        return box + (device_ns - knot) + round((device_ns - knot) * self._slope)

    def times(self, device_ns: Times) -> Times:
        """Box times of device times, (n,) to (n,)."""
        knot, box = self._knots[-1]
        ahead = device_ns - knot
        placed = np.asarray(box + ahead + np.rint(ahead * self._slope).astype(np.int64), np.int64)
        if len(self._knots) > 1 and ahead.min() < 0:
            # Differences between the clocks, not times, so that doubles lose nothing.
            knots = np.array([each - knot for each, _ in self._knots], np.float64)
            offsets = np.array([each_box - each for each, each_box in self._knots], np.int64)
            between = (
                np.interp(ahead, knots, offsets - offsets[0]) + np.minimum(0, ahead - knots[0]) * self._first_slope
            )
            early = ahead < 0
            placed[early] = device_ns[early] + offsets[0] + np.rint(between[early]).astype(np.int64)
        return placed

    def turns_at(self, device_ns: int) -> bool:
        """Whether reaching `device_ns` completes a piece, so that another slope may follow the newest sample."""
        return device_ns > self.head_ns and device_ns - self._knots[-1][0] >= KNOT_S * NS_PER_S

    def turn(self, slope: float) -> None:
        """Go on with another slope after the newest sample."""
        if self.head_ns > self._knots[-1][0]:
            self._knots.append((self.head_ns, self.at(self.head_ns)))
        self._slope = slope
        while self.head_ns - self._knots[0][0] > KEEP_S * NS_PER_S and len(self._knots) > 1:
            first, second = self._knots.popleft(), self._knots[0]
            if second[0] - first[0] > 1:  # not the two sides of a jump
                self._first_slope = (second[1] - first[1]) / (second[0] - first[0]) - 1.0

    def jump(self, delta_ns: int, slope: float) -> None:
        """Go on `delta_ns` > 0 later right after the newest sample, with this slope."""
        self.turn(slope)
        self._knots.append((self.head_ns + 1, self.at(self.head_ns) + 1 + delta_ns))

    def shift(self, delta_ns: int) -> None:
        """Move everything."""
        self._knots = deque((device, box + delta_ns) for device, box in self._knots)
