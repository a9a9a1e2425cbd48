"""Writes that may wait a few seconds, done together.

A commit costs whole pages of the log, whatever it changes. What a power cut or a crash may undo without harm (a mark
that would be made again, a count) need not be on the disk at once, and what piles up in a few seconds touches the same
pages: one commit for all of it instead of one for each.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable
from contextlib import AbstractContextManager

from edge.errors import StoreError

logger = logging.getLogger(__name__)

SETTLE_S = 5.0
"""Between two settlings, seconds. Broker and station answer an alert within one; a crash undoes at most this much, and
what comes of that is an alert sent twice, which receivers drop by its id."""

PATIENCE = 12
"""Settlings, a minute of them, that a patient write waits: counts whose row is long and changes all the time."""

PRUNED_AT_ONCE = 100
"""Rows beyond its bound that a table may have before the oldest go, all at once: each deletion touches the pages of the
oldest rows, far from those of the newest."""

Write = Callable[[sqlite3.Cursor], None]
"""Writes what its owner holds in memory; keeps it there until the commit (`Store.after_commit`)."""


class Later:
    """What waits for the next settling.

    Args:
        transaction: opens one that need not survive a power cut.
    """

    def __init__(self, transaction: Callable[[], AbstractContextManager[sqlite3.Cursor]]) -> None:
        """Nothing waits."""
        self._transaction = transaction
        self._wanted: dict[Write, None] = {}
        self._patient: dict[Write, None] = {}
        self._settled = 0
        self._failed = False

    def ask(self, write: Write, *, patient: bool = False) -> None:
        """Have `write` called at the next settling, once however often it is asked for.

        Args:
            write: what to call.
            patient: at the next but `PATIENCE` will do.
        """
        (self._patient if patient else self._wanted).setdefault(write)

    def settle(self, *, last: bool = False) -> bool:
        """Do what waits, in one transaction; where the disk refuses, all of it goes on waiting.

        Args:
            last: the program ends: what is patient waits no longer.

        Returns:
            Whether all of it is done.
        """
        self._settled += 1
        if last or self._settled % PATIENCE == 0:
            self._wanted |= self._patient
            self._patient = {}
        if not self._wanted:
            return True
        # Taken out before: what is asked for meanwhile, by another thread, waits for the next time.
        writes, self._wanted = list(self._wanted), {}
        try:
            with self._transaction() as cursor:
                for write in writes:
                    write(cursor)
        except StoreError as error:
            for write in writes:
                self.ask(write)
            if not self._failed:
                logger.warning("delivery marks, proofs and counts are kept in memory only: %s", error)
            self._failed = True
            return False
        self._failed = False
        return True


def prune(cursor: sqlite3.Cursor, table: str, kept: int) -> None:
    """Delete the oldest rows of a table that has a `position`, once it has `PRUNED_AT_ONCE` too many.

    Args:
        cursor: in a transaction.
        table: whose positions rise without gaps.
        kept: rows that stay.
    """
    first, last = cursor.execute(f"SELECT min(position), max(position) FROM {table}").fetchone()  # noqa: S608 - a constant
    if first is not None and last - first >= kept + PRUNED_AT_ONCE:
        cursor.execute(f"DELETE FROM {table} WHERE position <= ?", (last - kept,))  # noqa: S608 - a constant
