"""Pulse beats in a photoplethysmogram: causal band-pass, beat times finer than a sample, pulse amplitude.

The fiducial point of a beat is the steepest point of the systolic upstroke: it moves less with baseline wander and
with the shape of the wave than the peak does.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Signal = NDArray[np.float64]

_SIGMA_S = 0.055
"""Width of the derivative-of-Gaussian band-pass: its response is highest at 1 / (2 pi sigma) = 2.9 Hz, falls with
6 dB per octave below (breathing at 0.25 Hz: -19 dB) and is 0 at rest, so the fundamental and the first harmonics of
any pulse between 40 and 200 bpm pass."""

_REACH = 4.0
"""The kernel ends at 4 sigma, where the Gaussian is below 0.04 %; its delay is 0.22 s."""

_PEAK_S, _BEAT_S = 0.111, 0.667
"""Windows of the two moving averages: a systolic upstroke and a whole beat (Elgendi et al. 2013, PLoS One 8:e76585,
who found 111 and 667 ms best)."""

_OFFSET = 0.02
"""Share of the mean energy by which the short average must exceed the long one (same source)."""

_REFRACTORY_S = 0.3
"""Two beats are at least this far apart: 200 bpm."""

_FOOT_S, _TOP_S = 0.25, 0.35
"""The foot lies at most this long before, the systolic peak at most this long after the steepest point."""


@dataclass(frozen=True, slots=True, eq=False)
class Beats:
    """Beats of a stretch of signal.

    Attributes:
        times_s: (n,) steepest point of each upstroke, seconds from the first sample.
        amplitudes: (n,) systolic peak minus foot, in the unit of the signal.
    """

    times_s: Signal
    amplitudes: Signal


@lru_cache(maxsize=8)
def _kernel(rate_hz: float) -> Signal:
    half = int(np.ceil(_REACH * _SIGMA_S * rate_hz))
    t_s = np.arange(-half, half + 1) / rate_hz
    kernel = -t_s * np.exp(-0.5 * (t_s / _SIGMA_S) ** 2)
    return np.asarray(kernel / np.abs(kernel).sum())


def delay_s(rate_hz: float) -> float:
    """How far `slope` lags behind its input: a slope is known this long after it happened."""
    return (_kernel(rate_hz).size - 1) / 2.0 / rate_hz


def slope(ppg: Signal, rate_hz: float) -> Signal:
    """Band-passed derivative of the pulse wave, causal: sample i rests on samples up to i and is `delay_s` late.

    Args:
        ppg: (n,) pulse wave, arbitrary units.
        rate_hz: sampling rate.

    Returns:
        (n,) smoothed slope; the first 2 * delay_s are filled as if the first sample had always been.
    """
    kernel = _kernel(rate_hz)
    padded = np.concatenate([np.full(kernel.size - 1, ppg[0]), ppg])
    return np.convolve(padded, kernel, mode="valid")


def _moving_average(values: Signal, width: int) -> Signal:
    """Centred moving average; at the ends over what there is."""
    total = np.concatenate([[0.0], np.cumsum(values)])
    index = np.arange(values.size)
    low = np.maximum(index - width // 2, 0)
    high = np.minimum(index + width // 2 + 1, values.size)
    return np.asarray((total[high] - total[low]) / (high - low))


def detect(ppg: Signal, rate_hz: float) -> Beats:
    """Find the beats of a stretch of pulse wave.

    Two moving averages of the squared upward slope mark blocks that hold one upstroke each (Elgendi et al. 2013); the
    steepest point inside is refined with a parabola through three samples.

    Args:
        ppg: (n,) pulse wave at 20 Hz or more; upstrokes go up.
        rate_hz: sampling rate.

    Returns:
        Beats in order of time; none for a signal shorter than a second or without any upward slope.
    """
    empty = Beats(np.empty(0), np.empty(0))
    if ppg.size < rate_hz:
        return empty
    filtered = slope(ppg, rate_hz)
    energy = np.maximum(filtered, 0.0) ** 2
    if not energy.any():
        return empty
    short = _moving_average(energy, round(_PEAK_S * rate_hz))
    long = _moving_average(energy, round(_BEAT_S * rate_hz))
    peaks = _block_peaks(short > long + _OFFSET * energy.mean(), filtered, round(_PEAK_S * rate_hz))
    peaks = _apart(peaks, filtered, _REFRACTORY_S * rate_hz)
    if peaks.size == 0:
        return empty
    times_s = (peaks + _parabola(filtered, peaks)) / rate_hz - delay_s(rate_hz)
    return Beats(times_s, _amplitudes(ppg, times_s, rate_hz))


def _block_peaks(marked: NDArray[np.bool_], filtered: Signal, shortest: int) -> NDArray[np.int64]:
    """Index of the largest slope in each block of at least `shortest` marked samples."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], marked.astype(np.int8), [0]])))
    starts, ends = edges[::2], edges[1::2]
    wide = ends - starts >= shortest
    peaks = [start + int(filtered[start:end].argmax()) for start, end in zip(starts[wide], ends[wide], strict=True)]
    inside = np.array(peaks, dtype=np.int64)
    return inside[(inside > 0) & (inside < filtered.size - 1)]


def _apart(peaks: NDArray[np.int64], filtered: Signal, distance: float) -> NDArray[np.int64]:
    """Of peaks closer than `distance`, keep the steeper."""
    kept: list[int] = []
    for peak in peaks.tolist():
        if kept and peak - kept[-1] < distance:
            if filtered[peak] > filtered[kept[-1]]:
                kept[-1] = peak
        else:
            kept.append(peak)
    return np.array(kept, dtype=np.int64)


def _parabola(values: Signal, peaks: NDArray[np.int64]) -> Signal:
    """Offset of the vertex through each peak and its two neighbours, in samples, at most half of one."""
    before, at, after = values[peaks - 1], values[peaks], values[peaks + 1]
    bend = before - 2.0 * at + after
    safe = np.where(bend < 0.0, bend, -1.0)
    return np.clip(np.where(bend < 0.0, 0.5 * (before - after) / safe, 0.0), -0.5, 0.5)


def _amplitudes(ppg: Signal, times_s: Signal, rate_hz: float) -> Signal:
    """Systolic peak minus foot around each beat."""
    centre = np.rint(times_s * rate_hz).astype(np.int64)
    before = np.arange(-round(_FOOT_S * rate_hz), 1)
    after = np.arange(0, round(_TOP_S * rate_hz) + 1)
    last = ppg.size - 1
    foot = ppg[np.clip(centre[:, None] + before, 0, last)].min(axis=1)
    top = ppg[np.clip(centre[:, None] + after, 0, last)].max(axis=1)
    return np.asarray(top - foot)
