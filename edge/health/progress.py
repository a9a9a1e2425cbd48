"""Feeds the watchdog for as long as every stage makes progress, and says which one does not.

A live event loop proves nothing about a thread that hangs: a picture that is never judged, a camera's library that
does not let go. The band would go on and the box look well. So a stage that is stuck stops the feed, and the service
manager starts the box anew, which is the only thing that ends a hanging thread. Each such start costs the wristband a
few seconds, so a camera that hangs at every start gets ever fewer of them (`edge.health.starts.AGAIN_S`).
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Protocol

from edge.health.systemd import Notifier

log = logging.getLogger(__name__)

STUCK_S = 20.0
"""A picture in work for this long will never be judged, seconds: a thousand times the slowest that was measured. A
device that has been held by a hanging thread for this long is not let go of by itself."""


class Restarts(Protocol):
    """Knows how often the box has been started anew because a stage hung."""

    def grant(self) -> bool:
        """Whether it may be once more; where it may, that is noted before anything happens."""
        ...


class Progress:
    """Asked once per completed assessment.

    Args:
        notifier: to the service manager.
        restarts: says whether the box may be started anew.
    """

    def __init__(self, notifier: Notifier, restarts: Restarts) -> None:
        """The box starts now."""
        self._notifier = notifier
        self._restarts = restarts
        self._told: frozenset[str] = frozenset()
        self._granted = False

    def made(self, stuck: Iterable[str]) -> None:
        """An assessment is complete.

        Args:
            stuck: a sentence for each stage that hangs.
        """
        hangs = frozenset(stuck)
        granted = bool(hangs) and (self._granted or self._restarts.grant())
        what = "the box is started anew where a service manager watches it"
        if not granted:
            what = "the box has been started anew for that lately, and goes on without until it is time again"
        for sentence in sorted(hangs if granted is not self._granted else hangs - self._told):
            log.critical("%s; %s", sentence, what)
        self._told, self._granted = hangs, granted
        if not granted:
            self._notifier.alive()
