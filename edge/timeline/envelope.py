"""The line under all arrivals: offset and drift of a device's clock, seen from one side only.

A block cannot arrive before it was measured, so `arrival - device time` is a straight line (offset and drift of the
two crystals) plus a delay that is never negative. The fit is the line below all points that leaves the least delay to
explain, which is the maximum-likelihood line for exponential delays (Moon, Skelly & Towsley, INFOCOM 1999, solved
there by linear programming). A Gaussian prior on the drift is added, because over the first minute the delays of a
radio say less about a crystal than its data sheet does. Only the lower convex hull of the points can touch the line,
so only hulls are kept.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from itertools import pairwise

from edge.types import NS_PER_S

Point = tuple[float, float]
"""Device time and arrival minus device time, seconds since the first point."""

BUCKET_S = 1.0
"""One point per second of device time, its earliest arrival: a burst of queued notifications is one observation, not
many, and a fast band costs no more than a slow one."""

CHUNK_BUCKETS = 20
"""Points per hull. Whole hulls are forgotten, so this is the grain of forgetting, seconds."""

MEMORY_S = 600.0
"""Device time that the line rests on, seconds. Ten minutes tell 5 ppm apart under 270 ms of jitter; a watch crystal
that warms from a drawer to a wrist (20 to 33 degrees) changes by 6 ppm (0.034 ppm per square degree about 25), which
bends the line by less than 2 ms meanwhile."""

LEAST_POINTS = 60
"""Old points are not forgotten before there are this many newer ones: after a long silence the old line is better than
the delay of one block."""

PRIOR_JITTER = (0.05, 10)
"""Mean delay that is assumed before it has been seen, seconds, and how many points that assumption is worth: without
it two prompt blocks would seem to measure the drift."""


@dataclass(frozen=True, slots=True)
class DriftPrior:
    """What is known of a clock before it has been watched.

    Attributes:
        sigma: standard deviation of the drift, seconds per second.
        limit: largest drift that is believed.
    """

    sigma: float
    limit: float


@dataclass(frozen=True, slots=True)
class Line:
    """The fit: `arrival - device time` of a block without queueing.

    Attributes:
        device_ns, seen_ns: a point of the line.
        drift: slope, seconds per second; positive where the device's clock is slow.
        jitter_s: mean height of the points above the line, seconds.
    """

    device_ns: int
    seen_ns: int
    drift: float = 0.0
    jitter_s: float = 0.0

    def at(self, device_ns: int) -> int:
        """Arrival minus device time on the line, nanoseconds."""
        return self.seen_ns + round((device_ns - self.device_ns) * self.drift)


@dataclass(slots=True)
class _Chunk:
    """The lower hull of some consecutive points, and their sums."""

    index: int
    hull: list[Point] = field(default_factory=list[Point])
    count: int = 0
    device_sum: float = 0.0
    seen_sum: float = 0.0

    def add(self, point: Point) -> None:
        _extend(self.hull, point)
        self.count += 1
        self.device_sum += point[0]
        self.seen_sum += point[1]

    def with_later(self, other: _Chunk) -> _Chunk:
        """Both together; neither changes."""
        both = _Chunk(
            other.index,
            self.hull.copy(),
            self.count + other.count,
            self.device_sum + other.device_sum,
            self.seen_sum + other.seen_sum,
        )
        for vertex in other.hull:
            _extend(both.hull, vertex)
        return both


class Envelope:
    """The running fit for one device.

    Adding a point costs O(1) amortised; a new fit, due once per second of device time or when a point lies under the
    line, walks the vertices of the joint hull (about 20). Memory: at most `MEMORY_S / BUCKET_S + LEAST_POINTS` points,
    in practice a sixth of that.

    Args:
        device_ns, seen_ns: the first point.
        prior: what is known of the drift.
        expected_drift: centre of that knowledge, 0 or what an earlier run of the same crystal has shown.
    """

    def __init__(self, device_ns: int, seen_ns: int, prior: DriftPrior, expected_drift: float = 0.0) -> None:
        """Begin with one point."""
        self._prior = prior
        self._expected = expected_drift
        self._origin = (device_ns, seen_ns)
        self._chunks: deque[_Chunk] = deque()
        self._full = _Chunk(0)
        self._open: Point = (0.0, 0.0)
        self.line = Line(device_ns, seen_ns, expected_drift)

    @property
    def points(self) -> int:
        """Points that the line rests on."""
        return 1 + self._full.count + (self._chunks[-1].count if self._chunks else 0)

    @property
    def expected_drift(self) -> float:
        """What another envelope of the same crystal may start from: the drift where it was watched long enough."""
        return self.line.drift if self.points >= LEAST_POINTS else self._expected

    def add(self, device_ns: int, seen_ns: int) -> None:
        """Take note of a block; one from before the newest second says nothing new and is passed over."""
        point = ((device_ns - self._origin[0]) / NS_PER_S, (seen_ns - self._origin[1]) / NS_PER_S)
        ahead = point[0] // BUCKET_S - self._open[0] // BUCKET_S
        if ahead > 0:
            self._close(self._open)
            self._open = point
        elif ahead == 0 and point[1] < self._open[1]:
            self._open = point
        if ahead > 0 or (ahead == 0 and seen_ns < self.line.at(device_ns)):
            self._fit()

    def forget_before(self, device_ns: int) -> None:
        """Drop the hulls that hold anything from before `device_ns`."""
        since = (device_ns - self._origin[0]) / NS_PER_S
        while self._chunks and self._chunks[0].hull[0][0] < since:
            self._chunks.popleft()
        self._join()
        self._fit()

    def _close(self, point: Point) -> None:
        index = int(point[0] // (BUCKET_S * CHUNK_BUCKETS))
        if not self._chunks or self._chunks[-1].index != index:
            self._forget(point[0] - MEMORY_S)
            self._chunks.append(_Chunk(index))
            self._join()
        self._chunks[-1].add(point)

    def _forget(self, since: float) -> None:
        spare = self.points - LEAST_POINTS
        while self._chunks and self._chunks[0].hull[-1][0] < since and self._chunks[0].count <= spare:
            spare -= self._chunks.popleft().count

    def _join(self) -> None:
        """Make one hull of all chunks that are full, as all but the newest are."""
        self._full = _Chunk(0)
        for chunk in list(self._chunks)[:-1]:
            self._full = self._full.with_later(chunk)

    def _fit(self) -> None:
        newest = _Chunk(0)
        newest.add(self._open)
        known = self._full.with_later(self._chunks[-1]) if self._chunks else self._full
        known = known.with_later(newest)
        hull, count = known.hull, known.count
        mean_device, mean_seen = known.device_sum / count, known.seen_sum / count
        pull = self._prior.sigma**2 * count / self._scale_s(count)
        drift = _tangent(hull, mean_device, pull, self._expected)
        drift = max(-self._prior.limit, min(self._prior.limit, drift))
        below = min(seen - drift * device for device, seen in hull)
        jitter_s = max(0.0, mean_seen - below - drift * mean_device)
        at = self._open[0]
        self.line = Line(
            self._origin[0] + round(at * NS_PER_S),
            self._origin[1] + round((below + drift * at) * NS_PER_S),
            drift,
            jitter_s,
        )

    def _scale_s(self, count: int) -> float:
        """Mean delay, as the last fit saw it and as it was assumed."""
        assumed_s, worth = PRIOR_JITTER
        return (count * self.line.jitter_s + worth * assumed_s) / (count + worth)


def _extend(hull: list[Point], point: Point) -> None:
    """Append a point with a later device time to a lower convex hull (the monotone chain of Andrew, 1979)."""
    while len(hull) > 1:
        (x0, y0), (x1, y1) = hull[-2:]
        if (y1 - y0) * (point[0] - x0) < (point[1] - y0) * (x1 - x0):
            break
        hull.pop()
    hull.append(point)


def _tangent(hull: list[Point], mean_device: float, pull: float, expected: float) -> float:
    """The slope that makes the mean height over the supporting line plus the prior's cost least.

    For a slope in the range in which vertex v carries the line, the cost's derivative is
    `(v.device - mean_device) + (slope - expected) / pull`: it rises from vertex to vertex, so the first range that
    holds its root is the only one.
    """
    lowest = float("-inf")
    for (x0, y0), (x1, y1) in pairwise(hull):
        highest = (y1 - y0) / (x1 - x0)
        wanted = expected - pull * (x0 - mean_device)
        if wanted <= highest:
            return max(wanted, lowest)
        lowest = highest
    return max(expected - pull * (hull[-1][0] - mean_device), lowest)
