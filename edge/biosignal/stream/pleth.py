"""Pulse interval and pulse amplitude against the patient's own: the idea of the Surgical Pleth Index.

Huiku et al. 2007 (Br J Anaesth 98:447) take 100 - (0.33 x normalised interval + 0.67 x normalised amplitude), each
normalised to 0..100 by a histogram of the patient that begins as a population's. The commercial index's histograms and
constants are not published; this is the idea, not that index, and its numbers must not be read as such.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Signal = NDArray[np.float64]

NAN = float("nan")

INTERVAL_WEIGHT, AMPLITUDE_WEIGHT = 0.33, 0.67
"""Weights of Huiku et al. 2007."""

_BINS = 96
"""Bins of a histogram: a step of 2.5 % in interval and 7 % in amplitude."""

_HALF_LIFE_S = 1800.0
"""Past that counts half: long against an episode, short against a change of dose or of the band's seat."""

_FADE_S = 60.0
"""The histogram's weight is renewed this often."""

_PRIOR_BEATS = 60.0
"""Beats of own data that weigh as much as the prior: about a minute."""

_FEWEST_BEATS = 30.0
"""Own beats before an amplitude has a rank: its unit is the band's, so no population has one."""


class Ranks:
    """A histogram with a half-life over the logarithm of a quantity.

    Args:
        low, high: ends of the histogram; what lies outside counts at its end.
        prior: (2,) mean and standard deviation of the logarithm in a population, or None.
    """

    def __init__(self, low: float, high: float, prior: tuple[float, float] | None) -> None:
        """Start with the prior."""
        self._low, self._step = np.log(low), (np.log(high) - np.log(low)) / _BINS
        middles = self._low + (np.arange(_BINS) + 0.5) * self._step
        self._counts = np.zeros(_BINS)
        self.own = 0.0
        if prior is not None:
            shape = np.exp(-0.5 * ((middles - prior[0]) / prior[1]) ** 2)
            self._counts = _PRIOR_BEATS * shape / shape.sum()

    def fade(self, share: float) -> None:
        """Let the past weigh `share` of what it did."""
        self._counts *= share
        self.own *= share

    def add(self, value: float) -> None:
        """Count a value above 0."""
        self._counts[self._bin(value)] += 1.0
        self.own += 1.0

    def rank(self, value: float) -> float:
        """Share of the past below `value`, 0..1, ties counted half; NaN without a past."""
        total = float(self._counts.sum())
        if total <= 0.0:
            return NAN
        place = self._bin(value)
        return float(self._counts[:place].sum() + 0.5 * self._counts[place]) / total

    def quantile(self, share: float) -> float:
        """Value below which `share` of the past lies; NaN without a past."""
        total = float(self._counts.sum())
        if total <= 0.0:
            return NAN
        place = int(np.searchsorted(np.cumsum(self._counts), share * total))
        return float(np.exp(self._low + (min(place, _BINS - 1) + 0.5) * self._step))

    def _bin(self, value: float) -> int:
        return int(min(max((np.log(value) - self._low) / self._step, 0.0), _BINS - 1))


class PlethIndex:
    """Ranks of interval and amplitude, from valid beats only."""

    def __init__(self) -> None:
        """Start with a population's intervals and without amplitudes."""
        self._intervals = Ranks(0.3, 2.0, (float(np.log(60.0 / 72.0)), 0.2))
        self._amplitudes: Ranks | None = None
        self._faded_s = 0.0

    def add(self, now_s: float, interval_s: float, amplitude: float) -> None:
        """Count a valid beat.

        Args:
            now_s: its time.
            interval_s: from the beat before.
            amplitude: above 0, unit of the band.
        """
        if now_s - self._faded_s >= _FADE_S:
            self._fade(now_s)
        self._intervals.add(interval_s)
        if amplitude > 0.0:
            if self._amplitudes is None:  # the band's unit is unknown: two decades and a half around the first beat
                self._amplitudes = Ranks(amplitude / 30.0, amplitude * 30.0, None)
            self._amplitudes.add(amplitude)

    def _fade(self, now_s: float) -> None:
        share = 0.5 ** ((now_s - self._faded_s) / _HALF_LIFE_S)
        self._intervals.fade(share)
        if self._amplitudes is not None:
            self._amplitudes.fade(share)
        self._faded_s = now_s

    def value(self, interval_s: float, amplitude: float) -> float:
        """0..100, high with short intervals and small pulses; NaN before thirty own beats.

        Args:
            interval_s: mean interval of the moment.
            amplitude: median amplitude of the moment.
        """
        if self._amplitudes is None or self._amplitudes.own < _FEWEST_BEATS or not amplitude > 0.0:
            return NAN
        ranks = INTERVAL_WEIGHT * self._intervals.rank(interval_s) + AMPLITUDE_WEIGHT * self._amplitudes.rank(amplitude)
        return 100.0 * (1.0 - ranks)

    def amplitude_change(self, amplitude: float) -> float:
        """Amplitude against the patient's median, minus 1 (-0.5: half); NaN before thirty own beats."""
        if self._amplitudes is None or self._amplitudes.own < _FEWEST_BEATS:
            return NAN
        return amplitude / self._amplitudes.quantile(0.5) - 1.0
