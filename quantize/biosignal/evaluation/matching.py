"""Two lists of beats: which belong together, and what heart rates they give."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Seconds = NDArray[np.float64]

TOLERANCE_S = 0.1
"""Beats closer than this are one: two thirds of the 150 ms of ANSI/AAMI EC57 (made for the QRS complex), because the
constant offset between two fiducial points is taken out first."""

_FARTHEST_S = 0.35
"""Fiducial points of one beat (foot, upstroke, peak) lie closer than this: a beat lasts 0.3 s at 200 bpm."""

PIECE_S = 10.0
"""Heart rates are compared over pieces of this length, that over which the box takes its own."""

_FEWEST = 4
"""Beats that a piece needs for a heart rate."""


def aligned(found: Seconds, reference: Seconds) -> Seconds:
    """`found` without its constant offset against `reference` (the median distance to the nearest one).

    Packages mark different points of one beat (its foot, its upstroke, its peak), and filters delay it.
    """
    if not found.size or not reference.size:
        return found
    distances = found - nearest(found, reference)
    near = distances[np.abs(distances) <= _FARTHEST_S]
    return found - float(np.median(near)) if near.size else found


def nearest(times_s: Seconds, among: Seconds) -> Seconds:
    """(n,) for each time the nearest of `among` (rising, not empty)."""
    place = np.clip(np.searchsorted(among, times_s), 1, max(among.size - 1, 1))
    before, after = among[place - 1], among[np.minimum(place, among.size - 1)]
    return np.where(times_s - before <= after - times_s, before, after)


def matched(found: Seconds, reference: Seconds, tolerance_s: float = TOLERANCE_S) -> NDArray[np.bool_]:
    """(n,) for each found beat whether it has one of the reference to itself.

    Args:
        found: (n,) rising.
        reference: (m,) rising.
        tolerance_s: how far apart two beats may be.
    """
    hits = np.zeros(found.size, dtype=np.bool_)
    i = j = 0
    while i < found.size and j < reference.size:
        distance = found[i] - reference[j]
        if abs(distance) <= tolerance_s:
            hits[i] = True
            i, j = i + 1, j + 1
        elif distance < 0:
            i += 1
        else:
            j += 1
    return hits


def f1(hits: float, found: float, reference: float) -> float:
    """2 hits / (found + reference): the harmonic mean of sensitivity and precision; NaN where both lists are empty."""
    return 2.0 * hits / (found + reference) if found + reference else float("nan")


def rate_bpm(beats_s: Seconds) -> float:
    """Heart rate from the median interval; NaN with too few beats."""
    return float(60.0 / np.median(np.diff(beats_s))) if beats_s.size >= _FEWEST else float("nan")


def inside(times_s: Seconds, start_s: float) -> NDArray[np.bool_]:
    """(n,) which times lie in the piece that begins at `start_s`."""
    return (times_s >= start_s) & (times_s < start_s + PIECE_S)
