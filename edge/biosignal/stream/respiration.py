"""Breathing from what it does to the pulse: interval, height and baseline of the beats.

Three estimates are made and believed only where they agree (smart fusion: Karlen et al. 2013, IEEE Trans Biomed Eng
60:1946).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edge.biosignal.median import mean
from edge.biosignal.stream.signs import hann

Signal = NDArray[np.float64]

NAN = float("nan")

LOOK_BACK_S = 32.0
"""The window of the same source: eight breaths at 15 per minute."""

_RATE_HZ = 4.0
"""Grid of the modulations: the fastest breath (45 per minute) is 0.75 Hz."""

_SLOWEST_HZ, _FASTEST_HZ = 4.0 / 60.0, 45.0 / 60.0
"""Breaths per minute that are sought (same source: 4 to 65; above 45 the heart rate's own half is too near)."""

_AGREE_PER_MIN = 4.0
"""Standard deviation of the estimates up to which their mean is given (same source)."""

_FEWEST_BEATS = 12
"""Beats in the stretch: two per breath at the slowest that is of interest."""

_PEAK_SHARE = 0.35
"""Share of a modulation's power within one bin of its peak; white modulations have 0.1 to 0.2."""


def respiration_per_min(times_s: Signal, modulations: tuple[Signal, ...], now_s: float) -> float:
    """Breaths per minute.

    Args:
        times_s: (n,) beat times of the look-back.
        modulations: arrays (n,): what breathing modulates, one value per beat.
        now_s: end of the look-back.

    Returns:
        The mean of at least two estimates that agree within 4 per minute, else NaN.
    """
    if times_s.size < _FEWEST_BEATS or times_s[-1] - times_s[0] < 0.7 * LOOK_BACK_S:
        return NAN
    grid_s = now_s - LOOK_BACK_S + np.arange(round(LOOK_BACK_S * _RATE_HZ)) / _RATE_HZ
    grid_s = grid_s[(grid_s >= times_s[0]) & (grid_s <= times_s[-1])]
    rates = [rate for values in modulations if np.isfinite(rate := _dominant(np.interp(grid_s, times_s, values)))]
    fastest = (
        30.0 * (times_s.size - 1) / (times_s[-1] - times_s[0])
    )  # a beat samples breathing: at most half the heart rate
    rates = [rate for rate in rates if rate <= fastest]
    if len(rates) < 2 or float(np.std(rates)) > _AGREE_PER_MIN:
        return NAN
    return float(np.mean(rates))


def _dominant(values: Signal) -> float:
    """Frequency of the largest peak per minute, refined between bins; NaN without a clear one."""
    t = np.linspace(-1.0, 1.0, values.size)
    centred = values - mean(values) - t * float(t @ values / (t @ t))
    size = 512
    power = np.abs(np.fft.rfft(centred * hann(values.size), size)) ** 2
    step_hz = _RATE_HZ / size
    first, last = int(np.ceil(_SLOWEST_HZ / step_hz)), int(_FASTEST_HZ / step_hz)
    place = first + int(power[first : last + 1].argmax())
    lobe = round(size / values.size)
    total = float(power[first : last + 1].sum())
    if place in (first, last) or total <= 0.0:
        return NAN
    if float(power[max(first, place - lobe) : place + lobe + 1].sum()) < _PEAK_SHARE * total:
        return NAN
    before, at, after = power[place - 1 : place + 2]
    bend = before - 2.0 * at + after
    return float(60.0 * step_hz * (place + (0.5 * (before - after) / bend if bend < 0.0 else 0.0)))
