"""Heart rate and its variability from the beats of a stretch, valid ones only."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.biosignal import intervals
from edge.biosignal.median import mean

Signal = NDArray[np.float64]
Mask = NDArray[np.bool_]

NAN = float("nan")

VARIABILITY_S = 60.0
"""RMSSD and SDNN rest on this long: of ultra-short recordings RMSSD agrees with five minutes from 30 s on and SDNN
from 60 s on (Munoz et al. 2015, PLoS One 10:e0138921)."""

_FEWEST = 20
"""Valid intervals for a variability: a third of a minute of a slow heart."""

_FEWEST_FOR_RATE = 3
"""Valid intervals for a heart rate."""


@dataclass(frozen=True, slots=True, eq=False)
class Train:
    """Intervals of a stretch, in order, with those that count.

    Attributes:
        seconds: (n,) lengths.
        ends_s: (n,) time of the beat that ends each.
        good: (n,) whether both beats were measured, nothing is missing between, and the length can be one heart beat
            among its neighbours.
    """

    seconds: Signal
    ends_s: Signal
    good: Mask

    def since(self, start_s: float) -> Train:
        """Intervals that ended at or after `start_s`."""
        first = int(np.searchsorted(self.ends_s, start_s))
        return Train(self.seconds[first:], self.ends_s[first:], self.good[first:])


def train(times_s: Signal, whole: Mask) -> Train:
    """Intervals between beats, artefacts marked.

    Args:
        times_s: (n,) beat times, rising.
        whole: (n,) whether the signal from the beat before to this one was measured without a gap.
    """
    seconds, ends_s = np.diff(times_s), times_s[1:]
    known = whole[1:]
    kept = intervals.reject(seconds[known], ends_s[known])
    good = np.zeros(ends_s.size, dtype=np.bool_)
    good[np.searchsorted(ends_s, kept.ends_s)] = True
    return Train(seconds, ends_s, good)


def heart_rate_bpm(beats: Train) -> float:
    """60 over the mean valid interval; NaN with fewer than three."""
    valid = beats.seconds[beats.good]
    return 60.0 / mean(valid) if valid.size >= _FEWEST_FOR_RATE else NAN


def rmssd_s(beats: Train) -> float:
    """Root mean square of differences between valid intervals that follow each other (Task Force 1996), seconds."""
    pairs = beats.good[1:] & beats.good[:-1]
    if int(pairs.sum()) < _FEWEST:
        return NAN
    differences = np.diff(beats.seconds)[pairs]
    return math.sqrt(mean(differences * differences))


def sdnn_s(beats: Train) -> float:
    """Standard deviation of the valid intervals (Task Force 1996), seconds."""
    valid = beats.seconds[beats.good]
    return float(valid.std(ddof=1)) if valid.size >= _FEWEST else NAN
