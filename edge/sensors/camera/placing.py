"""When a picture was exposed, on the box's clock, from the time stamp that its source gave it."""

from __future__ import annotations

from edge.types import NS_PER_S

STAMP_AGE_S = 1.0
"""A picture older than this is late. Also how a monotonic stamp is known: the first picture's stamp is at most this
old and not in the future; any other origin (a stream's start, the camera's own clock) is mapped instead."""

SETTLE_S = 0.5
"""A network stream begins with what was buffered while it was being opened (about a second of pictures, measured with
FFmpeg); those come faster than they were exposed and are left out. Thirty pictures of 640x480 take 0.1 s on a desktop
core."""

MEMORY_S = 30.0
"""Half of the time over which the least delay is remembered: a source clock that drifts by 100 ppm shifts by 6 ms
in twice this time."""


class Placing:
    """Maps the stamps of one connection.

    A source that stamps with the monotonic clock is believed as it stands. For others the least delay between stamp
    and arrival of the last minute is taken as none: what comes later than that has waited somewhere. (The part of the
    delay that every picture has cannot be seen from here.) Pictures without any stamp count from their arrival.
    """

    def __init__(self) -> None:
        """Know nothing yet."""
        self._first_ns: int | None = None
        self._stamp_ns: int | None = None
        self._monotonic = False
        self._moved = False
        self._least_ns = _Least(round(MEMORY_S * NS_PER_S))
        self.settling = False
        """Whether the connection still hands out what was buffered while it was being opened."""

    def place(self, stamp_ns: int | None, now_ns: int) -> int | None:
        """The time of exposure.

        Args:
            stamp_ns: the picture's own time, or None.
            now_ns: the present on the box's clock.

        Returns:
            Monotonic nanoseconds, never in the future; None if the stamp repeats the one before it though this source's
            stamps have moved.
        """
        if self._first_ns is None:
            self._first_ns = now_ns
            self._monotonic = stamp_ns is not None and 0 <= now_ns - stamp_ns <= STAMP_AGE_S * NS_PER_S
        previous_ns, self._stamp_ns = self._stamp_ns, stamp_ns
        if stamp_ns is None:
            return now_ns
        if stamp_ns == previous_ns:
            return None if self._moved else now_ns
        self._moved |= previous_ns is not None
        if self._monotonic:
            return min(stamp_ns, now_ns)
        if previous_ns is not None and stamp_ns < previous_ns:
            # It counts anew: after a restart, or when the first clock report of RTP (RFC 3550) sets FFmpeg right.
            self._least_ns = _Least(round(MEMORY_S * NS_PER_S))
        self.settling = now_ns - self._first_ns < SETTLE_S * NS_PER_S
        delay_ns = now_ns - stamp_ns
        return now_ns - (delay_ns - self._least_ns.update(delay_ns, now_ns))


class _Least:
    """The least value of the last one to two spans of time."""

    def __init__(self, span_ns: int) -> None:
        self._span_ns = span_ns
        self._turn_ns: int | None = None
        self._before: int | None = None
        self._now: int | None = None

    def update(self, value: int, now_ns: int) -> int:
        """Take a value in; the answer is the least."""
        if self._turn_ns is None or now_ns - self._turn_ns >= self._span_ns:
            self._turn_ns, self._before, self._now = now_ns, self._now, None
        self._now = value if self._now is None else min(self._now, value)
        return self._now if self._before is None else min(self._now, self._before)
