"""The resting face of one person, as a number: their own PSPI when nothing hurts.

A network's PSPI of a neutral face differs from person to person (deep folds, heavy lids read as action units), so
only the change against the same person's rest means something. First cut: a low quantile of their recent past. It is
kept in memory and begins with the rest of the people that the network was tuned on.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np

from edge.types import NS_PER_S

WINDOW_S = 20 * 60
"""How much of the past is remembered, seconds: pain that lasts less than three quarters of it does not become rest."""

QUANTILE = 0.25
"""Which part of the past counts as rest: low, so that pain does not raise it; not the lowest, which is noise."""

PRIOR_S = 10.0
"""The population's rest counts as much as this many seconds of the person's own."""


@dataclass(frozen=True, slots=True)
class Population:
    """Rest of the people that the network was tuned on, PSPI units: median and 5th and 95th percentile."""

    median: float
    low: float
    high: float


class RestingLevel:
    """Learns one person's resting PSPI.

    It never leaves the population's 5th to 95th percentile, so that somebody who has been in pain since the box was
    switched on is still compared with a face that a resting person could have.

    Args:
        population: where to begin.
    """

    def __init__(self, population: Population) -> None:
        """Begin with the population's rest."""
        self._population = population
        self._seconds: deque[tuple[int, float]] = deque(maxlen=WINDOW_S)
        self._second = -1
        self._sum = 0.0
        self._count = 0
        self._level = population.median

    @property
    def level(self) -> float:
        """The person's resting PSPI as far as it is known."""
        return self._level

    def learn(self, pspi: float, now_ns: int) -> None:
        """Take one reading into the past; the level is renewed once a second.

        Args:
            pspi: smoothed PSPI of a trustworthy picture.
            now_ns: when it was taken.
        """
        second = now_ns // NS_PER_S
        if second != self._second:
            self._close(second)
        self._sum += pspi
        self._count += 1

    def _close(self, second: int) -> None:
        if self._count:
            self._seconds.append((self._second, self._sum / self._count))
        self._second, self._sum, self._count = second, 0.0, 0
        while self._seconds and not second - WINDOW_S <= self._seconds[0][0] <= second:
            self._seconds.popleft()
        if self._seconds:
            own = float(np.quantile([value for _, value in self._seconds], QUANTILE))
            weight = len(self._seconds) / (len(self._seconds) + PRIOR_S)
            level = weight * own + (1 - weight) * self._population.median
            self._level = float(np.clip(level, self._population.low, self._population.high))
