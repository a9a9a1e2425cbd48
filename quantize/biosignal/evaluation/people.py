"""Scores of people whom no network saw, second by second, and how they become evidence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from edge.bundle import Bundle
from edge.fusion.evidence import FULL_WEIGHT_QUALITY, MAX_LOG_ODDS, mode_key
from edge.types import Modality
from quantize.biosignal import logistic

Floats = NDArray[np.float64]
Labels = NDArray[np.int64]

Source = Literal["ppg", "gsr", "hr"]
"""What a score rests on; the words of `Modality`."""

SUBSETS: Mapping[str, tuple[Source, ...]] = {
    "PPG": ("ppg",),
    "GSR": ("gsr",),
    "PPG and GSR": ("ppg", "gsr"),
    "heart rate only": ("hr",),
}
"""What a band may send."""

EVERY_S = 5
"""Seconds between the scores that figures rest on: neighbours share nearly all they rest on."""

NOT_JUDGED = -1
"""Label of a second that is neither calm nor aroused, or of which nobody knows."""

APART_S = 60
"""Blind seconds between two recordings of one person: an alarm of the first does not reach into the second."""

Line = tuple[float, float]
"""Slope and intercept: calibrated log-odds = slope x log-odds + intercept, against even odds."""

Thresholds = Mapping[tuple[Source, ...], float]
"""Calibrated log-odds at which a mode counts as pain."""


@dataclass(frozen=True, slots=True, eq=False)
class Person:
    """One person's seconds.

    Attributes:
        name: as the data set has it.
        labels: (n,) 1 aroused, 0 calm, `NOT_JUDGED`.
        scores: source to (n,) log-odds of a network that never saw the person, NaN where it does not speak.
        quality: source to (n,) signal quality 0..1; sources without one are not in it.
        lines: source to its calibration, fitted on other people: what is stated of a new person.
        shared: source to one calibration for all people, for areas over several people: lines that are fitted without
            each person in turn move a person's seconds against the others' (the pooling bias of leave-one-out, Airola
            et al., Comput Stat Data Anal 2011;55:1828-1844).
    """

    name: str
    labels: Labels
    scores: Mapping[Source, Floats]
    quality: Mapping[Source, Floats]
    lines: Mapping[Source, Line]
    shared: Mapping[Source, Line]

    def evidence(self, source: Source, *, shared: bool = False) -> Floats:
        """(n,) calibrated log-odds, bounded as on the box; NaN where the source does not speak."""
        slope, intercept = (self.shared if shared else self.lines)[source]
        return np.asarray(np.clip(slope * self.scores[source] + intercept, -MAX_LOG_ODDS, MAX_LOG_ODDS))

    def log_odds(self, sources: Sequence[Source], *, shared: bool = False) -> Floats:
        """(n,) evidence of several sources added up, of those that speak; NaN where none does."""
        parts = np.stack([self.evidence(source, shared=shared) for source in sources])
        return np.where(np.isnan(parts).all(axis=0), np.nan, np.nansum(parts, axis=0))

    def lowest_quality(self, sources: Sequence[Source]) -> Floats:
        """(n,) lowest quality among the sources that speak; NaN where none speaks or none is known."""
        parts = [
            np.where(np.isfinite(self.scores[source]), self.quality[source], np.inf)
            for source in sources
            if source in self.quality
        ]
        lowest: Floats = np.min(parts, axis=0) if parts else np.full(self.labels.size, np.inf)
        return np.where(np.isfinite(lowest), lowest, np.nan)

    def margin(self, sources: Sequence[Source], thresholds: Thresholds, min_quality: float) -> Floats:
        """(n,) log-odds above the threshold of the mode in use, as the fusion counts them; NaN where it is blind.

        Evidence of a quality below `min_quality` is set aside, and weighs in proportion up to `FULL_WEIGHT_QUALITY`;
        where no quality is known it counts in full.
        """
        total, spoken = np.zeros(self.labels.size), np.zeros((self.labels.size, len(sources)), dtype=np.bool_)
        for place, source in enumerate(sources):
            trust = self.quality.get(source, np.ones(self.labels.size))
            evidence = self.evidence(source)
            spoken[:, place] = np.isfinite(evidence) & (trust >= min_quality)
            weight = np.minimum(trust / FULL_WEIGHT_QUALITY, 1.0)
            total += np.where(spoken[:, place], weight * np.nan_to_num(evidence), 0.0)
        limit = np.full(self.labels.size, np.nan)
        for row in {tuple(row) for row in spoken.tolist() if any(row)}:
            mode = tuple(source for source, there in zip(sources, row, strict=True) if there)
            limit[(spoken == np.array(row)).all(axis=1)] = thresholds[mode]
        return np.asarray(total - limit)


@dataclass(frozen=True, slots=True, eq=False)
class Cohort:
    """People to be measured on.

    Attributes:
        name: where they come from.
        people: scored by what the box runs.
        float32: the same people scored by the networks before they were quantised; None where nobody kept it.
        yardstick: the same people scored by a logistic regression on the same features; None where nobody kept it.
        notes: what must be known to read the figures, one sentence each.
    """

    name: str
    people: tuple[Person, ...]
    float32: tuple[Person, ...] | None = None
    yardstick: tuple[Person, ...] | None = None
    notes: tuple[str, ...] = ()


def thresholds(bundle: Bundle) -> Thresholds:
    """The thresholds of the wristband's modes as they are shipped."""
    fusion = bundle.calibration("fusion")
    return {
        sources: fusion.number(mode_key(tuple(Modality(source) for source in sources))) for sources in SUBSETS.values()
    }


