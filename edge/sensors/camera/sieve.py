"""Which pictures of a live source are news: not too many, not late, not the same one again."""

from __future__ import annotations

import zlib
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from edge.errors import SensorError, SensorReason
from edge.sensors.camera.placing import STAMP_AGE_S, Placing
from edge.types import NS_PER_S

EARLY_SHARE = 0.1
"""A picture may come this share of a period early and still be due: cameras jitter by a few milliseconds."""

GIVE_UP_S = 5.0
"""A source that has given nothing new for this long is connected anew: about twice the time after which it counts as
stalled."""


class Held(StrEnum):
    """Why a picture was held back, as the sentence that is told if nothing better comes."""

    NOTHING = "the camera gives no more pictures: check its cable and power"
    LATE = "pictures come more than a second late: the network or this box is too slow; lower the camera's resolution"
    STANDS = "the time stamps of the camera's pictures stand still: restart the camera"
    SAME = "the camera repeats the very same picture: restart the camera"
    DAMAGED = "the camera's pictures are damaged: check its cable or network"


class Sieve:
    """Judges each picture of a source, over all its connections.

    A picture of one single value, from a covered lens, is let through however often it repeats: it is for the
    estimator to call it dark. Any other picture that equals the one before in every pixel is no news: a real
    sensor's noise never repeats.

    Args:
        rate_hz: pictures per second at most.
    """

    def __init__(self, rate_hz: float) -> None:
        """Begin with the first connection."""
        self._rate_hz = rate_hz
        self._period_ns = round(NS_PER_S / rate_hz)
        self._previous: int | None = None
        self.connect(0)

    def limit(self, rate_hz: float | None) -> None:
        """Take fewer pictures than configured, from the next one on; None: as configured. From any thread."""
        self._period_ns = round(NS_PER_S / min(self._rate_hz, rate_hz or self._rate_hz))

    def connect(self, now_ns: int) -> None:
        """Begin with a new connection; the last picture's checksum is kept: a frozen camera is so after it, too."""
        self._placing = Placing()
        self._due_ns = 0
        self._index = -1
        self._news_ns = now_ns

    def due_ns(self, stamp_ns: int | None, now_ns: int) -> int | None:
        """When a grabbed picture was exposed, or None if it is not wanted: late, too early, or of no new time.

        Raises:
            SensorError: NO_DATA, nothing new came for `GIVE_UP_S`.
        """
        measured_ns = self._placing.place(stamp_ns, now_ns)
        if measured_ns is None:
            self.hold(Held.STANDS, now_ns)
            return None
        if now_ns - measured_ns > STAMP_AGE_S * NS_PER_S:
            self.hold(Held.LATE, now_ns)
            return None
        if self._placing.settling or measured_ns < self._due_ns - EARLY_SHARE * self._period_ns:
            return None
        return measured_ns

    def number(self, pixels: NDArray[np.uint8], measured_ns: int, now_ns: int) -> int | None:
        """Its running number among the pictures that were due, or None if it repeats the one before.

        Raises:
            SensorError: NO_DATA, nothing new came for `GIVE_UP_S`.
        """
        in_phase_ns = self._due_ns + self._period_ns
        self._due_ns = in_phase_ns if in_phase_ns > measured_ns else measured_ns + self._period_ns
        self._index += 1
        previous, self._previous = self._previous, zlib.crc32(np.ascontiguousarray(pixels).data)
        if previous == self._previous and pixels.min() != pixels.max():
            self.hold(Held.SAME, now_ns)
            return None
        self._news_ns = now_ns
        return self._index

    def hold(self, why: Held, now_ns: int) -> None:
        """Hold a picture back.

        Raises:
            SensorError: NO_DATA, nothing new came for `GIVE_UP_S`.
        """
        if now_ns - self._news_ns >= GIVE_UP_S * NS_PER_S:
            raise SensorError(SensorReason.NO_DATA, why.value)
