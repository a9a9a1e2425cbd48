"""Movement taken out of the pulse wave where the band has an accelerometer.

The part of the pulse's slope that is a linear answer to acceleration is estimated by recursive least squares with
exponential forgetting (Haykin, Adaptive Filter Theory, ch. 13; for wrist PPG e.g. Ram et al. 2012, IEEE Trans Instrum
Meas 61:1445) and subtracted. The normal equations are accumulated and solved a few times per second with a ridge, which
unlike the recursive inverse stays stable for days and while the wrist is at rest.

Acceleration touches nothing but the artefact: it never becomes a measure of arousal.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Signal = NDArray[np.float64]

HOP_S = 0.25
"""The weights are renewed this often: the tissue's answer changes over seconds."""

_MEMORY_S = 5.0
"""Forgetting: a push eight seconds ago counts 1/e. Shorter follows a changing strap faster and eats more of a pulse
that happens to keep step."""

_TAP_S = 0.06
"""Spacing of the taps: the band ends near 6 Hz, whose quarter wave is 42 ms."""

_TAPS = 4
"""...which together look back a third of a second."""

_RIDGE_G = 0.02
"""Acceleration (band-passed) below which nothing is learnt: the E4's steps are 1/64 g."""

_STILL_G = 0.01
"""Acceleration (band-passed) that is the sensor's own noise (the E4's steps are 1/64 g, of which the band-pass leaves a
third): nothing is taken out there."""


class MotionCanceller:
    """Takes the answer to acceleration out of a band-passed pulse wave.

    Args:
        rate_hz: sampling rate of both signals.
    """

    def __init__(self, rate_hz: float) -> None:
        """Start without knowledge of the tissue."""
        self._hop = max(1, round(HOP_S * rate_hz))
        self._places = np.rint(np.arange(_TAPS) * _TAP_S * rate_hz).astype(np.int64)
        self._reach = int(self._places[-1])
        width = 3 * _TAPS
        self._forget = float(np.exp(-self._hop / rate_hz / _MEMORY_S))
        self._ridge = np.eye(width) * (_RIDGE_G**2) * rate_hz * _MEMORY_S
        self._products = np.zeros((width, width))
        self._answers = np.zeros(width)
        self._past = np.zeros((self._reach, 3))
        self._waiting: list[tuple[Signal, Signal]] = []
        self._held = 0

    @property
    def delay(self) -> int:
        """Samples by which the output may lag: a whole hop is awaited."""
        return self._hop

    def push(self, slope: Signal, acc: Signal) -> tuple[Signal, Signal]:
        """Clean a piece; whole hops come out, the rest waits for the next piece.

        Args:
            slope: (n,) band-passed pulse wave.
            acc: (n, 3) acceleration through the same band-pass, g.

        Returns:
            (m,) cleaned slope and (m,) what was taken out, m a multiple of the hop.
        """
        self._waiting.append((slope, acc))
        self._held += slope.size
        if self._held < self._hop:
            return np.empty(0), np.empty(0)
        slopes = np.concatenate([piece[0] for piece in self._waiting])
        accs = np.concatenate([piece[1] for piece in self._waiting])
        whole = slopes.size - slopes.size % self._hop
        self._waiting, self._held = [(slopes[whole:], accs[whole:])], slopes.size - whole
        taken = np.empty(whole)
        for first in range(0, whole, self._hop):
            part = slice(first, first + self._hop)
            taken[part] = self._hop_artefact(slopes[part], accs[part])
        return slopes[:whole] - taken, taken

    def _hop_artefact(self, slope: Signal, acc: Signal) -> Signal:
        joined = np.concatenate([self._past, acc])
        self._past = joined[joined.shape[0] - self._reach :]
        if float(np.abs(joined).max()) < _STILL_G:
            self._products *= self._forget
            self._answers *= self._forget
            return np.zeros(self._hop)
        rows = self._reach + np.arange(self._hop)
        pushes = joined[rows[:, None] - self._places].reshape(self._hop, -1)
        self._products = self._forget * self._products + pushes.T @ pushes
        self._answers = self._forget * self._answers + pushes.T @ slope
        weights = np.linalg.solve(self._products + self._ridge, self._answers)
        return np.asarray(pushes @ weights)
