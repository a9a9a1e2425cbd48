"""The resting face of one person, action unit by action unit, in numbers.

A network's reading of a neutral face differs from person to person (deep folds, heavy lids read as action units), so
only the change against the same person's rest means something.

- **Learnt** from calm, well seen time: of the past 20 minutes the calmer half of the seconds counts, and of those each
  action unit's median. A part of the face that was covered in a second teaches nothing about its action units. While
  an episode runs nothing is learnt.
- **Not known** before `NEEDED_S` such seconds: until then the population's rest counts in, the interval is wider, and
  the assessment says how many seconds are still needed.
- **Bounded** by the rest of the people that the network was tuned on: somebody who has been in pain since the box was
  switched on is compared with a face that a resting person could have.
- **Set** by a nurse ("this face, now, is at rest"): it is then fixed and not bounded, until it is reset.
- **Forgotten** by a nurse's command, or when the patient may be another one (`edge.face.judge`).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from edge.face.certainty import Floats, level
from edge.face.units import INTENSITY_MAX, LABELS
from edge.types import NS_PER_S

WINDOW_S = 20 * 60
"""How much of the past is remembered, seconds."""

CALM_SHARE = 0.5
"""Share of the remembered seconds, the calmest, that counts as rest: pain that lasts less than half of them and was not
noticed as an episode does not become rest."""

NEEDED_S = 40
"""Seconds of a resting face after which the reference counts as known. Chosen: four times `PRIOR_S`, so that the
person's own face weighs 80 %, and a nurse can wait for it at the bed."""

PRIOR_S = 10.0
"""The population's rest counts as much as this many seconds of the person's own."""

SEEN_FROM = 0.8
"""An action unit is learnt from a second in which its part of the face was at least so surely uncovered."""

_ALL = np.ones(len(LABELS), np.float32)
_NONE = np.full(len(LABELS), np.nan, np.float32)


class Source(StrEnum):
    """Where a reference comes from."""

    LEARNT = "learnt"
    SET = "set"


@dataclass(frozen=True, slots=True)
class Population:
    """Rest of the people that the network was tuned on.

    Attributes:
        units: (17,) median intensities.
        low, median, high: 5th, 50th and 95th percentile of their resting PSPI, a smile's share out.
    """

    units: tuple[float, ...]
    low: float
    median: float
    high: float


@dataclass(frozen=True, slots=True)
class Reference:
    """One person's resting face as it is kept on disk: numbers only.

    Attributes:
        version: rises by one with every reset, set and change of patient.
        source: learnt or set.
        units: (17,) resting intensities, in the order of `edge.face.units.LABELS`.
        seconds: how many seconds of a resting face it rests on.
        by: who set it, or who had it learnt anew; "" where the box began by itself.
    """

    version: int
    source: Source
    units: tuple[float, ...]
    seconds: int
    by: str


