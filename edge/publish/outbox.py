"""Messages that must arrive: on disk until the broker's PUBACK, alerts until a station has confirmed them; in order.

A row goes through two steps. The broker acknowledges it: it is *taken*; anything but an alert's `event` then leaves
the outbox. A station confirms the alert's id: the event leaves too. Brokers forget what they have acknowledged when
they are killed before they write, so what no station has confirmed is offered again (`offer_again`).

Both steps are noted in memory and written within seconds (`edge.later`): where a crash undoes them, the row is sent
once more, and receivers drop it by its id.

While the disk is full, rows wait in memory (`hold`), are sent like the others, and move to the disk as soon as it takes
them; only a crash in that time can lose them, and every one was logged at CRITICAL when it was raised.

Rows are made from `Message`s only: neither a frame nor an array nor bytes can be put here.
"""

from __future__ import annotations

import json
import logging
import sqlite3
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial

from edge.clock import Instant
from edge.errors import StoreError
from edge.publish.age import age_ms
from edge.publish.payload import Head, Message, decode
from edge.publish.room import MAX_ROWS, forget_unconfirmed, make_room
from edge.publish.topics import ALARM, EVENT
from edge.store import Store

logger = logging.getLogger(__name__)

LATE_S = 60.0
"""An alert that is sent this long after its transition is late: it is marked, and does not ring, seconds. Long enough
for a broker's restart or a walk through a dead spot, short enough that a nurse who is called can still see why."""

_INSERT = "INSERT INTO outbox (leaf, payload, retain, expiry_s, message_id, taken) VALUES (?, ?, ?, ?, ?, ?)"

_COLUMNS = "id, leaf, payload, retain, expiry_s, message_id, taken"

_OTHERS = "id NOT IN (SELECT value FROM json_each(?))"
"""Without the rows of a list, as JSON."""

_HELD_IDS_FROM = 1 << 62
"""Ids of rows in memory start here: above any row on disk, so that order by id is order of creation while they wait."""


@dataclass(frozen=True, slots=True)
class Row:
    """One message that waits.

    Attributes:
        id: rises in the order of creation.
        leaf: topic below `anodyne/<site>/<bed>/`.
        payload: encoded JSON.
        retain: whether the broker keeps it for later subscribers.
        expiry_s: it is of no use after this, seconds; None: it never expires.
        message_id: `id` of the message; "" where an earlier version stored it.
        taken: whether the broker has acknowledged it.
    """

    id: int
    leaf: str
    payload: bytes
    retain: bool
    expiry_s: int | None
    message_id: str = ""
    taken: bool = False


