"""What a station has written down and a hospital's database has not: a table beside the record, in the same file.

A row is put here in the transaction that writes it into the record, and leaves when the database has it. Its key makes
a newer row of the same thing take the place of the older one; every row may be sent twice with the effect of once.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from edge.station.history import Value

SCHEMA = """
CREATE TABLE IF NOT EXISTS spool (
    position INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, key TEXT NOT NULL, at_ms INTEGER NOT NULL,
    row TEXT NOT NULL, UNIQUE (kind, key)
) STRICT;
"""

PUT = "INSERT OR REPLACE INTO spool (kind, key, at_ms, row) VALUES (?, ?, ?, ?)"


class Kind(StrEnum):
    """What a row is; its values are those of the record's own statement (`edge.station.entries`)."""

    EVENT = "event"
    DEED = "deed"
    ANSWER = "answer"
    REPLY = "reply"
    NOTE = "note"
    MINUTE = "minute"


_KEYS = {Kind.EVENT: (0, 1), Kind.DEED: (0,), Kind.ANSWER: (2,), Kind.REPLY: (0,), Kind.NOTE: (0,), Kind.MINUTE: (0, 1)}
"""Which values name the thing."""


@dataclass(frozen=True, slots=True)
class Spooled:
    """One row that waits."""

    position: int
    kind: Kind
    row: tuple[Value, ...]


def key_of(kind: Kind, row: Sequence[Value]) -> str:
    """What names the thing that a row says something of."""
    return "|".join(str(row[index]) for index in _KEYS[kind])


def entry(kind: Kind, row: Sequence[Value], now_ms: int) -> tuple[str, str, int, str]:
    """The values of `PUT` for a row."""
    return str(kind), key_of(kind, row), now_ms, json.dumps(row)


class Spool:
    """The table, through a connection of its own; for one thread.

    Args:
        path: the station's file, which is there.
    """

    def __init__(self, path: Path) -> None:
        """Nothing is opened yet."""
        self._path = path
        self._opened: sqlite3.Connection | None = None

    @property
    def _db(self) -> sqlite3.Connection:
        """The connection, made when the file is there: a station also runs where its disk does not."""
        if self._opened is None:
            path = f"{self._path.absolute().as_uri()}?mode=rw"
            self._opened = sqlite3.connect(path, uri=True, isolation_level=None, timeout=5.0, check_same_thread=False)
            self._opened.execute("PRAGMA synchronous=NORMAL")  # a row that is sent again after a power cut is sent once
        return self._opened

    def oldest(self, limit: int, settled_ms: int | None = None) -> list[Spooled]:
        """The rows that have waited longest, in the order in which they were put; those of a newer program stay.

        Args:
            limit: how many at most.
            settled_ms: minutes of trends that were joined to since then, Unix milliseconds, stay too; None: none do.

        Raises:
            sqlite3.Error: the file cannot be read.
        """
        kinds = ", ".join("?" * len(Kind))
        last_ms = 2**62 if settled_ms is None else settled_ms
        found = self._db.execute(
            f"SELECT position, kind, row FROM spool WHERE kind IN ({kinds}) AND (kind <> ? OR at_ms <= ?) "  # noqa: S608
            "ORDER BY position LIMIT ?",
            (*Kind, Kind.MINUTE, last_ms, limit),
        )
        return [Spooled(int(position), Kind(kind), _row(Kind(kind), row)) for position, kind, row in found]

    def done(self, rows: Sequence[Spooled]) -> None:
        """The database has these; one that was replaced meanwhile stays.

        Raises:
            sqlite3.Error: the file cannot be written.
        """
        self._db.execute("BEGIN IMMEDIATE")
        self._db.executemany("DELETE FROM spool WHERE position = ?", [(one.position,) for one in rows])
        self._db.execute("COMMIT")

    def waiting(self) -> int:
        """How many wait.

        Raises:
            sqlite3.Error: the file cannot be read.
        """
        return int(self._db.execute("SELECT count(*) FROM spool").fetchone()[0])

    def close(self) -> None:
        """Close the connection."""
        if self._opened is not None:
            self._opened.close()


def _row(kind: Kind, text: str) -> tuple[Value, ...]:
    """A row as it is written now; an earlier version's minutes had no number of the box."""
    row = tuple(json.loads(text))
    return (*row, 0) if kind is Kind.MINUTE and len(row) == 6 else row
