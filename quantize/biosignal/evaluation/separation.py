"""Area under the ROC curve over people who are drawn with replacement, from one table of pairs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Pairs:
    """How often each person's aroused seconds outscore each person's calm ones.

    With it the pooled area of any draw is a sum of products (the area is the share of ordered pairs, Hanley & McNeil,
    Radiology 1982;143:29-36), so that hundreds of draws cost nothing.

    Args:
        scores: per person (n,) scores, all finite.
        labels: per person (n,) 0 or 1.
    """

    def __init__(self, scores: Sequence[Floats], labels: Sequence[NDArray[np.int64]]) -> None:
        """Count the pairs."""
        high = [score[label == 1] for score, label in zip(scores, labels, strict=True)]
        low = [np.sort(score[label == 0]) for score, label in zip(scores, labels, strict=True)]
        self.aroused = np.array([one.size for one in high], dtype=np.float64)
        self.calm = np.array([one.size for one in low], dtype=np.float64)
        self._won = np.array([[_won(above, below) for below in low] for above in high]).reshape(len(high), len(low))

    def pooled(self, counts: Floats) -> float:
        """Area over everybody's seconds in one curve; NaN where a class is missing.

        Args:
            counts: (people,) how often each person counts.
        """
        pairs = float(counts @ self.aroused) * float(counts @ self.calm)
        return float(counts @ self._won @ counts) / pairs if pairs else float("nan")

    def within(self) -> Floats:
        """(people,) area within each person, NaN where one of the classes is missing."""
        pairs = self.aroused * self.calm
        return np.where(pairs > 0, np.diagonal(self._won) / np.maximum(pairs, 1.0), np.nan)


def _won(high: Floats, low: Floats) -> float:
    """Pairs in which the one of `high` lies above the one of (sorted) `low`; ties count half."""
    below = np.searchsorted(low, high, "left")
    level = np.searchsorted(low, high, "right") - below
    return float(below.sum() + 0.5 * level.sum())


def mean_within(within: Floats, counts: Floats) -> float:
    """Mean of the areas within the people who have one, each as often as it counts."""
    weight = counts * np.isfinite(within)
    return float(weight @ np.nan_to_num(within) / weight.sum()) if weight.sum() else float("nan")
