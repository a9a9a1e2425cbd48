"""A plain logistic regression: the yardstick beside the networks, the heart-rate path, and the calibration lines."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_STEPS = 25
"""Newton steps; the fit stands still after about eight."""


def fit(inputs: Floats, labels: NDArray[np.int64], ridge: float = 1.0) -> Floats:
    """Fit with both classes weighted alike, so that log-odds are against a 50/50 prior.

    Args:
        inputs: (n, k) features.
        labels: (n,) 0 or 1, both present.
        ridge: penalty on the squared weights (not on the intercept).

    Returns:
        (k + 1,) weights, the intercept last.
    """
    design = np.column_stack([inputs, np.ones(len(inputs))])
    share = labels.mean()
    emphasis = np.where(labels == 1, 0.5 / share, 0.5 / (1.0 - share))
    penalty = np.append(np.full(inputs.shape[1], ridge), 0.0)
    weights = np.zeros(design.shape[1])
    for _ in range(_STEPS):
        chance = 1.0 / (1.0 + np.exp(-design @ weights))
        gradient = design.T @ (emphasis * (chance - labels)) + penalty * weights
        curve = (design * (emphasis * chance * (1.0 - chance))[:, None]).T @ design + np.diag(penalty)
        weights = weights - np.linalg.solve(curve, gradient)
    return weights


def log_odds(weights: Floats, inputs: Floats) -> Floats:
    """Log-odds (n,) of (n, k) features."""
    return np.asarray(inputs @ weights[:-1] + weights[-1])


def mean_of(inputs: NDArray[np.float32], newest_s: int) -> Floats:
    """Mean feature vectors over the usable seconds among the newest.

    Args:
        inputs: (n, 30, features) stretches, feature 0 is "usable".
        newest_s: seconds to look back.

    Returns:
        (n, features - 1).
    """
    recent = inputs[:, -newest_s:].astype(np.float64)
    usable = np.maximum(recent[:, :, 0].sum(axis=1), 1.0)
    return np.asarray(recent[:, :, 1:].sum(axis=1) / usable[:, None])
