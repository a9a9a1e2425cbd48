"""From rows to what the networks see: one vector per second, compared with the person's own past.

The same code runs on the box and in training. Left out on purpose: acceleration (in one data set it "predicts"
stress, in another the reverse), and pulse amplitude and RMSSD (leave-subject-out AUC on Stress-Predict 0.52 and 0.46:
wrist movement and speech swamp them); both are still reported as evidence.
"""

from __future__ import annotations

from collections import deque

import numpy as np
from numpy.typing import NDArray

from edge.biosignal.baseline import Baseline
from edge.biosignal.rows import PulseRow, SkinRow

Vector = NDArray[np.float32]

SEQUENCE_S = 30
"""Seconds that a network sees. On Stress-Predict 60 s gain 0.003 of AUC (the logistic 0.014) over 30 s; but pain that
begins now fills 60 s at half the speed: in a simulated episode the log-odds crossed even odds 13 s later."""

PULSE_FEATURES = ("valid", "heart_rate_change", "heart_rate")
"""Vector of a pulse second: 1 if usable; (bpm - own baseline) / 10; (bpm - 72) / 20."""

SKIN_FEATURES = ("valid", "scl_change", "slope", "scr_rate_change", "scr_sum_change")
"""Vector of a skin second: 1 if usable; 2 ln(level / own baseline); 100 x relative slope per second; (SCRs per
minute - own median) / 5; ln(1 + sum of SCR amplitudes / 0.05 µS) - own median."""

USABLE = 0.3
"""Signal quality from which a second counts. It corresponds to a periodicity of 0.47: on Stress-Predict
the heart rate is off by 7-13 bpm (median against the E4's own) below, by 3-5 bpm above."""

_LIMIT = 4.0
"""Features are clipped to this: 40 bpm above baseline, or conductance seven times the baseline's."""

_RESTING_BPM = 72.0
"""Population heart rate at rest (adults, mean of the NHANES resting pulse is 72-74)."""

_RESTING_SCR_PER_MIN = 3.0
"""Population rate of spontaneous SCRs at rest: 1-3 per minute (Boucsein 2012), plus the noise of dry electrodes."""

_REST_QUANTILE = 0.2
"""Quantile taken as rest; on Stress-Predict 0.1 to 0.3 differ by 0.005 in AUC, the median is worse."""


def _clipped(*values: float) -> Vector:
    return np.clip(np.array(values, dtype=np.float32), -_LIMIT, _LIMIT)


class _Sequence:
    """The vectors of the newest half minute, by second."""

    def __init__(self, width: int) -> None:
        self._width = width
        self._vectors: deque[tuple[int, Vector]] = deque(maxlen=SEQUENCE_S)

    def put(self, second: int, vector: Vector) -> None:
        self._vectors.append((second, vector))

    def newest(self, second: int) -> Vector:
        """(width,) the vector of `second`; zero without one."""
        if self._vectors and self._vectors[-1][0] == second:
            return self._vectors[-1][1]
        return np.zeros(self._width, dtype=np.float32)

    def array(self, second: int) -> Vector:
        """(SEQUENCE_S, width) with the newest second last; seconds without a row are zero, "valid" included."""
        out = np.zeros((SEQUENCE_S, self._width), dtype=np.float32)
        for at, vector in self._vectors:
            place = SEQUENCE_S - 1 - (second - at)
            if 0 <= place < SEQUENCE_S:
                out[place] = vector
        return out


class PulseHistory:
    """Pulse seconds of one person."""

    def __init__(self) -> None:
        """Start without a past."""
        self._heart_rate = Baseline(_REST_QUANTILE, _RESTING_BPM)
        self._amplitude = Baseline(1.0 - _REST_QUANTILE, None)
        self._sequence = _Sequence(len(PULSE_FEATURES))
        self.amplitude_change = float("nan")

    @property
    def resting_bpm(self) -> float:
        """The person's own heart rate at rest, as known now."""
        return self._heart_rate.reference

    @property
    def known_s(self) -> float:
        """Usable seconds in the baseline."""
        return self._heart_rate.known_s

    def push(self, second: int, row: PulseRow) -> None:
        """Compare a row with the past, keep the vector, then let the row join the past."""
        if row.quality < USABLE:
            return
        self.push_rate(second, row.heart_rate_bpm)
        self._compare_amplitude(second, row.amplitude)

    def push_rate(self, second: int, bpm: float) -> None:
        """Take in a second of which only the heart rate is known."""
        change = (bpm - self._heart_rate.reference) / 10.0
        self._sequence.put(second, _clipped(1.0, change, (bpm - _RESTING_BPM) / 20.0))
        self._heart_rate.add(second, bpm)

    def _compare_amplitude(self, second: int, amplitude: float) -> None:
        if not amplitude > 0.0:
            return
        self._amplitude.add(second, amplitude)
        self.amplitude_change = amplitude / self._amplitude.reference - 1.0

    def sequence(self, second: int) -> Vector:
        """(30, 3): `PULSE_FEATURES` of the half minute that ends with `second`."""
        return self._sequence.array(second)

    def newest(self, second: int) -> Vector:
        """(3,): `PULSE_FEATURES` of `second`; zero where it was not usable."""
        return self._sequence.newest(second)


class SkinHistory:
    """Skin conductance seconds of one person."""

    def __init__(self) -> None:
        """Start without a past."""
        self._level = Baseline(_REST_QUANTILE, None)
        self._rate = Baseline(0.5, _RESTING_SCR_PER_MIN)
        self._sum = Baseline(0.5, 0.5)
        self._sequence = _Sequence(len(SKIN_FEATURES))

    @property
    def resting_us(self) -> float:
        """The person's own level at rest, as known now; NaN before the first second."""
        return float(np.exp(self._level.reference))

    @property
    def known_s(self) -> float:
        """Usable seconds in the baseline."""
        return self._level.known_s

    def push(self, second: int, row: SkinRow) -> None:
        """Compare a row with the past, keep the vector, then let the row join the past."""
        if row.quality < USABLE:
            return
        level, total = float(np.log(row.scl_us)), float(np.log1p(row.scr_sum_us / 0.05))
        known = self._level.known_s > 0.0
        change = 2.0 * (level - self._level.reference) if known else 0.0
        rate_change = (row.scr_per_min - self._rate.reference) / 5.0
        self._sequence.put(
            second, _clipped(1.0, change, 100.0 * row.slope_per_s, rate_change, total - self._sum.reference)
        )
        self._level.add(second, level)
        self._rate.add(second, row.scr_per_min)
        self._sum.add(second, total)

    def sequence(self, second: int) -> Vector:
        """(30, 5): `SKIN_FEATURES` of the half minute that ends with `second`."""
        return self._sequence.array(second)

    def newest(self, second: int) -> Vector:
        """(5,): `SKIN_FEATURES` of `second`; zero where it was not usable."""
        return self._sequence.newest(second)
