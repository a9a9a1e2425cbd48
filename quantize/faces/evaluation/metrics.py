"""Agreement and separation of two sets of numbers. What cannot be said (nothing to compare, no spread) is NaN."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32] | NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Agreed:
    """How well readings agree with the truth.

    Attributes:
        r: Pearson correlation.
        icc: ICC(3,1), two-way mixed, consistency, single rater (Shrout & Fleiss, Psychol Bull 1979;86:420-428).
        mae: mean absolute error.
    """

    r: float
    icc: float
    mae: float


def icc31(table: NDArray[np.float64]) -> float:
    """ICC(3,1) of an (n targets, k raters) table (Shrout & Fleiss 1979)."""
    n, k = table.shape
    if n < 2 or k < 2:
        return float("nan")
    total = table - table.mean()
    between = k * float(np.square(total.mean(axis=1)).sum())
    raters = n * float(np.square(total.mean(axis=0)).sum())
    rest = float(np.square(total).sum()) - between - raters
    between_mean, rest_mean = between / (n - 1), rest / ((n - 1) * (k - 1))
    return _ratio(between_mean - rest_mean, between_mean + (k - 1) * rest_mean)


def moments(truth: Floats, guess: Floats, identity: NDArray[np.int64]) -> NDArray[np.float64]:
    """Sums per identity that `agreement` can be made of: (identities, 7). Rows with NaN in either are left out.

    Columns: count, sum of truth, of guess, of their squares (2), of their product, of absolute differences.
    """
    there = np.isfinite(truth) & np.isfinite(guess)
    x, y = truth[there].astype(np.float64), guess[there].astype(np.float64)
    _, who = np.unique(identity, return_inverse=True)
    columns = (np.ones(len(x)), x, y, x * x, y * y, x * y, np.abs(x - y))
    people = int(who.max()) + 1 if len(who) else 0
    return np.stack([np.bincount(who[there], column, people) for column in columns], axis=1)


def agreement(sums: NDArray[np.float64]) -> Agreed:
    """Agreement from (7,) sums of `moments` over any identities.

    For two raters ICC(3,1) is 2 cov / (var + var): the mean squares of Shrout & Fleiss written out for k = 2.
    """
    n, x, y, xx, yy, xy, off = (float(value) for value in sums)
    if n < 2:
        return Agreed(float("nan"), float("nan"), off / n if n else float("nan"))
    var_x, var_y, cov = xx - x * x / n, yy - y * y / n, xy - x * y / n
    floor = 1e-9 * n
    if min(var_x, var_y) <= floor:
        return Agreed(float("nan"), float("nan"), off / n)
    return Agreed(cov / float(np.sqrt(var_x * var_y)), 2 * cov / (var_x + var_y), off / n)


def auc(positive: Floats, negative: Floats) -> float:
    """Chance that a positive lies above a negative (area under the ROC curve; ties count half)."""
    if not len(positive) or not len(negative):
        return float("nan")
    ordered = np.sort(negative)
    below = np.searchsorted(ordered, positive, "left")
    equal = np.searchsorted(ordered, positive, "right") - below
    return float((below + 0.5 * equal).mean() / len(negative))


def weighted_auc(score: Floats, positive: NDArray[np.bool_], weight: NDArray[np.float64]) -> float:
    """As `auc`, each face counting as often as its weight says."""
    _, place = np.unique(score, return_inverse=True)
    size = int(place.max()) + 1 if len(place) else 0
    up = np.bincount(place, weight * positive, size)
    down = np.bincount(place, weight * ~positive, size)
    return _ratio(float((up * (np.cumsum(down) - 0.5 * down)).sum()), float(up.sum() * down.sum()))


def effective_rank(values: Floats) -> float:
    """Exponential of the entropy of the eigenvalues of the correlation matrix (Roy & Vetterli 2007).

    It is the number of columns when they are independent, 1 when they all say the same: a network whose hidden units
    have died shows here before it shows in its errors.
    """
    spread = values.std(axis=0)
    alive = values[:, spread > 1e-6]
    if alive.shape[1] < 2:
        return float(alive.shape[1])
    eigenvalues = np.clip(np.linalg.eigvalsh(np.corrcoef(alive.T)), 1e-12, None)
    share = eigenvalues / eigenvalues.sum()
    return float(np.exp(-(share * np.log(share)).sum()))


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole != 0 else float("nan")
