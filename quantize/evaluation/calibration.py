"""Whether intervals hold what they should and probabilities come true."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32] | NDArray[np.float64]

WITHIN_90 = 1.645
"""Standard deviations that hold 90 % of a normal distribution."""

BINS = 10


@dataclass(frozen=True, slots=True)
class Bin:
    """Faces to which the model gave about the same probability of pain.

    Attributes:
        stated: mean of the probabilities.
        found: share of pain among them.
        weight: share of all faces (both classes weighing the same).
    """

    stated: float
    found: float
    weight: float


def coverage(truth: Floats, guess: Floats, deviation: Floats) -> float:
    """Share of truths within guess ± `WITHIN_90` deviations; 0.9 is right. Rows with NaN do not count."""
    there = np.isfinite(truth) & np.isfinite(guess)
    if not there.any():
        return float("nan")
    return float((np.abs(truth - guess)[there] <= WITHIN_90 * deviation[there]).mean())


def reliability(
    probability: Floats, happened: NDArray[np.bool_], weight: NDArray[np.float64]
) -> tuple[tuple[Bin, ...], float]:
    """The reliability curve and the expected calibration error (Naeini et al., AAAI 2015; Guo et al., ICML 2017).

    Args:
        probability: (n,) stated, 0..1.
        happened: (n,) whether it was so.
        weight: (n,) how much each counts.

    Returns:
        Bins of equal width that hold anything, and the mean distance between stated and found, weighted.
    """
    place = np.clip((probability * BINS).astype(int), 0, BINS - 1)
    mass = np.bincount(place, weight, BINS)
    stated = np.bincount(place, weight * probability, BINS)
    found = np.bincount(place, weight * happened, BINS)
    bins = tuple(
        Bin(float(stated[k] / mass[k]), float(found[k] / mass[k]), float(mass[k] / mass.sum()))
        for k in range(BINS)
        if mass[k] > 0
    )
    return bins, float(sum(one.weight * abs(one.stated - one.found) for one in bins))


def even_weights(happened: NDArray[np.bool_]) -> NDArray[np.float64]:
    """(n,) weights with which both classes weigh the same, as they did when the probability was fitted."""
    positive = max(int(happened.sum()), 1)
    return np.where(happened, 0.5 / positive, 0.5 / max(len(happened) - positive, 1))
