"""Messages that must reach the broker: on disk until its PUBACK, in order.

While the disk is full, rows wait in memory (`hold`), are sent like the others, and move to the disk as soon as it takes
them; only a crash in that time can lose them, and every one was logged at CRITICAL when it was raised.

Rows are made from `Message`s only: neither a frame nor an array nor bytes can be put here.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from edge.errors import StoreError
from edge.publish.payload import Message
from edge.store import Store

logger = logging.getLogger(__name__)

_INSERT = "INSERT INTO outbox (leaf, payload, retain, expiry_s) VALUES (?, ?, ?, ?)"

_HELD_IDS_FROM = 1 << 62
"""Ids of rows in memory start here: above any row on disk, so that order by id is order of creation while they wait."""


@dataclass(frozen=True, slots=True)
class Row:
    """One message that waits for its PUBACK.

    Attributes:
        id: rises in the order of creation.
        leaf: topic below `anodyne/<site>/<bed>/`.
        payload: encoded JSON.
        retain: whether the broker keeps it for later subscribers.
        expiry_s: MQTT v5 message expiry, or None for never.
    """

    id: int
    leaf: str
    payload: bytes
    retain: bool
    expiry_s: int | None


class Outbox:
    """The queue in the store. Same thread rules as `Store`.

    Args:
        store: the box's file.
    """

    def __init__(self, store: Store) -> None:
        """Nothing is read yet: what an earlier run left behind simply waits."""
        self.store = store
        self._held: dict[int, Row] = {}
        self._next_held = _HELD_IDS_FROM
        self._delivered: set[int] = set()
        self._unreadable = False
        self._listeners: list[Callable[[], None]] = []

    def put(self, leaf: str, message: Message, *, retain: bool = False, expiry_s: int | None = None) -> None:
        """Append a row within the transaction that is open, or in one of its own.

        Raises:
            StoreError: it was not stored.
            TypeError: `message` is not one of the published models.
        """
        _refuse_foreign(message)
        with self.store.transaction() as cursor:
            cursor.execute(_INSERT, (leaf, message.encode(), int(retain), expiry_s))
            self._delete_delivered(cursor)
            self.store.after_commit(self.wake)

    def hold(self, leaf: str, message: Message, *, retain: bool = False, expiry_s: int | None = None) -> None:
        """Keep a row in memory, for when `put` has failed."""
        _refuse_foreign(message)
        row = Row(self._next_held, leaf, message.encode(), retain, expiry_s)
        self._next_held += 1
        self._held[row.id] = row
        self.wake()

    def save_held(self) -> None:
        """Move the rows in memory to the disk; those that are being sent may be sent twice.

        Raises:
            StoreError: the disk still does not take them; nothing has changed.
        """
        rows = list(self._held.values())
        with self.store.transaction() as cursor:
            cursor.executemany(_INSERT, [(row.leaf, row.payload, int(row.retain), row.expiry_s) for row in rows])
            self._delete_delivered(cursor)
            self.store.after_commit(partial(self._forget_held, rows))

    def _forget_held(self, rows: list[Row]) -> None:
        for row in rows:
            self._held.pop(row.id, None)
        self.wake()

    def _delete_delivered(self, cursor: sqlite3.Cursor) -> None:
        """Delete what was delivered; what could not be deleted before is among it."""
        if self._delivered:
            done = frozenset(self._delivered)
            cursor.executemany("DELETE FROM outbox WHERE id = ?", [(row_id,) for row_id in done])
            self.store.after_commit(partial(self._delivered.difference_update, done))

    def waiting(self, skip: Collection[int], limit: int) -> list[Row]:
        """The oldest `limit` rows whose id is not in `skip`, oldest first.

        Where the file cannot be read, only those in memory: they are the ones that it did not take.
        """
        try:
            rows = self._on_disk(limit + len(skip) + len(self._delivered))
            self._unreadable = False
        except StoreError as error:
            rows = []
            if not self._unreadable:
                logger.critical("the outbox cannot be read; what it holds is sent later: %s", error)
            self._unreadable = True
        rows.extend(self._held.values())
        return [row for row in rows if row.id not in skip and row.id not in self._delivered][:limit]

    def _on_disk(self, limit: int) -> list[Row]:
        with self.store.reading() as cursor:
            found = cursor.execute(
                "SELECT id, leaf, payload, retain, expiry_s FROM outbox ORDER BY id LIMIT ?", (limit,)
            ).fetchall()
        return [Row(number, leaf, payload, bool(retain), expiry) for number, leaf, payload, retain, expiry in found]

    def remove(self, row_id: int) -> None:
        """Forget a row that the broker has acknowledged."""
        if self._held.pop(row_id, None) is not None:
            return
        self._delivered.add(row_id)
        try:
            with self.store.transaction() as cursor:
                self._delete_delivered(cursor)
        except StoreError as error:
            # Tried again with the next row; after a crash it is sent once more, and receivers drop it by its id.
            logger.warning("a delivered message could not be removed from the outbox: %s", error)

    def pending(self) -> int:
        """How many rows wait, on disk and in memory."""
        with self.store.reading() as cursor:
            on_disk = int(cursor.execute("SELECT count(*) FROM outbox").fetchone()[0])
        return on_disk - len(self._delivered) + len(self._held)

    def waiting_leaves(self) -> set[str]:
        """Leaves that have a row waiting; only of those in memory where the file cannot be read."""
        leaves = {row.leaf for row in self._held.values()}
        with suppress(StoreError), self.store.reading() as cursor:  # `waiting` reports it
            leaves |= {str(leaf) for (leaf,) in cursor.execute("SELECT DISTINCT leaf FROM outbox")}
        return leaves

    def listen(self, wake: Callable[[], None]) -> None:
        """Have `wake` called, in any thread, when there are new rows."""
        self._listeners.append(wake)

    def wake(self) -> None:
        """Tell the listeners that there are new rows."""
        for listener in self._listeners:
            listener()


def _refuse_foreign(message: object) -> None:
    if not isinstance(message, Message):
        raise TypeError(f"only published messages go into the outbox, not {type(message).__name__}")
