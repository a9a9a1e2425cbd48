"""Tonic and phasic skin conductance by causal deconvolution, sample by sample.

The method is continuous decomposition analysis (Benedek & Kaernbach 2010, J Neurosci Methods 190:80): conductance is
taken as a driver convolved with the Bateman curve of one sweat response, and the driver is found by the inverse of that
curve, which is two first-order lags and has a closed form. Their search for each person's time constants and their
non-causal baseline through the gaps between responses are left out: constants are fixed, and the tonic driver is a low
quantile of the newest seconds. Unlike in trough-to-peak scoring, responses that ride on one another keep their size.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edge.biosignal.stream.filters import Fir, Ring, gaussian_kernel

Signal = NDArray[np.float64]

RISE_S, DECAY_S = 0.75, 2.0
"""Time constants of the Bateman curve (Alexander et al. 2005, J Neurosci Methods 146:116; the defaults of Benedek &
Kaernbach)."""

SMOOTH_S = 0.35
"""Standard deviation of the Gaussian before differentiation: white noise of 3 nS becomes 0.02 µS of driver, a response
of 0.02 µS a bump of 0.08."""

_TONIC_S = 15.0
"""The tonic driver is sought in this long."""

_TONIC_QUANTILE = 0.3
"""...as the value below which 30 % lie: even twenty responses a minute leave the driver at rest for half the time."""


def bateman(rate_hz: float) -> Signal:
    """The answer to a driver of area 1 (µS x s), 12 s long, in µS; its peak is 0.278 per second."""
    t_s = np.arange(round(12.0 * rate_hz)) / rate_hz
    return np.asarray((np.exp(-t_s / DECAY_S) - np.exp(-t_s / RISE_S)) / (DECAY_S - RISE_S))


class Deconvolution:
    """Splits a stream of conductance.

    Args:
        rate_hz: sampling rate, 2 to 10 Hz.
    """

    def __init__(self, rate_hz: float) -> None:
        """Nothing has been yet."""
        self._rate_hz = rate_hz
        self._smooth = Fir(gaussian_kernel(SMOOTH_S, rate_hz))
        self._last: list[float] = []
        self._ring = Ring(round(_TONIC_S * rate_hz))
        self._held = 0
        self._slow, self._fast = 0.0, 0.0
        self._keep = (float(np.exp(-1.0 / rate_hz / RISE_S)), float(np.exp(-1.0 / rate_hz / DECAY_S)))
        self.delay_s = (self._smooth.delay - 1.0) / rate_hz

    def push(self, gsr_us: Signal) -> tuple[Signal, Signal, Signal]:
        """Split a piece.

        Args:
            gsr_us: (n,) conductance without gaps.

        Returns:
            (m,) driver, (m,) driver above the tonic one, (m,) phasic conductance, m is n, less two at the very start;
            sample k (from the start) speaks of the time k / rate - `delay_s`.
        """
        drivers: list[float] = []
        for value in self._smooth.push(gsr_us).tolist():
            self._last = [*self._last[-2:], value]
            if len(self._last) == 3:
                drivers.append(self._inverse(*self._last))
        above, phasic = np.empty(len(drivers)), np.empty(len(drivers))
        for index, driver in enumerate(drivers):
            above[index] = max(0.0, driver - self._tonic(driver))
            phasic[index] = self._forward(above[index])
        return np.array(drivers), above, phasic

    def _inverse(self, before: float, at: float, after: float) -> float:
        """Undo both lags: x + (a + b) x' + a b x''."""
        slope = 0.5 * (after - before) * self._rate_hz
        bend = (after - 2.0 * at + before) * self._rate_hz**2
        return at + (RISE_S + DECAY_S) * slope + RISE_S * DECAY_S * bend

    def _tonic(self, driver: float) -> float:
        self._ring.push(np.array([driver]))
        self._held = min(self._held + 1, len(self._ring.values))
        known = self._ring.values[-self._held :]
        return float(
            np.partition(known, int(_TONIC_QUANTILE * (self._held - 1)))[int(_TONIC_QUANTILE * (self._held - 1))]
        )

    def _forward(self, driver: float) -> float:
        """Both lags, exact for a driver that is constant within a sample."""
        self._fast = driver + (self._fast - driver) * self._keep[0]
        self._slow = self._fast + (self._slow - self._fast) * self._keep[1]
        return self._slow
