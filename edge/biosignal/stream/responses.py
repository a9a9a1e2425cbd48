"""Skin conductance responses (SCRs) from the driver: one bump of the driver is one response."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.biosignal.stream.deconvolution import SMOOTH_S, bateman

Signal = NDArray[np.float64]

MIN_RESPONSE_US = 0.02
"""Smallest rise that counts as an SCR, µS. 0.01-0.05 µS are usual (Boucsein 2012); quantisation and dry electrodes make
0.01 mostly noise."""

_LEVEL_SHARE = 0.005
"""A response is at least this share of the level, so that a noisy high level does not count its noise."""

_LONGEST_S = 6.0
"""Bumps longer than this are drift of the level: an SCR rises for 0.5-5 s (Boucsein 2012)."""

_VALLEY, _RISE = 0.5, 0.25
"""Two peaks are two responses when the driver falls below this share of the first, and rises by this share again."""

_END = 0.1
"""A bump ends where the driver falls to this share of its peak."""

_NOISE_MULTIPLE = 5.0
"""A response is at least this multiple of the white noise: one standard deviation of noise makes bumps of 1.2."""

_SUDDEN = 3.0
"""The driver's peak is at least this multiple of the smallest response: a sudden response of 1 µS is a bump of 4.1,
while a level that begins to drift makes a long low one of the same area."""

_HALF_WIDTH_S = 1.18 * SMOOTH_S
"""Half width at half height of the smoothing: what it moves the half-height of a sudden rise to the left."""


@dataclass(frozen=True, slots=True)
class Response:
    """A skin conductance response.

    Attributes:
        onset_s: seconds from the first sample.
        amplitude_us: height above what the skin would have had without it.
        rise_s: from onset to peak.
    """

    onset_s: float
    amplitude_us: float
    rise_s: float


class ResponseFinder:
    """Finds responses in the driver above the tonic one.

    Args:
        rate_hz: sampling rate.
        delay_s: how late the driver is.
    """

    def __init__(self, rate_hz: float, delay_s: float) -> None:
        """Nothing has been yet."""
        self._rate_hz, self._delay_s = rate_hz, delay_s
        self._curve = bateman(rate_hz)
        self._longest = round(_LONGEST_S * rate_hz)
        self._count = 0
        self._bump: list[float] = []
        self._peak = 0.0
        self._valley = 0

    def forget(self) -> None:
        """Drop a bump under way: an artefact is near."""
        self._bump, self._peak, self._valley = [], 0.0, 0

    def push(self, driver: float, level_us: float, noise_us: float) -> Response | None:
        """Take in one sample.

        Args:
            driver: above the tonic driver, microsiemens.
            level_us: tonic level.
            noise_us: standard deviation of the white noise in the conductance.

        Returns:
            The response whose bump has just ended.
        """
        self._count += 1
        if not self._bump:
            if driver > 0.0:
                self._bump, self._peak, self._valley = [driver], driver, 0
            return None
        self._bump.append(driver)
        if driver > self._peak:
            self._peak, self._valley = driver, len(self._bump) - 1
        elif driver < self._bump[self._valley]:
            self._valley = len(self._bump) - 1
        low = self._bump[self._valley]
        if driver <= _END * self._peak:
            return self._split(len(self._bump), level_us, noise_us)
        if low < _VALLEY * self._peak and driver - low > _RISE * self._peak:
            return self._split(self._valley, level_us, noise_us)
        return None

    def _split(self, length: int, level_us: float, noise_us: float) -> Response | None:
        """End the bump after `length` samples; what follows begins the next."""
        bump, rest = np.array(self._bump[:length]), self._bump[length:]
        self._bump, self._peak, self._valley = rest, max(rest, default=0.0), 0
        if rest:
            self._valley = int(np.argmax(rest))
        return self._measure(bump, self._count - len(rest), level_us, noise_us)

    def _measure(self, bump: Signal, end: int, level_us: float, noise_us: float) -> Response | None:
        if bump.size > self._longest:
            return None
        answer = np.convolve(bump, self._curve) / self._rate_hz
        amplitude_us = float(answer.max())
        smallest_us = max(MIN_RESPONSE_US, _LEVEL_SHARE * level_us, _NOISE_MULTIPLE * noise_us)
        peak = int(bump.argmax())
        if amplitude_us < smallest_us or bump[peak] < _SUDDEN * smallest_us:
            return None
        rising = np.flatnonzero(bump[: peak + 1] >= 0.5 * bump[peak])
        first = int(rising[0])
        before = float(bump[first - 1]) if first else 0.0
        crossing = first - (float(bump[first]) - 0.5 * float(bump[peak])) / (float(bump[first]) - before)
        start = (end - bump.size + crossing) / self._rate_hz - self._delay_s + _HALF_WIDTH_S
        top = (end - bump.size + int(answer.argmax())) / self._rate_hz - self._delay_s
        return Response(start, amplitude_us, max(0.0, top - start))
