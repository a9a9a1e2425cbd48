"""Writing one session file.

SQLite in WAL mode with `synchronous=FULL`: what `append` has returned from survives a power cut, and a cut between two
appends leaves the file at the first. A clean `close` leaves one file and no log beside it. The file is locked for
itself: without shared memory a full disk is an error and not a signal that kills the process.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from edge.recorder.events import Event
from edge.recorder.facts import Facts, to_rows
from edge.recorder.tables import TABLES, encode

APPLICATION_ID = 0x416E6F64
""""Anod": `PRAGMA application_id`, by which file(1) and the reader know a session."""

FORMAT_VERSION = 1
"""`PRAGMA user_version`."""

SUFFIXES = ("", "-wal", "-shm", "-journal")
"""A session's file, and what may lie beside it after a crash."""

ENDED = "ended"
"""Row of `meta` that a session has which was closed and not cut short."""


class SessionFile:
    """A session file that is being written, by one thread.

    Args:
        path: a file that does not exist.
        facts: its head.

    Raises:
        sqlite3.Error, OSError: it cannot be made.
    """

    def __init__(self, path: Path, facts: Facts) -> None:
        """Create it, readable by its owner only."""
        self.path = path
        self.next_seq = facts.first_seq
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._inserts = {table.name: table.insert for table in TABLES}
        try:
            self._prepare(facts)
        except sqlite3.Error:
            self._connection.close()
            raise

    def _prepare(self, facts: Facts) -> None:
        execute = self._connection.execute
        execute("PRAGMA locking_mode=EXCLUSIVE")
        execute("PRAGMA synchronous=FULL")
        execute("BEGIN")  # not in the log yet: the file alone can always say what it is
        execute(f"PRAGMA application_id={APPLICATION_ID}")
        execute("CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT")
        for table in TABLES:
            execute(table.create)
        self._connection.executemany("INSERT INTO meta VALUES (?, ?)", to_rows(facts))
        execute(f"PRAGMA user_version={FORMAT_VERSION}")
        execute("COMMIT")
        execute("PRAGMA journal_mode=WAL")

    def append(self, events: Iterable[Event]) -> None:
        """Write events as one transaction, in their order.

        Raises:
            sqlite3.Error: none of them was written.
            TypeError: something is no event or holds no samples; none of them was written.
        """
        seq = self.next_seq
        with closing(self._connection.cursor()) as cursor:
            cursor.execute("BEGIN")
            try:
                for event in events:
                    name, row = encode(event)
                    cursor.execute(self._inserts[name], (seq, event.at_ns, *row))
                    seq += 1
                cursor.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    cursor.execute("ROLLBACK")
                raise
        self.next_seq = seq

    @property
    def size(self) -> int:
        """Bytes on disk, the log included."""
        beside = (self.path.with_name(self.path.name + suffix) for suffix in SUFFIXES)
        return sum(path.stat().st_size for path in beside if path.exists())

    def abandon(self) -> None:
        """Close the file without the mark of an end: what is there was cut short."""
        self._connection.execute("PRAGMA journal_mode=DELETE")
        self._connection.close()

    def close(self) -> None:
        """Mark the session as ended, fold the log into the file and close it.

        Raises:
            sqlite3.Error: the mark could not be written; everything appended is there.
        """
        try:
            self._connection.execute("INSERT INTO meta VALUES (?, 'stopped')", (ENDED,))
            self._connection.execute("PRAGMA journal_mode=DELETE")
        finally:
            self._connection.close()