class RestingFace:
    """Learns, keeps and forgets one person's resting face.

    Args:
        population: where to begin, and the bounds.
        smile_share: how much of a smile is taken out of PSPI, 0..1.
    """

    def __init__(self, population: Population, smile_share: float) -> None:
        """Begin with the population's rest."""
        self._population = population
        self._smile_share = smile_share
        self.version = 1
        self.by = ""
        self._begin()

    def _begin(self) -> None:
        self.source = Source.LEARNT
        self._seconds = _Seconds()
        self._second = -1
        self._readings: list[tuple[float, Floats]] = []
        self._earlier: Reference | None = None
        self._units = np.asarray(self._population.units, dtype=np.float32)

    @property
    def units(self) -> Floats:
        """(17,) resting intensities as far as they are known."""
        return self._units

    @property
    def seconds(self) -> int:
        """Seconds of a resting face behind them; those of before a restart or a long absence count."""
        earlier = 0 if self._earlier is None else self._earlier.seconds
        return max(len(self._seconds), earlier)

    @property
    def needed_s(self) -> int:
        """Seconds of a resting face that are still needed; 0 once the reference is known."""
        return 0 if self.source is Source.SET else max(0, NEEDED_S - self.seconds)

    def learn(self, units: Floats, share: Floats, now_ns: int) -> None:
        """Take one calm, trustworthy reading into the past; the rest is renewed once a second.

        Args:
            units: (17,) smoothed intensities.
            share: (17,) how far each can be known.
            now_ns: when.
        """
        second = now_ns // NS_PER_S
        if second != self._second:
            self._close(second)
        hidden = share < SEEN_FROM
        seen = np.where(hidden, np.float32(np.nan), units) if hidden.any() else units
        self._readings.append((level(units, share, self._smile_share), seen))

    def set(self, units: Floats, share: Floats, seconds: int, by: str) -> None:
        """Take this face as the reference; what is covered keeps its figure of before."""
        chosen = np.where(share >= SEEN_FROM, units, self._units).astype(np.float32)
        self.forget(by)
        self.source, self._units = Source.SET, chosen
        self._earlier = Reference(self.version, self.source, _tuple(chosen), seconds, by)

    def forget(self, by: str = "") -> None:
        """Begin anew with the population's rest."""
        self.version, self.by = self.version + 1, by
        self._begin()

    def snapshot(self) -> Reference:
        """The reference as it is now."""
        return Reference(self.version, self.source, _tuple(self._units), self.seconds, self.by)

    def restore(self, kept: Reference) -> None:
        """Take up a reference of before a restart: it counts like a learnt one of so many seconds."""
        self._begin()
        self.version, self.by, self.source, self._earlier = kept.version, kept.by, kept.source, kept
        self._units = np.asarray(kept.units, dtype=np.float32)

    def _close(self, second: int) -> None:
        """Keep the mean of the second that is over, and compute the rest anew."""
        if self._readings:
            mean = np.asarray(np.mean([units for _, units in self._readings], axis=0), dtype=np.float32)
            self._seconds.add(self._second, sum(value for value, _ in self._readings) / len(self._readings), mean)
        if self._seconds and second - self._seconds.newest > WINDOW_S:
            self._earlier = self.snapshot()  # the person was away; whether it is the same one is decided elsewhere
        self._second, self._readings = second, []
        self._seconds.keep(second - WINDOW_S, second)
        if self._seconds and self.source is not Source.SET:
            self._units = self._renewed()

    def _renewed(self) -> Floats:
        own = calm_median(self._seconds.calm, self._seconds.units)
        begin = np.asarray(self._population.units, dtype=np.float32)
        weight_s = PRIOR_S
        if self._earlier is not None:  # what was learnt before a restart weighs as its seconds did, at most NEEDED_S
            begin = np.asarray(self._earlier.units, dtype=np.float32)
            weight_s = float(min(max(self._earlier.seconds, PRIOR_S), NEEDED_S))
        weight = len(self._seconds) / (len(self._seconds) + weight_s)
        mixed = np.where(np.isnan(own), begin, weight * own + (1 - weight) * begin)
        return self._bounded(np.clip(mixed, 0.0, INTENSITY_MAX).astype(np.float32))

    def _bounded(self, units: Floats) -> Floats:
        """Within the population's 95th percentile of PSPI: all action units shrink alike where they are above it."""
        if level(units, _ALL, self._smile_share) <= self._population.high:
            return units
        low, high = 0.0, 1.0
        for _ in range(12):  # PSPI is not linear in the shrinking (closed eyes, smile): halve the interval
            middle = (low + high) / 2
            inside = level(units * np.float32(middle), _ALL, self._smile_share) <= self._population.high
            low, high = (middle, high) if inside else (low, middle)
        return np.asarray(units * np.float32(low), dtype=np.float32)


class _Seconds:
    """Seconds of a calm face, oldest first, at most `WINDOW_S`."""

    def __init__(self) -> None:
        self._at = np.zeros(2 * WINDOW_S, np.int64)
        self._calm = np.zeros(2 * WINDOW_S)
        self._units = np.zeros((2 * WINDOW_S, len(LABELS)), np.float32)
        self._first = self._end = 0

    def __len__(self) -> int:
        return self._end - self._first

    @property
    def newest(self) -> int:
        """Number of the last second; there must be one."""
        return int(self._at[self._end - 1])

    @property
    def calm(self) -> NDArray[np.float64]:
        """(n,) PSPI."""
        return self._calm[self._first : self._end]

    @property
    def units(self) -> Floats:
        """(n, 17) intensities, NaN where they could not be seen."""
        return self._units[self._first : self._end]

    def add(self, at: int, calm: float, units: Floats) -> None:
        """Add a second; the oldest goes where there are too many."""
        if self._end == len(self._at):
            kept = slice(self._first, self._end)
            for column in (self._at, self._calm, self._units):
                column[: len(self)] = column[kept]
            self._first, self._end = 0, len(self)
        self._at[self._end], self._calm[self._end], self._units[self._end] = at, calm, units
        self._end += 1
        self._first = max(self._first, self._end - WINDOW_S)

    def keep(self, since: int, until: int) -> None:
        """Drop the oldest until they lie within."""
        while self and not since <= self._at[self._first] <= until:
            self._first += 1


def calm_median(calm: NDArray[np.float64], units: Floats) -> Floats:
    """Medians over the calmest seconds.

    Args:
        calm: (n,) PSPI of each second.
        units: (n, 17) intensities, NaN where a second did not show them.

    Returns:
        (17,) medians; NaN where an action unit was never seen.
    """
    count = max(1, round(CALM_SHARE * len(calm)))
    chosen = units[np.argpartition(calm, count - 1)[:count]]
    unseen = np.isnan(chosen)
    if not unseen.any():
        return np.asarray(np.median(chosen, axis=0))
    seen = len(chosen) - unseen.sum(axis=0)
    rising = np.sort(chosen, axis=0)  # NaN last; `np.nanmedian` gives the same and takes ten times as long
    low, high = (np.take_along_axis(rising, at[None], axis=0)[0] for at in (np.maximum(seen - 1, 0) // 2, seen // 2))
    return np.where(seen > 0, (low + high) / 2, _NONE)


def _tuple(units: NDArray[np.float32]) -> tuple[float, ...]:
    return tuple(round(float(value), 4) for value in units)
