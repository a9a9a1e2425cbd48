"""The network's numbers, given: one person's course in time without pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from edge.face.certainty import REGIONS
from edge.face.episode import START_WEIGHTS
from edge.face.find import Reading
from edge.face.judge import Judge, Numbers, Settings
from edge.face.reference import Population
from edge.face.units import LABELS
from edge.types import NS_PER_S, Estimate

Floats = NDArray[np.float32]
Shown = dict[str, float]

REST = tuple(0.3 if name == "AU4" else 0.0 for name in LABELS)
POPULATION = Population(units=REST, low=0.0, median=0.3, high=1.6)
SETTINGS = Settings(1.0, POPULATION, ((0.0, 8.0), (-0.3, -2.0), (0.5, 2.0)), START_WEIGHTS)
PAIN: Shown = {"AU4": 3.5, "AU6": 2.0, "AU7": 3.0, "AU10": 2.5, "AU43": 5.0}
ANNA, BERTA = np.eye(16, dtype=np.float32)[0], np.eye(16, dtype=np.float32)[1]


def units(shown: Shown) -> Floats:
    return np.array([shown.get(name, 0.0) for name in LABELS], np.float32)


def visible(*hidden: str) -> Floats:
    return np.array([0.02 if name in hidden else 0.98 for name in REGIONS], np.float32)


def numbers(shown: Shown, *hidden: str, trust: float = 1.0, deviation: float = 0.3, who: Floats = ANNA) -> Numbers:
    reading = Reading(0.0, 0.0, 0.0, 0.0, 0.99, visible(*hidden), who)
    return Numbers(units(shown), np.full(len(LABELS), deviation, np.float32), reading, trust, 120.0)


def at(seconds: float) -> int:
    return round((100.0 + seconds) * NS_PER_S)


class Patient:
    """A judge and the time that has passed for it."""

    def __init__(self, settings: Settings = SETTINGS) -> None:
        self.judge = Judge(settings)
        self.now_s = 0.0

    def show(
        self,
        face: Shown | Callable[[float], Shown],
        seconds: float,
        *hidden: str,
        rate_hz: float = 10.0,
        trust: float = 1.0,
        deviation: float = 0.3,
        who: Floats = ANNA,
    ) -> list[Estimate]:
        """Show a face, or a course of one, for so long."""
        said = []
        for passed in steps(seconds, rate_hz):
            shown = face(passed) if callable(face) else face
            given = numbers(shown, *hidden, trust=trust, deviation=deviation, who=who)
            said.append(self.judge.step(given, at(self.now_s + passed)))
        self.now_s += seconds
        return said

    def away(self, seconds: float) -> None:
        """No face for so long."""
        self.now_s += seconds


def steps(seconds: float, rate_hz: float) -> Iterator[float]:
    yield from (k / rate_hz for k in range(round(seconds * rate_hz)))


def figure(said: Iterable[Estimate], name: str) -> list[float]:
    return [one.evidence.get(name, 0.0) for one in said]