def shipped_lines(bundle: Bundle) -> Mapping[Source, Line]:
    """The calibration of each source as it is shipped."""
    sources: tuple[Source, ...] = ("ppg", "gsr", "hr")
    shipped = {source: bundle.calibration(source) for source in sources}
    return {source: (one.number("slope"), one.number("intercept")) for source, one in shipped.items()}


def lines_without(labels: Mapping[str, Labels], scores: Mapping[str, Floats]) -> dict[str, Line]:
    """Each person's calibration line, fitted on everybody else with both classes weighted alike.

    Args:
        labels: person to (n,) 0 or 1.
        scores: person to (n,) log-odds, NaN where there are none.
    """
    return {name: line_of([other for other in labels if other != name], labels, scores) for name in labels}


def line_of(names: Iterable[str], labels: Mapping[str, Labels], scores: Mapping[str, Floats]) -> Line:
    """One calibration line, fitted on these people with both classes weighted alike."""
    kept = {name: np.isfinite(scores[name]) & (np.arange(labels[name].size) % EVERY_S == 0) for name in names}
    score = np.concatenate([scores[name][place] for name, place in kept.items()])
    label = np.concatenate([labels[name][place] for name, place in kept.items()])
    slope, intercept = logistic.fit(score[:, None], label, ridge=0.0)
    return float(slope), float(intercept)


def joined(people: Iterable[Person]) -> tuple[Person, ...]:
    """Recordings of one person as one, in order, with `APART_S` blind seconds between them.

    People are drawn in the bootstrap, and two recordings of one person err together.
    """
    by_name: dict[str, Person] = {}
    for person in people:
        known = by_name.get(person.name)
        by_name[person.name] = person if known is None else _after(known, person)
    return tuple(by_name.values())


def _after(one: Person, other: Person) -> Person:
    blind = np.full(APART_S, np.nan)
    return replace(
        one,
        labels=np.concatenate([one.labels, np.full(APART_S, NOT_JUDGED), other.labels]),
        scores={source: np.concatenate([one.scores[source], blind, other.scores[source]]) for source in one.scores},
        quality={
            source: np.concatenate([one.quality[source], np.zeros(APART_S), other.quality[source]])
            for source in one.quality
            if source in other.quality
        },
    )
