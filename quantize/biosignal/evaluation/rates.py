"""Heart rate against a reference, by signal quality."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from quantize.biosignal.evaluation.figures import RateBand
from quantize.biosignal.evaluation.measure import QUALITY_EDGES
from quantize.evaluation.bootstrap import interval

Floats = NDArray[np.float64]

NEAR_BPM = 5.0
"""What "right" means: the error that a clinical heart rate meter may have (ANSI/AAMI EC13: 10 % or 5 bpm)."""


def rate_bands(people: Sequence[tuple[Floats, Floats, Floats]], counts: Floats) -> tuple[RateBand, ...]:
    """Error in each range of quality.

    Args:
        people: per person (n,) heart rate, (n,) reference, (n,) quality; seconds with NaN in the first two do not
            count.
        counts: draws of the people.
    """
    whole = sum(quality.size for _, _, quality in people)
    made = []
    for low, high in pairwise(QUALITY_EDGES):
        sums = np.array([_sums(*one, low, high) for one in people]).reshape(-1, 4)
        made.append(
            RateBand(
                low,
                min(high, 1.0),
                interval(partial(_mean, sums[:, 1], sums[:, 0]), counts),
                interval(partial(_mean, sums[:, 2], sums[:, 0]), counts),
                float(sums[:, 3].sum()) / whole if whole else float("nan"),
            )
        )
    return tuple(made)


def _sums(rate: Floats, reference: Floats, quality: Floats, low: float, high: float) -> tuple[float, ...]:
    inside = (quality >= low) & (quality < high)
    off = np.abs(rate - reference)[inside & np.isfinite(rate) & np.isfinite(reference)]
    return float(off.size), float(off.sum()), float((off <= NEAR_BPM).sum()), float(inside.sum())


def _mean(what: Floats, of: Floats, count: Floats) -> float:
    whole = float(count @ of)
    return float(count @ what) / whole if whole else float("nan")
