"""From rows to what the networks see: one vector per second, compared with the person's own past.

The same code runs on the box and in training. Left out on purpose: acceleration (in one data set it "predicts"
stress, in another the reverse), and what does not tell calm from stress on unseen people of Stress-Predict although it
should (AUC of the rank alone): pulse amplitude 0.51, RMSSD 0.51, SDNN 0.55, breathing 0.53. Wrist movement and
speech swamp them; they are still reported as evidence.
"""

from __future__ import annotations

from collections import deque

import numpy as np
from numpy.typing import NDArray

from edge.biosignal.baseline import Baseline, Kind
from edge.biosignal.rows import PulseRow, SkinRow

Vector = NDArray[np.float32]

SEQUENCE_S = 30
"""Seconds that a network sees. On Stress-Predict 60 s gain 0.01 of AUC for the pulse over 30 s; but pain that begins
now fills 60 s at half the speed."""

PULSE_FEATURES = ("valid", "heart_rate_rank", "heart_rate_change", "heart_rate")
"""Vector of a pulse second: 1 if usable; 4 x rank - 2; (bpm - own rest) / 10; (bpm - 72) / 20."""

SKIN_FEATURES = ("valid", "level_rank", "level_change", "phasic_rank", "slope", "scr_rate_rank")
"""Vector of a skin second: 1 if usable; 4 x rank - 2 of the logarithm of the conductance; 2 ln(conductance / own
median); 4 x rank - 2 of the phasic part; 10 x rise of the mean logarithm of the tonic level of half a minute over the
half minute before; 4 x rank - 2 of the SCRs per minute."""

PULSE_USABLE = 0.5
"""Quality from which a second of pulse counts. On Stress-Predict the AUC of the heart rate's rank is 0.68 with 0.3
(76 % of the seconds have an estimate), 0.70 with 0.5 (63 %) and 0.71 with 0.7 (52 %)."""

SKIN_USABLE = 0.3
"""Quality from which a second of skin conductance counts; jumps and movement leave 0.3 to 0.5."""

_LIMIT = 4.0
"""Features are clipped to this: 40 bpm above rest, or conductance seven times the median's."""

_RESTING_BPM = 72.0
"""Population heart rate at rest (adults, mean of the NHANES resting pulse is 72-74)."""

_RATE = Kind(width=3.0, prior=_RESTING_BPM)
"""Heart rate, beats per minute; breathing moves it by 2 or 3."""

_LEVEL = Kind(width=0.1)
"""Logarithm of the conductance; a tenth is the wander of a dry electrode in a minute."""

_PHASIC = Kind(width=0.3)
"""Logarithm of 1 + phasic conductance / 0.02 µS, the smallest response."""

_RESPONSES = Kind(width=2.0)
"""Responses per minute; 1 to 3 are usual at rest (Boucsein 2012)."""

_SMALLEST_US = 0.02


def _clipped(*values: float) -> Vector:
    known = np.array(values, dtype=np.float32)
    known[np.isnan(known)] = 0.0
    return np.minimum(np.maximum(known, -_LIMIT), _LIMIT)


def _centred(rank: float) -> float:
    return 4.0 * rank - 2.0


