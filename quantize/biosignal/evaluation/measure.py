"""From scores of unseen people to figures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from edge import config
from quantize.biosignal.evaluation.episodes import watch
from quantize.biosignal.evaluation.figures import FORMAT, Band, Figures, PersonRow, Separation, Subset
from quantize.biosignal.evaluation.people import EVERY_S, SUBSETS, Cohort, Person, Source, Thresholds
from quantize.biosignal.evaluation.separation import Pairs, mean_within
from quantize.evaluation.bootstrap import ROUNDS, Value, draws, interval
from quantize.evaluation.calibration import Bin, even_weights, reliability

Floats = NDArray[np.float64]

QUALITY_EDGES = (0.0, 0.3, 0.5, 0.8, 1.01)
"""Ranges of signal quality: what the fusion sets aside, then poor, fair and good (the 0.8 from which heart rates are
to be right)."""

_ALARM, _FUSION = config.Alarm(), config.Fusion()
"""The box as it is delivered."""

_NAN = float("nan")


def figures(cohort: Cohort, thresholds: Thresholds, *, seed: int, rounds: int = ROUNDS) -> Figures:
    """Everything that can be said of one cohort.

    Args:
        cohort: scored people.
        thresholds: of the wristband's modes.
        seed: of the bootstrap.
        rounds: of the bootstrap.
    """
    counts = draws(len(cohort.people), rounds=rounds, seed=seed)
    judged = [person.labels[person.labels >= 0] for person in cohort.people]
    labels = np.concatenate(judged) if judged else np.zeros(0, dtype=np.int64)
    present = {
        name: sources
        for name, sources in SUBSETS.items()
        if all(any(np.isfinite(person.scores[source]).any() for person in cohort.people) for source in sources)
    }
    return Figures(
        format=FORMAT,
        name=cohort.name,
        notes=cohort.notes,
        seed=seed,
        rounds=rounds,
        people=len(cohort.people),
        seconds=labels.size,
        aroused=float(labels.mean()) if labels.size else _NAN,
        subsets=tuple(_subset(name, sources, cohort, thresholds, counts) for name, sources in present.items()),
        persons=tuple(_person(person, present) for person in cohort.people),
    )


class _Scored:
    """The judged seconds of everybody that have a score, thinned."""

    def __init__(
        self,
        people: Sequence[Person],
        sources: Sequence[Source],
        where: Callable[[Person], NDArray[np.bool_]] | None = None,
    ) -> None:
        self.scores: list[Floats] = []
        compared: list[Floats] = []
        self.labels: list[NDArray[np.int64]] = []
        judged = 0
        for person in people:
            log_odds = person.log_odds(sources)
            thinned = (person.labels >= 0) & (np.arange(person.labels.size) % EVERY_S == 0)
            kept = thinned & np.isfinite(log_odds)
            if where is not None:
                kept &= where(person)
            judged += int(thinned.sum())
            self.scores.append(log_odds[kept])
            compared.append(person.log_odds(sources, shared=True)[kept])
            self.labels.append(person.labels[kept])
        self.size = sum(one.size for one in self.scores)
        self.share = self.size / judged if judged else _NAN
        self.pairs = Pairs(compared, self.labels)
        self._hits = np.array([_hits(*one) for one in zip(self.scores, self.labels, strict=True)]).reshape(-1, 4)

    def accuracy(self, counts: Floats) -> tuple[float, float]:
        """Sensitivity and specificity at even odds."""
        hit, aroused, passed, calm = (counts @ self._hits).tolist()
        return (hit / aroused if aroused else _NAN), (passed / calm if calm else _NAN)

    def balanced(self, counts: Floats) -> float:
        """Mean of sensitivity and specificity."""
        return sum(self.accuracy(counts)) / 2


def _hits(scores: Floats, labels: NDArray[np.int64]) -> tuple[int, int, int, int]:
    aroused = labels == 1
    above = scores > 0
    return int((above & aroused).sum()), int(aroused.sum()), int((~above & ~aroused).sum()), int((~aroused).sum())


def _separation(scored: _Scored, counts: Floats) -> Separation:
    within = scored.pairs.within()
    there = within[np.isfinite(within)]
    low, median, high = np.quantile(there, [0.25, 0.5, 0.75]).tolist() if there.size else (_NAN,) * 3
    return Separation(
        pooled=interval(scored.pairs.pooled, counts),
        within=interval(partial(mean_within, within), counts),
        quartiles=(low, median, high),
        people=there.size,
        seconds=scored.share,
    )


def _subset(name: str, sources: tuple[Source, ...], cohort: Cohort, thresholds: Thresholds, counts: Floats) -> Subset:
    scored = _Scored(cohort.people, sources)
    float32 = _Scored(cohort.float32, sources) if cohort.float32 and sources != ("hr",) else None
    yardstick = _Scored(cohort.yardstick, sources) if cohort.yardstick and sources != ("hr",) else None
    ece, bins = _calibration(scored, counts)
    watched = [
        watch(person.margin(sources, thresholds, _FUSION.min_quality), person.labels, _ALARM)
        for person in cohort.people
    ]
    false, calm_s, spans, found = (
        np.array([(one.false, one.calm_s, one.spans, one.found) for one in watched], dtype=np.float64).reshape(-1, 4).T
    )
    return Subset(
        name=name,
        int8=_separation(scored, counts),
        float32=_separation(float32, counts) if float32 else None,
        yardstick=_separation(yardstick, counts) if yardstick else None,
        lost=_difference(float32, scored, counts) if float32 else None,
        gained=_difference(scored, yardstick, counts) if yardstick else None,
        balanced=interval(scored.balanced, counts),
        sensitivity=interval(lambda count: scored.accuracy(count)[0], counts),
        specificity=interval(lambda count: scored.accuracy(count)[1], counts),
        ece=ece,
        reliability=bins,
        false_per_hour=interval(partial(_rate, 3600 * false, calm_s), counts),
        found=interval(partial(_rate, found, spans), counts),
        calm_hours=float(calm_s.sum()) / 3600,
        spans=int(spans.sum()),
        bands=_bands(cohort.people, sources, scored.size, counts),
    )


def _difference(one: _Scored, other: _Scored, counts: Floats) -> Value:
    return interval(lambda count: one.pairs.pooled(count) - other.pairs.pooled(count), counts)


def _rate(what: Floats, of: Floats, count: Floats) -> float:
    whole = float(count @ of)
    return float(count @ what) / whole if whole else _NAN


def _calibration(scored: _Scored, counts: Floats) -> tuple[Value, tuple[Bin, ...]]:
    probability = 1 / (1 + np.exp(-np.concatenate(scored.scores)))
    happened = np.concatenate(scored.labels) == 1
    if not 0 < happened.sum() < happened.size:
        return Value(_NAN, _NAN, _NAN), ()
    who = np.repeat(np.arange(len(scored.scores)), [one.size for one in scored.scores])

    def error(count: Floats) -> float:
        weight = count[who] * even_weights(happened)
        return reliability(probability, happened, weight)[1] if weight.sum() else _NAN

    return interval(error, counts), reliability(probability, happened, even_weights(happened))[0]


def _bands(people: Sequence[Person], sources: Sequence[Source], size: int, counts: Floats) -> tuple[Band, ...]:
    if tuple(sources) == ("hr",) or not any(source in person.quality for person in people for source in sources):
        return ()
    made = []
    for low, high in pairwise(QUALITY_EDGES):

        def inside(person: Person, low: float = low, high: float = high) -> NDArray[np.bool_]:
            quality = person.lowest_quality(sources)
            return np.asarray((quality >= low) & (quality < high))

        scored = _Scored(people, sources, inside)
        made.append(
            Band(
                low,
                min(high, 1.0),
                interval(scored.pairs.pooled, counts),
                interval(scored.balanced, counts),
                scored.size / size if size else _NAN,
            )
        )
    return tuple(made)


def _person(person: Person, present: dict[str, tuple[Source, ...]]) -> PersonRow:
    judged = person.labels >= 0
    areas = {name: float(_Scored([person], sources).pairs.within()[0]) for name, sources in present.items()}
    return PersonRow(
        person.name,
        int(judged.sum()),
        float(person.labels[judged].mean()) if judged.any() else _NAN,
        areas,
        {source: float(values[judged].mean()) if judged.any() else _NAN for source, values in person.quality.items()},
    )