class Outbox:
    """The queue in the store. Same thread rules as `Store`.

    Args:
        store: the box's file.
        max_rows: room; what goes first when it is used up: `edge.publish.room`.

    Attributes:
        dropped: rows that were given up for want of room, since the start.
    """

    def __init__(self, store: Store, max_rows: int = MAX_ROWS) -> None:
        """Nothing is read yet: what an earlier run left behind simply waits."""
        self.store = store
        self.dropped = 0
        self._max_rows = max_rows
        self._held: dict[int, Row] = {}
        self._next_held = _HELD_IDS_FROM
        self._delivered: set[int] = set()
        self._taken: set[int] = set()
        self._unreadable = False
        self._listeners: list[Callable[[], None]] = []
        store.on_anew(self._forget_marks)

    def put(self, leaf: str, message: Message, *, retain: bool = False, expiry_s: int | None = None) -> None:
        """Append a row within the transaction that is open, or in one of its own.

        Args:
            leaf: topic below the bed's.
            message: what to publish.
            retain: whether the broker keeps it.
            expiry_s: it is of no use after this, seconds.

        Raises:
            StoreError: it was not stored.
            TypeError: `message` is not one of the published models.
        """
        _refuse_foreign(message)
        with self.store.transaction() as cursor:
            cursor.execute(_INSERT, (leaf, message.encode(), int(retain), expiry_s, _id(message), 0))
            if cursor.execute("SELECT count(*) FROM outbox").fetchone()[0] > self._max_rows:
                self._write_marks(cursor)  # else with the proofs: an alert is in the one or the other
            gone = make_room(cursor, self._max_rows)
            self.store.after_commit(partial(self._note_dropped, gone))
            self.store.after_commit(self.wake)

    def _note_dropped(self, gone: int) -> None:
        self.dropped += gone

    def hold(self, leaf: str, message: Message, *, retain: bool = False, expiry_s: int | None = None) -> None:
        """Keep a row in memory: where `put` has failed, and what is of no use after a restart.

        Beyond the room the oldest go, what is no alert first.
        """
        _refuse_foreign(message)
        row = Row(self._next_held, leaf, message.encode(), retain, expiry_s, _id(message))
        self._next_held += 1
        self._held[row.id] = row
        if len(self._held) > self._max_rows:
            others = (one.id for one in self._held.values() if one.leaf != EVENT and not one.leaf.startswith(ALARM))
            self._held.pop(next(others, next(iter(self._held))))
            self.dropped += 1
        self.wake()

    def save_held(self) -> None:
        """Move the rows in memory to the disk; those that are being sent may be sent twice.

        Raises:
            StoreError: the disk still does not take them; nothing has changed.
        """
        rows = list(self._held.values())
        with self.store.transaction() as cursor:
            values = [
                (row.leaf, row.payload, int(row.retain), row.expiry_s, row.message_id, int(row.taken)) for row in rows
            ]
            cursor.executemany(_INSERT, values)
            self.store.after_commit(partial(self._forget_held, rows))

    def _forget_held(self, rows: list[Row]) -> None:
        for row in rows:
            self._held.pop(row.id, None)
        self.wake()

    def _write_marks(self, cursor: sqlite3.Cursor) -> None:
        """Delete what was delivered, and mark what the broker has taken."""
        for marks, statement in (
            (self._delivered, "DELETE FROM outbox WHERE id = ?"),
            (self._taken, "UPDATE outbox SET taken = 1 WHERE id = ?"),
        ):
            if marks:
                done = frozenset(marks)
                cursor.executemany(statement, [(row_id,) for row_id in done])
                self.store.after_commit(partial(marks.difference_update, done))
        forget_unconfirmed(cursor)

    def _forget_marks(self) -> None:
        """The ids of another file mean other rows; what is sent twice for that is dropped by its receivers."""
        self._delivered.clear()
        self._taken.clear()

    def _without(self, *marks: set[int]) -> str:
        return json.dumps(sorted(set().union(*marks)))

    def waiting(self, skip: Collection[int], limit: int) -> list[Row]:
        """The oldest `limit` rows that no broker has taken and whose id is not in `skip`, oldest first.

        Where the file cannot be read, only those in memory: they are the ones that it did not take.
        """
        try:
            rows = self._on_disk(limit + len(skip))
            self._unreadable = False
        except StoreError as error:
            rows = []
            if not self._unreadable:
                logger.critical("the outbox cannot be read; what it holds is sent later: %s", error)
            self._unreadable = True
        rows.extend(row for row in self._held.values() if not row.taken)
        return [row for row in rows if row.id not in skip][:limit]

    def _on_disk(self, limit: int) -> list[Row]:
        with self.store.reading() as cursor:
            found = cursor.execute(
                f"SELECT {_COLUMNS} FROM outbox WHERE taken = 0 AND {_OTHERS} ORDER BY id LIMIT ?",  # noqa: S608 - constants
                (self._without(self._delivered, self._taken), limit),
            ).fetchall()
        return [_row(*columns) for columns in found]

    def take(self, row: Row, *, confirm: bool) -> None:
        """The broker has acknowledged a row: forget it, unless a station has yet to confirm it.

        Args:
            row: which.
            confirm: whether alerts wait for a station's confirmation.
        """
        if not (confirm and row.leaf == EVENT and row.message_id):
            self.remove(row.id)
        elif row.id in self._held:
            self._held[row.id] = replace(row, taken=True)
        elif row.id not in self._delivered:  # a station's word may come before the broker's
            self._taken.add(row.id)
            self.store.later.ask(self._write_marks)

    def confirm(self, message_id: str) -> bool:
        """A station has this alert; False where none waits under that id."""
        held = [row.id for row in self._held.values() if row.message_id == message_id and row.leaf == EVENT]
        try:
            with self.store.reading() as cursor:
                found = cursor.execute(
                    f"SELECT id FROM outbox WHERE message_id = ? AND leaf = ? AND {_OTHERS}",  # noqa: S608 - a constant
                    (message_id, EVENT, self._without(self._delivered)),
                ).fetchall()
        except StoreError:  # `waiting` reports it; a station confirms again when it is sent again
            found = []
        for row_id in [*held, *(number for (number,) in found)]:
            self.remove(row_id)
        return bool(held or found)

    def offer_again(self) -> int:
        """Have everything sent again that the broker took and no station has confirmed, in its order.

        Returns:
            How many rows that are.
        """
        again = [row for row in self._held.values() if row.taken]
        for row in again:
            self._held[row.id] = replace(row, taken=False)
        offered = len(again) + len(self._taken)
        self._taken.clear()
        try:
            with self.store.transaction(durable=False) as cursor:
                self._write_marks(cursor)
                offered += cursor.execute("UPDATE outbox SET taken = 0 WHERE taken = 1").rowcount
        except StoreError as error:
            logger.warning("what no station has confirmed cannot be offered again: %s", error)
        return offered

    def tidy(self, now: Instant) -> int:
        """Give up what nobody needs any more: expired rows, and late alarm states that a newer one has replaced.

        Every transition stays in its `event`.

        Returns:
            How many rows were given up.
        """
        rows = self._perishable()
        newest = {row.leaf: row.id for row in rows}
        gone = 0
        for row in rows:
            head = decode_head(row.payload)
            if head is None:
                continue
            age_s = age_ms(head, now) / 1000.0
            replaced = row.leaf.startswith(ALARM) and newest[row.leaf] != row.id and age_s >= LATE_S
            if replaced or (row.expiry_s is not None and age_s >= row.expiry_s):
                self.remove(row.id)
                gone += 1
        return gone

    def _perishable(self) -> list[Row]:
        """The rows that are no events, oldest first: what waits for long is mostly events."""
        rows: list[Row] = []
        with suppress(StoreError), self.store.reading() as cursor:  # `waiting` reports it
            found = cursor.execute(
                f"SELECT {_COLUMNS} FROM outbox WHERE leaf <> ? ORDER BY id",  # noqa: S608 - a constant
                (EVENT,),
            )
            rows = [_row(*columns) for columns in found]
        rows.extend(row for row in self._held.values() if row.leaf != EVENT)
        return [row for row in rows if row.id not in self._delivered]

    def remove(self, row_id: int) -> None:
        """Forget a row."""
        if self._held.pop(row_id, None) is not None:
            return
        self._taken.discard(row_id)
        self._delivered.add(row_id)
        self.store.later.ask(self._write_marks)

    def pending(self) -> int:
        """How many rows no broker has taken, on disk and in memory."""
        on_disk = self._count("taken = 0", self._delivered | self._taken)
        return on_disk + sum(not row.taken for row in self._held.values())

    def unconfirmed(self) -> int:
        """How many alerts the broker has taken and no station has confirmed."""
        on_disk = self._count("taken = 1", self._delivered | self._taken) + len(self._taken)
        return on_disk + sum(row.taken for row in self._held.values())

    def _count(self, which: str, without: set[int]) -> int:
        with self.store.reading() as cursor:
            statement = f"SELECT count(*) FROM outbox WHERE {which} AND {_OTHERS}"  # noqa: S608 - constants
            return int(cursor.execute(statement, (self._without(without),)).fetchone()[0])

    def waiting_leaves(self) -> set[str]:
        """Leaves that have a row waiting for the broker; only of those in memory where the file cannot be read."""
        leaves = {row.leaf for row in self._held.values() if not row.taken}
        with suppress(StoreError), self.store.reading() as cursor:  # `waiting` reports it
            statement = f"SELECT DISTINCT leaf FROM outbox WHERE taken = 0 AND {_OTHERS}"  # noqa: S608 - a constant
            found = cursor.execute(statement, (self._without(self._delivered, self._taken),))
            leaves |= {str(leaf) for (leaf,) in found}
        return leaves

    def listen(self, wake: Callable[[], None]) -> None:
        """Have `wake` called, in any thread, when there are new rows."""
        self._listeners.append(wake)

    def wake(self) -> None:
        """Tell the listeners that there are new rows."""
        for listener in self._listeners:
            listener()


class _AnyHead(Head):
    """The head of whatever is stored, its other keys unread."""

    model_config = Head.model_config | {"extra": "ignore"}


def decode_head(payload: bytes) -> Head | None:
    """The head of a stored message; None where it has none."""
    return decode(_AnyHead, payload)


def _row(number: int, leaf: str, payload: bytes, retain: int, expiry_s: int | None, message_id: str, taken: int) -> Row:
    return Row(number, leaf, payload, bool(retain), expiry_s, message_id, bool(taken))


def _id(message: Message) -> str:
    return message.id if isinstance(message, Head) else ""


def _refuse_foreign(message: object) -> None:
    if not isinstance(message, Message):
        raise TypeError(f"only published messages go into the outbox, not {type(message).__name__}")