def filled(sequences: Vector) -> Vector:
    """What a network is shown: seconds that were not usable take the mean of those that were; "valid" tells them apart.

    Args:
        sequences: (..., SEQUENCE_S, features), zero where not usable; feature 0 is "valid".
    """
    valid = sequences[..., :1]
    mean = sequences.sum(axis=-2, keepdims=True) / np.maximum(valid.sum(axis=-2, keepdims=True), 1.0)
    out = np.where(valid > 0.0, sequences, mean)
    out[..., :1] = valid
    return np.asarray(out, dtype=np.float32)


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
        self._heart_rate = Baseline(_RATE)
        self._sequence = _Sequence(len(PULSE_FEATURES))

    @property
    def resting_bpm(self) -> float:
        """The person's own heart rate at rest, as known now."""
        return self._heart_rate.resting

    @property
    def known_s(self) -> float:
        """Usable seconds in the baseline."""
        return self._heart_rate.known_s

    def push(self, second: int, row: PulseRow) -> None:
        """Compare a row with the past, keep the vector, then let the row join the past."""
        if row.quality >= PULSE_USABLE:
            self.push_rate(second, row.heart_rate_bpm)

    def push_rate(self, second: int, bpm: float) -> None:
        """Take in a second of which only the heart rate is known, beats per minute."""
        rank = _centred(self._heart_rate.rank(bpm))
        change = (bpm - self._heart_rate.resting) / 10.0
        self._sequence.put(second, _clipped(1.0, rank, change, (bpm - _RESTING_BPM) / 20.0))
        self._heart_rate.add(second, bpm)

    def sequence(self, second: int) -> Vector:
        """(30, 4): `PULSE_FEATURES` of the half minute that ends with `second`."""
        return self._sequence.array(second)

    def newest(self, second: int) -> Vector:
        """(4,): `PULSE_FEATURES` of `second`; zero where it was not usable."""
        return self._sequence.newest(second)


class _Slope:
    """Rise of the mean level of half a minute over the half minute before."""

    def __init__(self) -> None:
        self._levels: deque[tuple[int, float]] = deque(maxlen=2 * SEQUENCE_S)

    def push(self, second: int, level: float) -> float:
        """Take in a second; 0 while one of the halves has less than a third of its seconds."""
        self._levels.append((second, level))
        new = [value for at, value in self._levels if at > second - SEQUENCE_S]
        old = [value for at, value in self._levels if second - 2 * SEQUENCE_S < at <= second - SEQUENCE_S]
        if 3 * min(len(new), len(old)) < SEQUENCE_S:
            return 0.0
        return sum(new) / len(new) - sum(old) / len(old)


class SkinHistory:
    """Skin conductance seconds of one person."""

    def __init__(self) -> None:
        """Start without a past."""
        self._level, self._phasic, self._responses = Baseline(_LEVEL), Baseline(_PHASIC), Baseline(_RESPONSES)
        self._slope = _Slope()
        self._sequence = _Sequence(len(SKIN_FEATURES))

    @property
    def resting_us(self) -> float:
        """The person's own conductance at rest, as known now; NaN before the first second."""
        return float(np.exp(self._level.resting))

    @property
    def known_s(self) -> float:
        """Usable seconds in the baseline."""
        return self._level.known_s

    def push(self, second: int, row: SkinRow) -> None:
        """Compare a row with the past, keep the vector, then let the row join the past."""
        if row.quality < SKIN_USABLE:
            return
        phasic_us = max(row.phasic_us, 0.0)
        level = float(np.log(row.scl_us + phasic_us))
        phasic = float(np.log1p(phasic_us / _SMALLEST_US))
        ranks = self._level.rank(level), self._phasic.rank(phasic)
        change = 2.0 * (level - self._level.usual)
        slope = 10.0 * self._slope.push(second, float(np.log(row.scl_us)))
        self._sequence.put(
            second,
            _clipped(1.0, _centred(ranks[0]), change, _centred(ranks[1]), slope, self._rate(second, row.scr_per_min)),
        )
        self._level.add(second, level)
        self._phasic.add(second, phasic)

    def _rate(self, second: int, scr_per_min: float) -> float:
        """Rank of the responses per minute; 0, the middle, while they are not known."""
        if not np.isfinite(scr_per_min):
            return 0.0
        rank = _centred(self._responses.rank(scr_per_min))
        self._responses.add(second, scr_per_min)
        return rank

    def sequence(self, second: int) -> Vector:
        """(30, 6): `SKIN_FEATURES` of the half minute that ends with `second`."""
        return self._sequence.array(second)

    def newest(self, second: int) -> Vector:
        """(6,): `SKIN_FEATURES` of `second`; zero where it was not usable."""
        return self._sequence.newest(second)
