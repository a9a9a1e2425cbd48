"""Skin conductance as a stream: samples in, one row of measures per second out."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.biosignal.grid import Grid
from edge.biosignal.median import median
from edge.biosignal.stream.bridge import StepFree
from edge.biosignal.stream.deconvolution import Deconvolution
from edge.biosignal.stream.filters import Ring
from edge.biosignal.stream.responses import Response, ResponseFinder
from edge.biosignal.stream.skin_quality import (
    JUMP_SHARE_PER_S,
    JUMP_US_PER_S,
    LOOK_BACK_S,
    SETTLING_S,
    SkinFault,
    skin_trust,
)
from edge.biosignal.stream.skin_signs import HIGHEST_US, LOWEST_US, noise_us

Signal = NDArray[np.float64]
Mask = NDArray[np.bool_]

NAN = float("nan")

_WORK_HZ = 4.0
"""Faster bands are averaged down towards this: an SCR holds nothing above 1 Hz, and averages hold less hum."""

_LEVEL_S = 5.0
"""The level is a median of this long."""

_RATE_S = 60.0
"""Responses are counted over a minute."""

_FEWEST_S = 20.0
"""Trusted seconds of that minute for a rate."""

_USABLE = 0.3
"""Quality from which a second counts as watched for responses."""

_NO_ACC = np.full(3, NAN)
"""A sample without an accelerometer."""

_MOST = 120
"""Responses kept: two per second for a minute."""


@dataclass(frozen=True, slots=True)
class SkinSecond:
    """Measures of one second. NaN where they are not known.

    Attributes:
        end_s: end of the second, seconds from the first sample.
        quality: trust 0..1.
        faults: reasons for doubt.
        responses: SCRs that have become certain in this second (up to 4 s old).
        scl_us: tonic level, microsiemens: conductance less its phasic part, median of 5 s.
        phasic_us: phasic conductance of the moment.
        scr_per_min: responses per trusted minute of the last one.
        scr_amplitude_us: their mean amplitude; NaN without any.
        scr_rise_s: their mean rise time; NaN without any.
    """

    end_s: float
    quality: float
    faults: frozenset[SkinFault]
    responses: tuple[Response, ...]
    scl_us: float
    phasic_us: float
    scr_per_min: float
    scr_amplitude_us: float
    scr_rise_s: float


class SkinStream:
    """Measures of skin conductance.

    Args:
        rate_hz: sampling rate, at least 2 Hz.

    Raises:
        ValueError: the rate is too low for a response.
    """

    def __init__(self, rate_hz: float) -> None:
        """Nothing has been yet."""
        if rate_hz < 2.0:
            raise ValueError(f"{rate_hz:g} Hz is too slow for skin conductance responses: 2 Hz or more are needed")
        self._rate_hz = rate_hz
        self._thin = max(1, int(rate_hz // _WORK_HZ))
        self._work_hz = rate_hz / self._thin
        self._bunch: list[float] = []
        self._values: list[float] = []
        self._moves: list[Signal] = []
        self._bridge = StepFree()
        self._split = Deconvolution(self._work_hz)
        self._finder = ResponseFinder(self._work_hz, self._split.delay_s)
        size = round(LOOK_BACK_S * self._work_hz)
        self._measured, self._phasic = Ring(size), Ring(size)
        self._measured.values[:] = NAN
        self._acc, self._temperature = Ring(size, 3), Ring(round(LOOK_BACK_S))
        self._acc.values[:] = NAN
        self._temperature.values[:] = NAN
        self._found: deque[Response] = deque(maxlen=_MOST)
        self._watched: deque[bool] = deque(maxlen=round(_RATE_S))
        self._new: list[Response] = []
        self._count, self._seconds = 0, 0
        self._last = NAN
        self._jumped_s = -1e9
        self._level_us = NAN
        self._noise_us = 0.0

    def push(
        self, gsr_us: Signal, acc_g: Signal | None = None, temperature_c: Signal | None = None
    ) -> list[SkinSecond]:
        """Take in samples.

        Args:
            gsr_us: (n,) skin conductance in microsiemens, NaN where a sample is missing.
            acc_g: (n, 3) acceleration at the same moments, g; None without an accelerometer.
            temperature_c: (n,) skin temperature at the same moments; None where the band has none.

        Returns:
            A row for each second of signal that has been completed.
        """
        rows: list[SkinSecond] = []
        for index, value in enumerate(gsr_us.tolist()):
            self._bunch.append(value)
            self._count += 1
            if len(self._bunch) == self._thin:
                self._gather(acc_g[index] if acc_g is not None else _NO_ACC)
            if self._count == round((self._seconds + 1) * self._rate_hz):
                self._seconds += 1
                self._work()
                self._temperature.push(np.array([NAN if temperature_c is None else temperature_c[index]]))
                rows.append(self._row())
        return rows

    def _gather(self, acc: Signal) -> None:
        """One sample at the working rate."""
        known = [value for value in self._bunch if math.isfinite(value)]
        self._values.append(sum(known) / len(known) if known else NAN)
        self._moves.append(acc)
        self._bunch = []

    def _work(self) -> None:
        """The samples of a second."""
        values, self._values = self._values, []
        moves, self._moves = self._moves, []
        self._measured.push(np.array(values))
        self._acc.push(np.array(moves).reshape(-1, 3))
        now_s = self._count / self._rate_hz
        filled, _ = self._bridge.push(np.array([self._checked(value, now_s) for value in values]))
        _, above, phasic = self._split.push(filled)
        self._phasic.push(phasic)
        for driver in above.tolist():
            self._find(driver, now_s)

    def _checked(self, value: float, now_s: float) -> float:
        """The value if skin can have it now, else NaN."""
        known = math.isfinite(value)
        inside = known and LOWEST_US <= value <= HIGHEST_US
        if inside and math.isfinite(self._last):
            step = abs(value - self._last) * self._work_hz
            inside = step <= min(JUMP_US_PER_S, max(JUMP_SHARE_PER_S * self._last, 0.2))
        if not inside:
            self._finder.forget()
        if known:
            self._jumped_s = self._jumped_s if inside else now_s
            self._last = value
        return value if inside else NAN

    def _find(self, driver: float, now_s: float) -> None:
        response = self._finder.push(driver, self._level_us if np.isfinite(self._level_us) else 0.0, self._noise_us)
        if response is None or now_s - self._jumped_s < SETTLING_S or response.onset_s < 2.0:
            return
        self._found.append(response)
        self._new.append(response)

    def _row(self) -> SkinSecond:
        now_s = self._count / self._rate_hz
        present: Mask = np.asarray(np.isfinite(self._measured.values))
        values = np.where(present, self._measured.values, self._last if np.isfinite(self._last) else 0.0)
        known = np.isfinite(self._acc.values)
        still: Mask = np.asarray(known.all(axis=1))
        acc = Grid(np.where(known, self._acc.values, 0.0), still, self._work_hz) if still.any() else None
        self._noise_us = noise_us(values[present])
        since_jump_s = now_s - self._jumped_s
        trust = skin_trust(
            Grid(values, present, self._work_hz), acc, self._temperature.values, since_jump_s, self._noise_us
        )
        self._watched.append(trust.quality >= _USABLE)
        fresh, self._new = tuple(self._new), []
        newest = present[-round(_LEVEL_S * self._work_hz) :]
        if trust.quality <= 0.0 or not newest.any():
            return SkinSecond(now_s, 0.0, trust.faults, fresh, *[NAN] * 5)
        tonic = (values - self._phasic.values)[-newest.size :][newest]
        self._level_us = max(median(tonic), LOWEST_US)
        return self._measures(now_s, trust.quality, trust.faults, fresh)

    def _measures(
        self, now_s: float, quality: float, faults: frozenset[SkinFault], fresh: tuple[Response, ...]
    ) -> SkinSecond:
        recent = [response for response in self._found if response.onset_s > now_s - _RATE_S]
        watched_s = sum(self._watched)
        return SkinSecond(
            end_s=now_s,
            quality=quality,
            faults=faults,
            responses=fresh,
            scl_us=self._level_us,
            phasic_us=float(self._phasic.values[-1]),
            scr_per_min=60.0 * len(recent) / watched_s if watched_s >= _FEWEST_S else NAN,
            scr_amplitude_us=sum(one.amplitude_us for one in recent) / len(recent) if recent else NAN,
            scr_rise_s=sum(one.rise_s for one in recent) / len(recent) if recent else NAN,
        )
