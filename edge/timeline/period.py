"""How far apart the samples of a band with a clock really are, on that clock."""

from __future__ import annotations

from edge.types import NS_PER_S, SampleBlock

TOLERANCE = 0.05
"""Blocks whose stamps differ from the nominal rate by more do not follow each other: something was lost between."""

LEAST_WEIGHT = 0.1
"""Weight of a new pair of blocks once there have been ten: stamps rounded to 1 ms make 0.4 % of a quarter second,
averaged to 0.1 %."""


class Period:
    """The running estimate for one channel.

    A sensor samples by its own oscillator and stamps blocks by another, so "64 Hz" may be 65 on the device's clock
    (2 % is common without a crystal). By the nominal rate alone, the end of a one-second block would overlap the next
    one's beginning, and samples would be taken for duplicates.
    """

    def __init__(self) -> None:
        """Trust the nominal rate for now."""
        self._rate_hz = 0.0
        self._period_ns = 0.0
        self._pairs = 0
        self._last: tuple[int, int] | None = None

    def of(self, block: SampleBlock, first_ns: int) -> float | None:
        """Nanoseconds between the samples of a block that begins at `first_ns` on the device's clock.

        Returns:
            None for a channel without a rate.
        """
        if not block.rate_hz:
            return None
        if block.rate_hz != self._rate_hz:
            self._rate_hz, self._period_ns = block.rate_hz, NS_PER_S / block.rate_hz
            self._last, self._pairs = None, 0
        if self._last is not None and not block.lost_before:
            self._learn((first_ns - self._last[0]) / self._last[1])
        if self._last is None or first_ns > self._last[0]:
            self._last = (first_ns, len(block.values))
        return self._period_ns

    def _learn(self, seen_ns: float) -> None:
        if abs(seen_ns * self._rate_hz / NS_PER_S - 1.0) <= TOLERANCE:
            self._pairs += 1
            self._period_ns += max(LEAST_WEIGHT, 1.0 / self._pairs) * (seen_ns - self._period_ns)
