"""How far a figure could be otherwise: the bootstrap over people (Efron & Tibshirani 1993).

People are drawn with replacement, not pictures: pictures of one face err together, and a thousand pictures of ten
people say little about the eleventh.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

ROUNDS = 400
"""Draws of the people; percentiles of 400 are steady to about a tenth of the interval's width."""

LEVEL = 0.95
"""Share of the draws within the interval stated."""


@dataclass(frozen=True, slots=True)
class Value:
    """A figure with its interval.

    Attributes:
        value: on everybody.
        low, high: percentiles of the bootstrap over identities (2.5 and 97.5); NaN with fewer than two people.
    """

    value: float
    low: float
    high: float


def draws(people: int, *, rounds: int, seed: int) -> NDArray[np.float64]:
    """How often each of `people` is drawn in each round: (rounds, people)."""
    rng = np.random.default_rng(seed)
    chosen = rng.integers(0, max(people, 1), (rounds, people))
    counts = np.zeros((rounds, people))
    for row, one in zip(counts, chosen, strict=True):
        row += np.bincount(one, minlength=people)
    return counts


def interval(statistic: Callable[[NDArray[np.float64]], float], counts: NDArray[np.float64]) -> Value:
    """A figure with its interval.

    Args:
        statistic: the figure, given how often each person counts: (people,).
        counts: from `draws`. Draws that have no figure (nobody of a class was drawn) are left out.
    """
    people = counts.shape[1]
    value = statistic(np.ones(people)) if people else float("nan")
    if people < 2:
        return Value(value, float("nan"), float("nan"))
    drawn = np.array([statistic(row) for row in counts])
    drawn = drawn[np.isfinite(drawn)]
    if not len(drawn):
        return Value(value, float("nan"), float("nan"))
    low, high = np.quantile(drawn, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Value(value, float(low), float(high))
