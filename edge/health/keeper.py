"""Keeps the box's state file sound: damage is set aside, what can be read of it is taken over, and it is told."""

from __future__ import annotations

import logging
from pathlib import Path

from edge.clock import Clock
from edge.errors import StoreError, StoreReason
from edge.store import Store, set_aside
from edge.types import NS_PER_S

logger = logging.getLogger(__name__)

TOLD_S = 3600.0
"""A file that was set aside, and alerts that were given up, are an alarm for this long, seconds: longer than any
round of a ward, and it ends by itself because nobody at the bed can mend the past."""


FIRST_IN_MEMORY = 1_000_000_000
"""Numbers of a store in memory begin above those of any file, and each start's above the last one's: by the
milliseconds since the boot, as no box sends a thousand messages in a second."""


class Keeper:
    """Watches the store.

    Args:
        clock: time.
    """

    def __init__(self, clock: Clock) -> None:
        """All is well so far."""
        self._clock = clock
        self._in_memory = False
        self._until_ns = 0
        self._why = ""
        self._dropped = 0
        self._failed = ""
        self.sound = True
        """Whether the state file was opened without damage."""

    def open(self, path: Path, *, safe: bool = False) -> Store:
        """Open the state; a damaged file is set aside, because a bed without a watcher is worse than lost history.

        Args:
            path: the state file.
            safe: in safe mode; where the folder cannot be used, state is kept in memory, and that is told.

        Raises:
            StoreError: the folder cannot be used, or another daemon holds the file.
        """
        try:
            return Store.open(path)
        except StoreError as error:
            if safe and error.reason not in (StoreReason.CORRUPT, StoreReason.LOCKED):
                logger.critical("alarms are kept in memory only: %s", error.message)
                self._in_memory = True
                return Store.in_memory(FIRST_IN_MEMORY + 1000 * self._clock.now_ns() // NS_PER_S)
            if error.reason is not StoreReason.CORRUPT:
                raise
            self.sound = False
            kept = set_aside(path)
            store = Store.open(path)
            self._report(error.message, kept, store.take_over(kept))
            return store

    def mend(self, store: Store) -> None:
        """Begin the file anew where damage has been met while the box runs; tried again at each call."""
        if not store.damaged:
            return
        try:
            kept, rows = store.begin_anew()
        except StoreError as error:
            if error.message != self._failed:
                logger.critical("the damaged state file cannot be replaced: %s", error)
            self._failed = error.message
            return
        self._report(f"{store.path} is damaged", kept, rows)

    def fault(self, dropped: int) -> str:
        """What is to be told now; "" while all is well.

        Args:
            dropped: rows that the outbox has given up since the start.
        """
        if dropped > self._dropped:
            self._dropped = dropped
            self._tell("outbox_full")
        if self._in_memory:
            return "in_memory"
        return self._why if self._clock.now_ns() < self._until_ns else ""

    def _report(self, what: str, kept: Path, rows: int) -> None:
        logger.critical("%s; it is kept as %s, %d rows of it were taken over into a new one", what, kept.name, rows)
        self._tell("set_aside")

    def _tell(self, why: str) -> None:
        self._why = why
        self._until_ns = self._clock.now_ns() + round(TOLD_S * NS_PER_S)
