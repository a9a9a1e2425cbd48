"""Figures for scores of people that the network never saw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Labels = NDArray[np.int64]

BOOTSTRAPS = 300
"""Resamplings of the subjects for an interval."""

_EVERY_S = 5
"""Seconds between the scores that figures rest on: neighbours share nearly all they rest on."""


@dataclass(frozen=True, slots=True)
class Auc:
    """Area under the ROC curve over seconds of held-out subjects.

    Attributes:
        pooled: all subjects' seconds in one curve; `low` and `high` its 95 % interval over resampled subjects.
        median: of the areas within each subject; `quartiles` around it.
        seconds: how many seconds had a score, as a share of all.
    """

    pooled: float
    low: float
    high: float
    median: float
    quartiles: tuple[float, float]
    seconds: float


def area(labels: Labels, scores: Floats) -> float:
    """Area under the ROC curve: the chance that a random 1 outscores a random 0, ties counted half.

    Raises:
        ValueError: only one class is there.
    """
    ones = int(labels.sum())
    zeros = labels.size - ones
    if ones == 0 or zeros == 0:
        raise ValueError("an ROC curve needs both classes")
    _, place, count = np.unique(scores, return_inverse=True, return_counts=True)
    rank = (np.cumsum(count) - (count - 1) / 2.0)[place]
    return float((rank[labels == 1].sum() - ones * (ones + 1) / 2.0) / (ones * zeros))


def both(pulse: Floats, skin: Floats) -> Floats:
    """Log-odds of two signals added where both speak, the one that speaks otherwise, NaN where none does."""
    total = np.nansum([pulse, skin], axis=0)
    return np.where(np.isnan(pulse) & np.isnan(skin), np.nan, total)


def measure(labels: Mapping[str, Labels], scores: Mapping[str, Floats], seed: int) -> Auc:
    """Figures of one score.

    Args:
        labels: subject to (n,) labels, one per second.
        scores: subject to (n,) scores, NaN where there is none.
        seed: of the resampling.
    """
    pairs = [(labels[name][::_EVERY_S], scores[name][::_EVERY_S]) for name in labels]
    kept = [(label[np.isfinite(score)], score[np.isfinite(score)]) for label, score in pairs]
    within = np.array([area(*pair) for pair in kept if 0 < pair[0].sum() < pair[0].size])
    rng = np.random.default_rng(seed)
    drawn = [_pooled([kept[i] for i in rng.integers(0, len(kept), len(kept))]) for _ in range(BOOTSTRAPS)]
    return Auc(
        pooled=_pooled(kept),
        low=float(np.quantile(drawn, 0.025)),
        high=float(np.quantile(drawn, 0.975)),
        median=float(np.median(within)),
        quartiles=(float(np.quantile(within, 0.25)), float(np.quantile(within, 0.75))),
        seconds=sum(score.size for _, score in kept) / sum(score.size for _, score in pairs),
    )


def _pooled(pairs: Sequence[tuple[Labels, Floats]]) -> float:
    return area(np.concatenate([label for label, _ in pairs]), np.concatenate([score for _, score in pairs]))


def scatter(labels: Mapping[str, Labels], scores: Mapping[str, Floats]) -> float:
    """Standard deviation of a subject's log-odds while the label stays the same, over all subjects."""
    rests: list[Floats] = []
    for name, label in labels.items():
        for value in (0, 1):
            chosen = scores[name][(label == value) & np.isfinite(scores[name])]
            rests.append(chosen - chosen.mean() if chosen.size else chosen)
    return float(np.concatenate(rests).std())
