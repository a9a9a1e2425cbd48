"""Beats in a stream of band-passed pulse wave: two moving averages, refined between samples.

The method is that of Elgendi et al. 2013 (PLoS One 8:e76585) with running sums instead of whole
stretches, and two reasons to doubt an upstroke: it follows too soon on the one before, or it is small beside its
neighbours.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from statistics import median

import numpy as np
from numpy.typing import NDArray

Signal = NDArray[np.float64]

_PEAK_S, _BEAT_S = 0.111, 0.667
"""Windows of the two averages: an upstroke and a whole beat (same source)."""

_OFFSET = 0.02
"""Share of the mean energy by which the short average must exceed the long one (same source)."""

_MEAN_S = 5.0
"""Memory of the mean energy."""

_BURST = 10.0
"""An upstroke's energy counts at most this multiple of the mean towards the mean: one jerk must not deafen."""

REFRACTORY_S = 0.3
"""No two beats are closer: 200 bpm."""

_REFRACTORY_SHARE = 0.45
"""...nor closer than this share of the usual interval, which a dicrotic wave is at rest (0.3-0.4 of it)."""

_SMALL = 0.3
"""An upstroke flatter than this share of the median of the last ones is no beat, unless beats have stayed away."""

_PATIENCE = 2.2
"""Usual intervals without a beat after which small upstrokes count again: the pulse has become weaker."""

_SETTLED = 5
"""Intervals from which the usual one stretches the dead time."""

_REMEMBERED = 9
"""Beats that say what is usual."""


@dataclass(frozen=True, slots=True)
class Upstroke:
    """A beat.

    Attributes:
        sample: time of the steepest point in samples since the start, finer than a sample.
        steepness: slope there, unit of the wave through the band-pass.
    """

    sample: float
    steepness: float


class BeatDetector:
    """Finds upstrokes sample by sample.

    Args:
        rate_hz: sampling rate, at least 20 Hz.
    """

    def __init__(self, rate_hz: float) -> None:
        """Nothing has been yet."""
        self._rate_hz = rate_hz
        self._half_short = max(1, round(_PEAK_S * rate_hz) // 2)
        self._half_long = round(_BEAT_S * rate_hz) // 2
        self._shortest = max(2, round(_PEAK_S * rate_hz))
        self._slopes: deque[float] = deque([0.0] * (2 * self._half_long + 1), maxlen=2 * self._half_long + 1)
        self._energies: deque[float] = deque([0.0] * (2 * self._half_long + 1), maxlen=2 * self._half_long + 1)
        self._short_sum, self._long_sum = 0.0, 0.0
        self._mean = 0.0
        self._forget = 1.0 / (_MEAN_S * rate_hz)
        self._count = 0
        self._block: list[tuple[int, float, float, float]] = []
        self._block_length = 0
        self._pending: Upstroke | None = None
        self._last: Upstroke | None = None
        self._usual_steepness: deque[float] = deque(maxlen=_REMEMBERED)
        self._usual_interval: deque[float] = deque(maxlen=_REMEMBERED)
        self._dead = REFRACTORY_S * rate_hz

    def push(self, slopes: Signal) -> list[Upstroke]:
        """Take in (n,) samples; returns the beats that have become certain, in order."""
        found: list[Upstroke] = []
        for slope in slopes.tolist():
            candidate = self._step(slope)
            if candidate is not None:
                self._consider(candidate, found)
            if self._pending is not None and self._centre() - self._pending.sample > self._dead:
                self._accept(found)
        return found

    def _centre(self) -> int:
        """Sample at the middle of the long window."""
        return self._count - 1 - self._half_long

    def _step(self, slope: float) -> Upstroke | None:
        energy = slope * slope if slope > 0.0 else 0.0
        middle, short = self._half_long, self._half_short
        if self._count % (2 * middle + 1) == 0:  # running sums collect rounding errors; a fresh one per window does not
            self._long_sum = sum(self._energies)
            self._short_sum = sum(list(self._energies)[middle - short : middle + short + 1])
        self._long_sum += energy - self._energies[0]
        self._short_sum -= self._energies[middle - short]
        self._energies.append(energy)
        self._slopes.append(slope)
        self._short_sum += self._energies[middle + short]
        self._count += 1
        at = self._energies[middle]
        self._mean += (min(at, _BURST * self._mean) if self._count > self._rate_hz else at) * self._forget
        self._mean -= self._mean * self._forget
        bar = self._long_sum / (2 * middle + 1) + _OFFSET * self._mean
        if self._short_sum / (2 * short + 1) > bar:
            self._widen(middle)
            return None
        return self._close()

    def _widen(self, middle: int) -> None:
        at = self._slopes[middle]
        self._block_length += 1
        if not self._block or at > self._block[0][2]:
            self._block = [(self._centre(), self._slopes[middle - 1], at, self._slopes[middle + 1])]

    def _close(self) -> Upstroke | None:
        """The block's steepest point, if the block was long enough and that point is a peak."""
        length, block = self._block_length, self._block
        self._block, self._block_length = [], 0
        if length < self._shortest or not block:
            return None
        index, before, at, after = block[0]
        bend = before - 2.0 * at + after
        if bend >= 0.0 or at < before or at < after:
            return None
        return Upstroke(index + min(0.5, max(-0.5, 0.5 * (before - after) / bend)), at)

    def _consider(self, candidate: Upstroke, found: list[Upstroke]) -> None:
        if self._too_small(candidate):
            return
        if self._pending is not None:
            if candidate.sample - self._pending.sample < self._dead:
                if candidate.steepness > self._pending.steepness:
                    self._pending = candidate
                return
            self._accept(found)
        if self._last is not None and candidate.sample - self._last.sample < self._dead:
            return
        self._pending = candidate

    def _too_small(self, candidate: Upstroke) -> bool:
        if len(self._usual_steepness) < 4 or self._last is None or len(self._usual_interval) < 3:
            return False
        waited = candidate.sample - self._last.sample
        if waited > _PATIENCE * median(self._usual_interval):
            return False
        return candidate.steepness < _SMALL * median(self._usual_steepness)

    def _accept(self, found: list[Upstroke]) -> None:
        beat = self._pending
        if beat is None:
            return
        if self._last is not None:
            interval = beat.sample - self._last.sample
            if interval <= 2.0 * self._rate_hz:
                self._usual_interval.append(interval)
            if len(self._usual_interval) >= _SETTLED:
                shortest = REFRACTORY_S * self._rate_hz
                self._dead = max(shortest, _REFRACTORY_SHARE * median(self._usual_interval))
        self._usual_steepness.append(beat.steepness)
        self._last, self._pending = beat, None
        found.append(beat)
