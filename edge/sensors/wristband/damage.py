"""Counting and reporting what a band sends wrongly."""

from __future__ import annotations

import logging
from collections import Counter

from edge.clock import Clock
from edge.errors import DecodeError, DecodeReason
from edge.types import NS_PER_S

log = logging.getLogger(__name__)

BURST_S = 60.0
"""Errors that follow each other within this are one burst, told once: radio trouble comes in minutes, and a log on an
SD card must stay small."""


class Damage:
    """The decode errors of one band.

    Args:
        name: the band's name in the configuration.
        clock: tells bursts apart.
    """

    def __init__(self, name: str, clock: Clock) -> None:
        """Nothing has been wrong yet."""
        self._name = name
        self._clock = clock
        self._last_ns: int | None = None
        self.counts: Counter[DecodeReason] = Counter()

    def note(self, error: DecodeError) -> None:
        """Count an error; log it if it is the first of a burst."""
        self.counts[error.reason] += 1
        now_ns = self._clock.now_ns()
        fresh = self._last_ns is None or now_ns - self._last_ns > BURST_S * NS_PER_S
        self._last_ns = now_ns
        level = logging.WARNING if fresh else logging.DEBUG
        log.log(level, "%s: unusable data (%s): %s; %d so far", self._name, error.reason, error, self.counts.total())
