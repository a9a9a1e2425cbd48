"""Inter-beat intervals (IBI): artefact rejection, heart rate, RMSSD."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.biosignal.median import mean, median

Signal = NDArray[np.float64]

SHORTEST_S, LONGEST_S = 0.3, 2.0
"""Intervals outside 30..200 bpm are artefacts at a bedside."""

_NEIGHBOUR_SHARE = 0.25
"""An interval further than this from the median of its neighbourhood is an artefact. Malik's classical filter uses
20 % against the interval before; the median of five tolerates more of the breathing rhythm, so 25 %."""

_FEWEST = 4
"""Intervals needed for a heart rate: with fewer, one missed beat moves the median by a third."""

_FEWEST_DIFFERENCES = 8
"""Successive differences needed for RMSSD: ultra-short RMSSD is usable from about 10 s (Munoz et al. 2015)."""


@dataclass(frozen=True, slots=True, eq=False)
class Intervals:
    """Intervals that survived artefact rejection.

    Attributes:
        seconds: (n,) interval lengths.
        ends_s: (n,) time of the beat that ends each interval.
        follows: (n,) whether the interval directly follows the kept one before it.
        kept: share of all intervals that were kept, 0..1.
    """

    seconds: Signal
    ends_s: Signal
    follows: NDArray[np.bool_]
    kept: float


def reject(seconds: Signal, ends_s: Signal) -> Intervals:
    """Leave out intervals that cannot be one heart beat long.

    Args:
        seconds: (n,) interval lengths in order.
        ends_s: (n,) when each ended.
    """
    possible = (seconds >= SHORTEST_S) & (seconds <= LONGEST_S)
    usual = _local_median(seconds)
    good = possible & (np.abs(seconds - usual) <= _NEIGHBOUR_SHARE * usual)
    follows = np.concatenate([[False], good[:-1]])[: good.size]
    return Intervals(seconds[good], ends_s[good], follows[good], mean(good) if good.size else 0.0)


def _local_median(seconds: Signal) -> Signal:
    """Median of each value and its two neighbours on either side."""
    if seconds.size == 0:
        return seconds
    if seconds.size > 2:
        padded = np.concatenate([seconds[2:0:-1], seconds, seconds[-2:-4:-1]])  # reflected at both ends
    else:
        padded = np.pad(seconds, 2, mode="edge")
    return np.asarray(np.sort(np.lib.stride_tricks.sliding_window_view(padded, 5), axis=1)[:, 2])


def heart_rate_bpm(intervals: Intervals) -> float:
    """Heart rate from the median interval, beats per minute; NaN with fewer than four intervals."""
    if intervals.seconds.size < _FEWEST:
        return float("nan")
    return 60.0 / median(intervals.seconds)


def rmssd_s(intervals: Intervals) -> float:
    """Root mean square of successive differences, seconds (Task Force 1996); NaN with fewer than eight of them."""
    differences = np.diff(intervals.seconds)[intervals.follows[1:]]
    if differences.size < _FEWEST_DIFFERENCES:
        return float("nan")
    return float(np.sqrt(mean(differences * differences)))
