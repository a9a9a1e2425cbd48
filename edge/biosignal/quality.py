"""Signal quality 0..1, absolute: nothing is compared with the recording's own average.

Each quality is a product of reasons to doubt, so one serious reason is enough. Accelerometer readings lower the
quality of the other signals; they never speak for or against arousal.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edge.biosignal.beats import slope
from edge.biosignal.grid import Grid
from edge.biosignal.median import median

Signal = NDArray[np.float64]

GSR_LOWEST_US, GSR_HIGHEST_US = 0.05, 60.0
"""Skin conductance outside is not skin (Kleckner et al. 2018, IEEE Trans Biomed Eng 65:1460)."""

_GSR_STEP_SHARE = 0.1
"""Relative change per second above which conductance is an electrode artefact: dry wrist electrodes need a bound that
follows the level (the same source's is 10 µS per second, five times what many wrists have at all)."""

_GSR_NOISE_SHARE = 0.02
"""White noise as a share of the level at which half the trust is gone: an SCR of a few per cent drowns in it."""

_GSR_NOISE_US = 0.02
"""...but never less than this, the size of the smallest SCR that is counted."""

_PERIODIC_NONE, _PERIODIC_FULL = 0.35, 0.75
"""Autocorrelation of the pulse's slope at the beat's lag. Ten seconds of white noise reach 0.36 in one case of
a hundred, the generator's clean pulses 0.79 or more in 99. On Stress-Predict the median error of the heart rate
against the E4's own is 11-13 bpm below 0.35, 7 at 0.35-0.5, 5 at 0.5-0.65, 4 at 0.65-0.85 and 2.6 above."""

_STILL_G, _MOVING_G = 0.03, 0.25
"""Standard deviation of acceleration below which a wrist is at rest, and from which a pulse wave is not trusted: on
Stress-Predict the median error of the heart rate is 4-5 bpm below 0.03 g, 7 above it, and 11 from 0.25 g on."""

_PPG_STUCK_FULL, _PPG_STUCK_NONE = 0.02, 0.2
"""Share of stuck samples: none on Stress-Predict; a clipped pulse wave spends a fifth of its time at its limits."""

_GSR_STUCK_FULL, _GSR_STUCK_NONE = 0.3, 0.7
"""...of conductance, which is coarse in steps of a nanosiemens: 0.17 is the 99th percentile on Stress-Predict."""

_GSR_JUMPS_FULL, _GSR_JUMPS_NONE = 0.05, 0.4
"""Share of steps that are too steep: 0.14 and 0.43 are the 95th and 99th percentiles on Stress-Predict."""

_GSR_INSIDE_FULL, _GSR_INSIDE_NONE = 0.98, 0.7
"""Share of samples that skin can have: a signal that leaves that range for a third of the time is not one."""

_COVERED_FULL, _COVERED_NONE = 0.95, 0.5
"""Share of samples that arrived: a lost notification or two do no harm, with half of them beats are lost."""


def _ramp(value: float, zero_at: float, one_at: float) -> float:
    """Straight line from 0 at `zero_at` to 1 at `one_at`, flat outside; works in both directions."""
    return float(np.clip((value - zero_at) / (one_at - zero_at), 0.0, 1.0))


def stuck_share(values: Signal) -> float:
    """Share of samples that repeat their neighbour and lie at the stretch's extremes: saturation, or a flat line."""
    if values.size < 2 or np.ptp(values) == 0.0:
        return 1.0
    same = np.diff(values) == 0.0
    extreme = (values[1:] == values.max()) | (values[1:] == values.min())
    return float((same & extreme).mean())


def periodicity(ppg: Signal, rate_hz: float) -> float:
    """Highest autocorrelation of the pulse's slope at a lag of 0.3 to 1.5 s (40..200 bpm), -1..1.

    Args:
        ppg: (n,) pulse wave, at least 4 s.
        rate_hz: sampling rate.
    """
    rise = slope(ppg, rate_hz)
    rise = rise - rise.mean()
    limit = 3.0 * median(np.abs(rise)) / 0.6745  # one jerk must not outweigh ten beats
    rise = np.clip(rise, -limit, limit)
    size = 1 << int(2 * rise.size - 1).bit_length()
    spectrum = np.fft.rfft(rise, size)
    raw = np.fft.irfft(spectrum * np.conj(spectrum), size)[: rise.size]
    if raw[0] <= 0.0:
        return 0.0
    unbiased = raw / raw[0] * rise.size / (rise.size - np.arange(rise.size))
    first, last = round(0.3 * rate_hz), min(round(1.5 * rate_hz), rise.size // 2)
    return float(_best_peak(unbiased[first : last + 1]))


def _best_peak(values: Signal) -> float:
    """The highest local maximum, so that the flank of the peak at lag 0 does not count; 0 without one."""
    inner = values[1:-1]
    peaks = inner[(inner >= values[:-2]) & (inner > values[2:])]
    return float(peaks.max()) if peaks.size else 0.0


def motion_trust(acc_g: Grid | None) -> float:
    """1 for a resting wrist, 0 for a moving one, 1 where the band has no accelerometer."""
    if acc_g is None or acc_g.coverage < 0.5:
        return 1.0
    spread = float(np.sqrt(acc_g.values.var(axis=0).sum()))
    return _ramp(spread, _MOVING_G, _STILL_G)


def ppg_quality(ppg: Grid, acc_g: Grid | None = None) -> float:
    """Quality of ten seconds of pulse wave.

    Args:
        ppg: the newest ten seconds.
        acc_g: the same seconds of acceleration, where the band has it.

    Returns:
        0 for a flat, saturated, absent or aperiodic signal; 1 for clean pulses.
    """
    if ppg.coverage < 0.5 or ppg.values.size < 4 * ppg.rate_hz:
        return 0.0
    trust = _ramp(stuck_share(ppg.values[ppg.present]), _PPG_STUCK_NONE, _PPG_STUCK_FULL)
    if trust == 0.0:
        return 0.0
    trust *= _ramp(periodicity(ppg.values, ppg.rate_hz), _PERIODIC_NONE, _PERIODIC_FULL)
    return trust * _ramp(ppg.coverage, _COVERED_NONE, _COVERED_FULL) * motion_trust(acc_g)


def gsr_noise_us(gsr_us: Signal) -> float:
    """Standard deviation of white noise in a smooth signal, from second differences (robust), microsiemens."""
    bends = np.abs(np.diff(gsr_us, 2))
    return float(median(bends) / 0.6745 / np.sqrt(6.0)) if bends.size else 0.0


def gsr_quality(gsr: Grid, acc_g: Grid | None = None) -> float:
    """Quality of fifteen seconds of skin conductance.

    Args:
        gsr: the newest fifteen seconds, microsiemens.
        acc_g: the same seconds of acceleration, where the band has it.

    Returns:
        0 when off the skin, flat, saturated or absent; low when noisy or jumping; 1 for a clean signal.
    """
    values = gsr.values[gsr.present]
    if gsr.coverage < 0.5 or values.size < 8 or np.ptp(values) == 0.0:
        return 0.0
    inside = float(((values >= GSR_LOWEST_US) & (values <= GSR_HIGHEST_US)).mean())
    level = max(median(values), GSR_LOWEST_US)
    step = np.abs(np.diff(gsr.values)) * gsr.rate_hz / level
    jumps = float((step > _GSR_STEP_SHARE * 2.0).mean())  # an SCR's own upstroke may pass 10 % per second
    noise = gsr_noise_us(values) / max(_GSR_NOISE_SHARE * level, _GSR_NOISE_US)
    trust = _ramp(inside, _GSR_INSIDE_NONE, _GSR_INSIDE_FULL) * _ramp(jumps, _GSR_JUMPS_NONE, _GSR_JUMPS_FULL)
    trust *= _ramp(stuck_share(values), _GSR_STUCK_NONE, _GSR_STUCK_FULL) / (1.0 + noise**2)
    # A slow signal is less hurt by movement than a pulse wave: half the trust remains.
    return trust * _ramp(gsr.coverage, _COVERED_NONE, _COVERED_FULL) * (0.5 + 0.5 * motion_trust(acc_g))
