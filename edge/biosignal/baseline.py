"""A person's own resting level, learned from the past only."""

from __future__ import annotations

from collections import deque

import numpy as np

THIN_S = 5
"""One value per this many seconds is kept: rows of neighbouring seconds share most of their samples."""

_HORIZON_S = 7200
"""Two hours are remembered: long against an episode of pain, short against the day's own rhythm."""

PRIOR_S = 30.0
"""Seconds of own data that weigh as much as the population's value. Leave-subject-out AUC on Stress-Predict falls by
0.005 with 120 s; half a minute is what a three-minute demonstration can spare."""


class Baseline:
    """A quantile of the person's past, shrunk to a population value while the past is short.

    A low quantile is taken for what arousal raises: a person is at rest a fifth of the time even on a bad day, and
    an hour of pain does not become the new normal.

    Args:
        quantile: which quantile is "rest", 0..1.
        prior: the population's value; None where units are the person's own, then nothing is shrunk.
    """

    def __init__(self, quantile: float, prior: float | None) -> None:
        """Start without a past."""
        self._quantile = quantile
        self._prior = prior
        self._past: deque[float] = deque(maxlen=_HORIZON_S // THIN_S)
        self._newest: int | None = None
        self._reference = float("nan") if prior is None else prior

    @property
    def reference(self) -> float:
        """The resting level as known now; NaN before the first value where there is no population value."""
        return self._reference

    @property
    def known_s(self) -> float:
        """Seconds of own past behind the reference."""
        return float(len(self._past) * THIN_S)

    def add(self, second: int, value: float) -> None:
        """Remember a value *after* it has been compared.

        Args:
            second: whole second of the measurement; values less than `THIN_S` after the last kept one are dropped.
            value: finite.
        """
        if self._newest is not None and second - self._newest < THIN_S:
            return
        self._newest = second
        self._past.append(value)
        own = float(np.quantile(np.fromiter(self._past, dtype=np.float64), self._quantile))
        if self._prior is None:
            self._reference = own
        else:
            self._reference = (self.known_s * own + PRIOR_S * self._prior) / (self.known_s + PRIOR_S)
