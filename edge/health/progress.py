"""Feeds the watchdog for as long as every stage makes progress, and says which one does not.

A live event loop proves nothing about a thread that hangs: a picture that is never judged, a camera's library that
does not let go. The band would go on and the box look well. So a stage that is stuck stops the feed, and the service
manager starts the box anew, which is the only thing that ends a hanging thread. At most once in `SETTLED_S`: a camera
that hangs at every start must not cost the wristband its watch.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable

from edge.clock import Clock
from edge.health.systemd import Notifier
from edge.types import NS_PER_S

log = logging.getLogger(__name__)

STUCK_S = 20.0
"""A picture in work for this long will never be judged, seconds: a thousand times the slowest that was measured."""

SETTLED_S = 600.0
"""A box that has not run for this long is not started anew for a stage that is stuck, seconds."""


class Progress:
    """Asked once per completed assessment.

    Args:
        notifier: to the service manager.
        clock: time.
    """

    def __init__(self, notifier: Notifier, clock: Clock) -> None:
        """The box starts now."""
        self._notifier = notifier
        self._clock = clock
        self._begun_ns = clock.now_ns()
        self._told: frozenset[str] = frozenset()

    def made(self, stuck: Iterable[str]) -> None:
        """An assessment is complete.

        Args:
            stuck: a sentence for each stage that hangs.
        """
        hangs = frozenset(stuck)
        for sentence in sorted(hangs - self._told):
            log.critical("%s; the box is started anew where a service manager watches it", sentence)
        self._told = hangs
        if not hangs or self._clock.now_ns() - self._begun_ns < SETTLED_S * NS_PER_S:
            self._notifier.alive()
