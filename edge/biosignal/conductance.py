"""Skin conductance: tonic level (SCL) and skin conductance responses (SCRs)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Signal = NDArray[np.float64]

MIN_RESPONSE_US = 0.02
"""Smallest rise that counts as an SCR, µS. 0.01-0.05 µS are usual (Boucsein 2012); the E4's quantisation and dry
electrodes make 0.01 mostly noise."""

_MIN_RESPONSE_SHARE = 0.005
"""...and at least this share of the level, so that a noisy high level does not count its noise."""

_SMOOTH_S = 1.0
"""Triangular smoothing before turning points are sought: an SCR rises for 0.5-5 s (Boucsein 2012)."""

_SHORTEST_RISE_S, _LONGEST_RISE_S = 0.5, 6.0
"""Rise times that an SCR can have; slower rises are the level's own drift (a second above Boucsein's 5 s, because
smoothing lengthens a rise)."""


@dataclass(frozen=True, slots=True, eq=False)
class Responses:
    """Skin conductance responses of a stretch of signal.

    Attributes:
        onsets_s: (n,) seconds from the first sample at which the conductance began to rise.
        amplitudes_us: (n,) rise from onset to peak, microsiemens.
    """

    onsets_s: Signal
    amplitudes_us: Signal


def smooth(gsr_us: Signal, rate_hz: float) -> Signal:
    """Centred triangular smoothing over about a second, ends held.

    Args:
        gsr_us: (n,) skin conductance.
        rate_hz: sampling rate.
    """
    half = max(1, round(_SMOOTH_S * rate_hz / 2.0))
    kernel = np.concatenate([np.arange(1, half + 1), np.arange(half - 1, 0, -1)]).astype(np.float64)
    padded = np.pad(gsr_us, half - 1, mode="edge")
    return np.convolve(padded, kernel / kernel.sum(), mode="valid")


def level_us(gsr_us: Signal) -> float:
    """Tonic level: the median, which short responses do not move."""
    return float(np.median(gsr_us))


def slope_per_s(gsr_us: Signal, rate_hz: float) -> float:
    """Relative slope of the level, per second: the regression line through the logarithm.

    Args:
        gsr_us: (n,) skin conductance above 0.
        rate_hz: sampling rate.
    """
    t_s = (np.arange(gsr_us.size) - (gsr_us.size - 1) / 2.0) / rate_hz
    return float((t_s * np.log(gsr_us)).sum() / (t_s**2).sum())


def responses(gsr_us: Signal, rate_hz: float) -> Responses:
    """Find SCRs by the trough-to-peak method (Boucsein 2012, section 2.3.1.2).

    Args:
        gsr_us: (n,) skin conductance, at least 2 Hz.
        rate_hz: sampling rate.

    Returns:
        Rises between a trough and the next peak that are large and quick enough. A rise still under way at the end
        counts with what it has reached.
    """
    if gsr_us.size < 3:
        return Responses(np.empty(0), np.empty(0))
    smoothed = smooth(gsr_us, rate_hz)
    rising = np.diff(smoothed) > 0.0
    edges = np.flatnonzero(np.diff(np.concatenate([[0], rising.astype(np.int8), [0]])))
    troughs, peaks = edges[::2], edges[1::2]
    rises = smoothed[peaks] - smoothed[troughs]
    lasting_s = (peaks - troughs) / rate_hz
    large = rises >= np.maximum(MIN_RESPONSE_US, _MIN_RESPONSE_SHARE * smoothed[troughs])
    quick = (lasting_s >= _SHORTEST_RISE_S) & (lasting_s <= _LONGEST_RISE_S)
    good = large & quick
    return Responses(troughs[good] / rate_hz, rises[good])
