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

from collections import deque
from collections.abc import Sequence
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
        self._seconds: deque[tuple[int, float, Floats]] = deque(maxlen=WINDOW_S)
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
        seen = np.where(share >= SEEN_FROM, units, np.nan).astype(np.float32)
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
            calm = float(np.mean([value for value, _ in self._readings]))
            self._seconds.append((self._second, calm, mean))
        if self._seconds and second - self._seconds[-1][0] > WINDOW_S:
            self._earlier = self.snapshot()  # the person was away; whether it is the same one is decided elsewhere
        self._second, self._readings = second, []
        while self._seconds and not second - WINDOW_S <= self._seconds[0][0] <= second:
            self._seconds.popleft()
        if self._seconds and self.source is not Source.SET:
            self._units = self._renewed()

    def _renewed(self) -> Floats:
        own = _calm_median([value for _, value, _ in self._seconds], [units for _, _, units in self._seconds])
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


def _calm_median(calm: Sequence[float], units: Sequence[Floats]) -> Floats:
    """(17,) medians over the calmest seconds; NaN where an action unit was never seen."""
    order = np.argsort(calm, kind="stable")[: max(1, round(CALM_SHARE * len(calm)))]
    chosen = np.asarray([units[k] for k in order.tolist()])
    unseen = np.isnan(chosen)
    if not unseen.any():
        return np.asarray(np.median(chosen, axis=0))
    seen = ~unseen.all(axis=0)
    median = _NONE.copy()
    if seen.any():
        median[seen] = np.nanmedian(chosen[:, seen], axis=0)
    return median


def _tuple(units: NDArray[np.float32]) -> tuple[float, ...]:
    return tuple(round(float(value), 4) for value in units)
