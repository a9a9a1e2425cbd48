"""Signs by which a stretch of pulse wave is trusted or not: each a plain number with an absolute meaning."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from edge.biosignal.median import mean, median

Signal = NDArray[np.float64]
Mask = NDArray[np.bool_]

LOOK_BACK_S = 8.0
"""Signs rest on eight seconds: six beats at the slowest rate of interest."""

_FFT = 1024
"""Points of every spectrum; a bin is 1/16 Hz at 64 Hz."""

_BEAT_HALF_S = 0.25
"""Half of the stretch around an upstroke whose shape is compared."""


@dataclass(frozen=True, slots=True)
class PulseSigns:
    """Signs of eight seconds.

    Attributes:
        coverage: share of the samples that arrived.
        stuck: share of samples that stand still at the stretch's extremes (saturation, flat line).
        repeats: autocorrelation of the slope at the beats' own interval, -1..1.
        alike: mean correlation of each upstroke's shape with their mean, -1..1.
        explained: share of the stretch that lies inside valid intervals.
        skewness: of the slope; an upstroke is steeper than a decline, a hum is not.
        tone: share of the slope's power at the heart rate alone; a pulse has harmonics, a hum none.
        noise: standard deviation of white noise over that of the pulse wave.
        hum: share of the power that is one line at an alias of mains.
        moving_g: standard deviation of band-passed acceleration, all axes together; 0 without an accelerometer.
        taken: share of the slope's power that the canceller took out.
    """

    coverage: float
    stuck: float
    repeats: float
    alike: float
    explained: float
    skewness: float
    tone: float
    noise: float
    hum: float
    moving_g: float
    taken: float


def stuck_share(values: Signal) -> float:
    """Share of samples that repeat their neighbour at the highest or lowest value; 1 for a flat line."""
    if values.size < 2:
        return 1.0
    low, high = values.min(), values.max()
    if high - low == 0.0:
        return 1.0
    newer = values[1:]
    same = newer - values[:-1] == 0.0
    extreme = (newer == high) | (newer == low)
    return mean(same & extreme)


def repetition(slope: Signal, rate_hz: float, interval_s: float) -> float:
    """Autocorrelation of the slope within 8 % of an interval.

    Args:
        slope: (n,) band-passed pulse wave.
        rate_hz: sampling rate.
        interval_s: mean interval between the beats.
    """
    rise = slope - mean(slope)
    limit = 3.0 * median(np.abs(rise)) / 0.6745  # one jerk must not outweigh eight beats
    rise = np.minimum(np.maximum(rise, -limit), limit)
    spectrum = np.abs(np.fft.rfft(rise, 2 * _fft_size(rise.size))) ** 2
    raw = np.fft.irfft(spectrum)[: rise.size]
    first, last = round(0.92 * interval_s * rate_hz), round(1.08 * interval_s * rate_hz)
    if raw[0] <= 0.0 or last >= rise.size // 2 + rise.size // 4:
        return 0.0
    lags = np.arange(first, last + 1)
    return float((raw[lags] / raw[0] * rise.size / (rise.size - lags)).max())


def _fft_size(count: int) -> int:
    return 1 << int(count - 1).bit_length()


def likeness(slope: Signal, places: NDArray[np.int64], rate_hz: float) -> float:
    """Mean correlation of the upstrokes' shapes with their mean, each left out of the mean it is compared with.

    Args:
        slope: (n,) band-passed pulse wave.
        places: (k,) sample of each upstroke.
        rate_hz: sampling rate.
    """
    half = round(_BEAT_HALF_S * rate_hz)
    inside = places[(places >= half) & (places < slope.size - half)]
    if inside.size < 3:
        return 0.0
    shapes = slope[inside[:, None] + np.arange(-half, half + 1)]
    shapes = shapes - shapes.sum(axis=1, keepdims=True) / shapes.shape[1]
    scale = np.sqrt((shapes * shapes).sum(axis=1))
    if not (scale > 0.0).all():
        return 0.0
    shapes = shapes / scale[:, None]
    total = shapes.sum(axis=0)
    others = total - shapes
    return mean((shapes * others).sum(axis=1) / np.sqrt((others * others).sum(axis=1)))


def skewness(values: Signal) -> float:
    """Third standardised moment; 0 for a signal without spread."""
    centred = values - mean(values)
    squares = centred * centred
    deviation = mean(squares) ** 0.5
    return mean(squares * centred) / deviation**3 if deviation > 0.0 else 0.0


def tone_share(slope: Signal, rate_hz: float, heart_hz: float) -> float:
    """Share of the slope's power within 0.25 Hz (what the window spreads) of the heart rate."""
    power = np.abs(np.fft.rfft((slope - mean(slope)) * hann(slope.size), _FFT)) ** 2
    total = float(power.sum())
    near = np.abs(_bins_hz(rate_hz) - heart_hz) <= 0.25
    return float(power[near].sum()) / total if total > 0.0 else 1.0


def noise_ratio(wave: Signal) -> float:
    """White noise over the whole: third differences, in which a smooth pulse leaves little, against the spread.

    With 2 % of white noise on a generated pulse it is 0.07 at 64 Hz, for white noise alone 1.
    """
    whole = float(wave.std())
    return median(np.abs(np.diff(wave, 3))) / 0.6745 / 20.0**0.5 / whole if whole > 0.0 else 1.0


def hum_share(wave: Signal, rate_hz: float) -> float:
    """Share of the power above 3 Hz that sits in one line where mains (50 or 60 Hz) appears at this sampling rate."""
    power = np.abs(np.fft.rfft((wave - mean(wave)) * hann(wave.size), _FFT)) ** 2
    bins_hz = _bins_hz(rate_hz)
    total = float(power[bins_hz > 0.5].sum())
    if total <= 0.0:
        return 0.0
    shares = [
        float(power[np.abs(bins_hz - alias) <= 0.25].sum()) / total
        for mains_hz in (50.0, 60.0)
        if (alias := abs(mains_hz - rate_hz * round(mains_hz / rate_hz))) > 3.0
    ]
    return max(shares, default=0.0)


@lru_cache(maxsize=64)
def hann(size: int) -> Signal:
    """(size,) Hann window."""
    return np.asarray(np.hanning(size), dtype=np.float64)


@lru_cache(maxsize=8)
def _bins_hz(rate_hz: float) -> Signal:
    return np.asarray(np.fft.rfftfreq(_FFT, 1.0 / rate_hz), dtype=np.float64)


def spread(acc: Signal) -> float:
    """Standard deviation of (n, 3) acceleration, all axes together."""
    flat = (acc - np.full(len(acc), 1.0 / len(acc)) @ acc).ravel()
    return math.sqrt(float(flat @ flat) / len(acc))
