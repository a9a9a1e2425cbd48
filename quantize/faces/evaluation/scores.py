"""From truth and outputs to the figures of one network."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edge.face.units import LABELS, pspi, smile_discount
from quantize.evaluation.bootstrap import Value, draws, interval
from quantize.faces.evaluate import PAIN_PSPI, Readings
from quantize.faces.evaluation.cases import Cases
from quantize.faces.evaluation.figures import Agreement, Scores
from quantize.faces.evaluation.metrics import agreement, effective_rank, moments, weighted_auc
from quantize.faces.evaluation.pairs import PAIN_AGAINST, cross_pairs
from quantize.faces.kinds import Kind

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]

UNIONS = {"AU6|7": ("AU6", "AU7"), "AU9|10": ("AU9", "AU10")}
"""Action units that PSPI takes the larger of, because they are easily taken for each other."""

_FROM = (1.0, 2.0, 3.0, 4.0)


class Bench:
    """The bootstrap of one set of faces.

    Args:
        identity: (n,) whose faces they are.
        seed, rounds: of the draws.
    """

    def __init__(self, identity: NDArray[np.int64], *, seed: int, rounds: int) -> None:
        """Draw the people once: all figures of one set rest on the same draws."""
        self.identity = identity
        people, self.who = np.unique(identity, return_inverse=True)
        self.counts = draws(len(people), rounds=rounds, seed=seed)

    def agreement(self, truth: Floats, guess: Floats) -> Agreement:
        """Agreement of (n,) truth, NaN where unknown, with (n,) readings."""
        sums = moments(truth, guess, self.identity)

        def of(name: str) -> Value:
            return interval(lambda count: float(getattr(agreement(count @ sums), name)), self.counts)

        return Agreement(of("r"), of("icc"), of("mae"), int(sums[:, 0].sum()))

    def auc(self, score: Floats, positive: Mask, negative: Mask) -> Value:
        """AUC of the positive faces against the negative ones."""
        if not positive.any() or not negative.any():
            return Value(float("nan"), float("nan"), float("nan"))
        used = positive | negative
        place, hit, who = score[used], positive[used], self.who[used]
        return interval(lambda count: weighted_auc(place, hit, count[who]), self.counts)

    def mean(self, values: Floats, chosen: Mask) -> Value:
        """Mean over the chosen faces."""
        return self.rate(values, np.ones(len(values)), chosen)

    def rate(self, values: Floats | NDArray[np.float64], weight: NDArray[np.float64], chosen: Mask) -> Value:
        """Sum of values over sum of weights of the chosen rows."""
        people = self.counts.shape[1]
        total = np.bincount(self.who[chosen], values[chosen], people)
        whole = np.bincount(self.who[chosen], weight[chosen], people)

        def statistic(count: NDArray[np.float64]) -> float:
            mass = float(count @ whole)
            return float(count @ total) / mass if mass else float("nan")

        return interval(statistic, self.counts)


def score(cases: Cases, seen: Readings, smile_share: float, *, seed: int, rounds: int) -> Scores:
    """All figures of one network.

    Args:
        cases: the truth.
        seen: what was read.
        smile_share: what of a smile was taken out of `seen.change`.
        seed: of the bootstrap.
        rounds: of the bootstrap.
    """
    bench = Bench(cases.faces.identity, seed=seed, rounds=rounds)
    truth, kind = cases.truth, cases.faces.kind
    with np.errstate(invalid="ignore"):
        hurts = (truth >= PAIN_PSPI) & _drawn_as_pain(kind)
    change = np.where(np.isfinite(truth), truth - discount(cases, smile_share), truth)
    pairs = cross_pairs(kind, cases.faces.units, seen.units, seen.change, hurts)
    kinds = {str(one): kind == str(one) for one in Kind if (kind == str(one)).any()}
    coded = cases.coded
    return Scores(
        faces=len(kind),
        identities=bench.counts.shape[1],
        units=_units(cases, seen, bench),
        pspi=bench.agreement(truth, pspi(cases.comparable(seen.units))),
        change=bench.agreement(change, seen.change),
        detection={f"{at:g}": _detection(bench, seen.change, truth, at) for at in _FROM},
        pain_against={
            str(one): bench.auc(seen.change, hurts, kinds[str(one)]) for one in PAIN_AGAINST if str(one) in kinds
        },
        by_kind={name: bench.mean(seen.change, chosen) for name, chosen in kinds.items()},
        neutral=bench.mean(np.maximum(seen.change, 0), kind == str(Kind.NEUTRAL)),
        pairs={name: bench.auc(by, above, below) for name, (above, below, by) in pairs.items()},
        rank=effective_rank(seen.units[:, coded]),
        true_rank=effective_rank(np.nan_to_num(cases.faces.units[:, coded])),
    )


def discount(cases: Cases, smile_share: float) -> Floats:
    """(n,) what a smile truly adds to PSPI, from the coded action units."""
    return smile_discount(np.nan_to_num(cases.faces.units), smile_share)


def _drawn_as_pain(kind: NDArray[np.str_]) -> Mask:
    """Real data state no kind: there every face with the PSPI counts."""
    drawn = np.isin(kind, [str(Kind.PAIN), str(Kind.PARTIAL_PAIN)])
    return np.asarray(drawn | (kind == ""))


def _detection(bench: Bench, change: Floats, truth: Floats, at: float) -> Value:
    with np.errstate(invalid="ignore"):
        return bench.auc(change, truth >= at, truth < at)


def _units(cases: Cases, seen: Readings, bench: Bench) -> dict[str, Agreement]:
    truth = cases.faces.units
    found = {name: bench.agreement(truth[:, k], seen.units[:, k]) for k, name in enumerate(LABELS) if cases.coded[k]}
    for name, pair in UNIONS.items():
        columns = [LABELS.index(one) for one in pair]
        if cases.coded[columns].all():
            found[name] = bench.agreement(truth[:, columns].max(axis=1), seen.units[:, columns].max(axis=1))
    return found
