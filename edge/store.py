"""The box's one SQLite file: alarm state, outbox and running numbers, so that they commit together or not at all.

The file is in WAL mode with `synchronous=FULL`: what `transaction` has returned from survives a power cut; what need
not asks for `durable=False` (NORMAL: a crash of the program loses nothing, a power cut the last moments). It is opened
with an exclusive lock, so a second daemon on the same folder is refused instead of sending the same rows twice, and so
that no shared-memory file is needed (growing one on a full disk ends in SIGBUS).

Threads: one connection behind one re-entrant lock. Any thread may open a transaction; another thread's waits for it.
A transaction opened inside another one of the same thread joins it. Keep them short: the event loop waits too.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Self

from edge.errors import StoreError, StoreReason
from edge.later import Later
from edge.salvage import salvage

STORE_FILE = "anodyne.sqlite3"
"""Name of the file in the state folder."""

SCHEMA_VERSION = 4
"""`PRAGMA user_version` of files written by this program."""

_BUSY_TIMEOUT_S = 2.0
"""How long another process (a backup, a curious shell) may hold the file before LOCKED is reported."""

_NUMBER_BLOCK = 1000
"""Running numbers are reserved on disk in blocks of this size: one small commit per 500 messages, and never fewer
than 500 numbers in hand while the disk is full. What a crash leaves unused of a block is skipped, never reused."""

_PAGE_BYTES = 1024
"""Page size of new files. A commit writes every page that it touches, and rows have 300 to 900 bytes: with SQLite's
default of 4096 the same alarms write three times as much, and an SD card wears by what is written."""

_CACHE_KIB = 256
"""Memory for pages of the file. What a box writes again and again has thirty pages; SQLite's default of 2000 KiB fills
over weeks with rows that nobody reads, which looks like a leak. What is read anew is in the system's cache anyway."""

_DAMAGED_STEP = 1_000_000
"""A file begun after one was set aside starts counting this much higher for each of those: the numbers in them are
unknown, but a million messages take years."""

_SCHEMA = """
CREATE TABLE number (name TEXT PRIMARY KEY, reserved INTEGER NOT NULL) STRICT;
CREATE TABLE alarm (condition TEXT PRIMARY KEY, state TEXT NOT NULL) STRICT;
CREATE TABLE outbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    leaf TEXT NOT NULL,
    payload BLOB NOT NULL,
    retain INTEGER NOT NULL,
    expiry_s INTEGER
) STRICT;
CREATE TABLE command (position INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE) STRICT;
"""

_SCHEMA_2 = """
CREATE TABLE face_reference (
    camera TEXT NOT NULL, version INTEGER NOT NULL, state TEXT NOT NULL, PRIMARY KEY (camera, version)
) STRICT;
"""
"""What version 2 added: the resting faces."""

_SCHEMA_3 = """
CREATE TABLE setting (name TEXT PRIMARY KEY, state TEXT NOT NULL) STRICT;
CREATE TABLE report (position INTEGER PRIMARY KEY AUTOINCREMENT, state TEXT NOT NULL) STRICT;
CREATE TABLE burden (day TEXT PRIMARY KEY, state TEXT NOT NULL) STRICT;
"""
"""What version 3 added: what a person asked of the alarms, reports of pain beside the assessment, the alarm burden."""

_SCHEMA_4 = """
ALTER TABLE outbox ADD COLUMN message_id TEXT NOT NULL DEFAULT '';
ALTER TABLE outbox ADD COLUMN taken INTEGER NOT NULL DEFAULT 0;
CREATE INDEX outbox_message ON outbox (message_id);
CREATE TABLE proof (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    head TEXT NOT NULL,
    broker_ms INTEGER,
    station_ms INTEGER,
    station TEXT,
    person_ms INTEGER,
    person TEXT
) STRICT;
ALTER TABLE command ADD COLUMN state TEXT;
"""
"""What version 4 added: rows that the broker has taken and no station has confirmed, the proof of delivery, and what
came of each command, who gave it and when."""

_SCHEMAS = (_SCHEMA, _SCHEMA_2, _SCHEMA_3, _SCHEMA_4)
"""What each version added."""

_REASONS = {
    sqlite3.SQLITE_FULL: StoreReason.FULL,
    sqlite3.SQLITE_CORRUPT: StoreReason.CORRUPT,
    sqlite3.SQLITE_NOTADB: StoreReason.CORRUPT,
    sqlite3.SQLITE_BUSY: StoreReason.LOCKED,
    sqlite3.SQLITE_LOCKED: StoreReason.LOCKED,
}
"""Primary result codes of SQLite that have a reason of their own; every other one means UNWRITABLE."""

_REMEDIES = {
    StoreReason.FULL: "the disk is full: free space on it; what waits is kept in memory until then",
    StoreReason.CORRUPT: "the file is damaged: it is set aside (keep it for analysis) and a new one begun",
    StoreReason.LOCKED: "another program holds it: is a second daemon running on this folder?",
    StoreReason.UNWRITABLE: "check that the folder exists, is mounted read-write and belongs to the daemon's user",
    StoreReason.VERSION: "it was written by a newer program: install that one, or move the file away",
}

_ENOUGH_BYTES = 64 * 1024
"""With less than this free, an I/O error is taken for a full disk: SQLite writes whole pages and a WAL header and
reports a failed extension of some files as a plain I/O error."""


class Store:
    """The open file. Make it with `Store.open`.

    Args:
        path: the file that `connection` has open.
        connection: in autocommit mode, usable from any thread.

    Attributes:
        later: writes that may wait; done before the file is closed.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        """Keep the connection; `open` prepares it."""
        self.path = path
        self._connection = connection
        self._lock = threading.RLock()
        self._after_commit: list[Callable[[], None]] = []
        self._on_anew: list[Callable[[], None]] = []
        self.later = Later(partial(self.transaction, durable=False))
        self._next_number = 0
        self._reserved = 0
        self.damaged = False
        """Whether SQLite has met damage since the file was opened: `begin_anew` is called for."""

    @classmethod
    def in_memory(cls, first: int) -> Self:
        """A store that ends with the process.

        Args:
            first: number to count from. A station takes a number that it has heard in this boot for a repeat, so none
                of an earlier store may come again.
        """
        store = cls.open(Path(":memory:"))
        store._next_number = first
        return store

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open or create the file and check it.

        Raises:
            StoreError: FULL, CORRUPT, UNWRITABLE, LOCKED (another process has it) or VERSION (written by a newer
                program).
        """
        store = cls(path, _connect(path))
        try:
            store._prepare()
            store._reserve_numbers()
        except StoreError:
            store.close()
            raise
        return store

    def begin_anew(self) -> tuple[Path, int]:
        """Set the damaged file aside, with all that can be read of it taken over into a new one.

        Returns:
            The new name of the damaged file, and how many rows were taken over.

        Raises:
            StoreError: the folder takes no new file.
        """
        with self._lock:
            self._connection.close()
            kept = set_aside(self.path)
            self._connection = _connect(self.path)
            self._prepare()
            rows = self.take_over(kept)
            self._reserve_numbers()
            self.damaged = False
            for call in self._on_anew:
                call()
        return kept, rows

    def on_anew(self, call: Callable[[], None]) -> None:
        """Have `call` called when the file has been begun anew: ids of its rows may mean others now."""
        self._on_anew.append(call)

    def take_over(self, damaged: Path) -> int:
        """Copy what can be read of a damaged file into this one.

        Returns:
            Number of rows taken over.
        """
        with self.transaction() as cursor:
            return salvage(damaged, cursor)

    def close(self) -> None:
        """Write what may wait, and close the file; everything else is on disk already."""
        with self._lock:
            self.later.settle(last=True)
            self._connection.close()

    @contextmanager
    def transaction(self, *, durable: bool = True) -> Iterator[sqlite3.Cursor]:
        """Run the block as one transaction, or as part of the one that this thread is in.

        Args:
            durable: whether it has to survive a power cut once it has returned; inside another one that one decides.

        Yields:
            A cursor to execute statements with.

        Raises:
            StoreError: nothing of the transaction was written.
        """
        # Closed here and not by the garbage collector: a cursor that an error's traceback keeps alive would keep the
        # file open, and locked, after `close`.
        with self._lock, self._as_store_error(), closing(self._connection.cursor()) as cursor:
            if self._connection.in_transaction:
                yield cursor
                return
            if not durable:
                cursor.execute("PRAGMA synchronous=NORMAL")
            try:
                cursor.execute("BEGIN IMMEDIATE")
                try:
                    yield cursor
                    cursor.execute("COMMIT")
                except BaseException:
                    self._roll_back()
                    raise
            finally:
                if not durable:
                    self._connection.execute("PRAGMA synchronous=FULL")
            calls, self._after_commit = self._after_commit, []
        for call in calls:
            call()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Cursor]:
        """Run SELECTs, within the transaction that is open or without one: works where the disk takes no writes.

        Raises:
            StoreError: the file cannot be read.
        """
        with self._lock, self._as_store_error(), closing(self._connection.cursor()) as cursor:
            yield cursor

    @contextmanager
    def _as_store_error(self) -> Iterator[None]:
        try:
            with _as_store_error(self.path):
                yield
        except StoreError as error:
            self.damaged |= error.reason is StoreReason.CORRUPT
            raise

    def after_commit(self, call: Callable[[], None]) -> None:
        """Have `call` called once the open transaction is on disk; never, where it fails.

        What a transaction changes in memory is changed there: inside the block it would outlive a failed commit.
        """
        self._after_commit.append(call)

    def _roll_back(self) -> None:
        self._after_commit.clear()
        if self._connection.in_transaction:  # on some errors SQLite has done so by itself
            self._connection.execute("ROLLBACK")

    def take_number(self) -> int:
        """The next running number: rising and never reused, across restarts and power cuts.

        Call it outside a transaction. On a full disk the numbers in hand are used up, then counting goes on unreserved
        (a restart might then repeat one): an alert with a doubtful number is better than none.
        """
        with self._lock:
            if self._reserved - self._next_number < _NUMBER_BLOCK // 2:
                with suppress(StoreError):  # whoever takes a number writes next, fails likewise and reports it
                    self._reserve_numbers()
            number = self._next_number
            self._next_number += 1
            return number

    def _reserve_numbers(self) -> None:
        with self.transaction() as cursor:
            row = cursor.execute("SELECT reserved FROM number WHERE name = 'message'").fetchone()
            first = int(row[0]) if row else 1 + _DAMAGED_STEP * len(_damaged(self.path))
            reserved = max(first, self._next_number) + _NUMBER_BLOCK
            cursor.execute(
                "INSERT INTO number (name, reserved) VALUES ('message', ?) "
                "ON CONFLICT DO UPDATE SET reserved = excluded.reserved",
                (reserved,),
            )
        self._next_number = self._next_number or first
        self._reserved = reserved

    def _prepare(self) -> None:
        with _as_store_error(self.path):
            execute = self._connection.execute
            execute("PRAGMA locking_mode=EXCLUSIVE")
            version = int(execute("PRAGMA user_version").fetchone()[0])
            if version > SCHEMA_VERSION:
                raise _error(self.path, StoreReason.VERSION)
            execute(f"PRAGMA page_size={_PAGE_BYTES}")  # of no effect on a file that is there
            execute("PRAGMA journal_mode=WAL")
            execute("PRAGMA synchronous=FULL")
            execute("PRAGMA journal_size_limit=1048576")
            execute(f"PRAGMA cache_size=-{_CACHE_KIB}")
            if execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
                raise _error(self.path, StoreReason.CORRUPT)
        if version < SCHEMA_VERSION:
            schema = "".join(_SCHEMAS[version:])
            with self.transaction() as cursor:
                for statement in filter(str.strip, schema.split(";")):
                    cursor.execute(statement)
                cursor.execute(f"PRAGMA user_version={SCHEMA_VERSION}")


def _connect(path: Path) -> sqlite3.Connection:
    with _as_store_error(path):
        return sqlite3.connect(path, timeout=_BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False)


@contextmanager
def _as_store_error(path: Path) -> Iterator[None]:
    """Turn SQLite's errors into ours."""
    try:
        yield
    except sqlite3.Error as error:
        raise _error(path, _reason(path, error), str(error)) from error


def _reason(path: Path, error: sqlite3.Error) -> StoreReason:
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_MISUSE) & 0xFF
    if code in (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN) and _free_bytes(path.parent) < _ENOUGH_BYTES:
        return StoreReason.FULL
    return _REASONS.get(code, StoreReason.UNWRITABLE)


def _free_bytes(folder: Path) -> int:
    try:
        status = os.statvfs(folder)
    except OSError:
        return _ENOUGH_BYTES  # no such folder: that is not a full disk
    return status.f_bavail * status.f_frsize


def _error(path: Path, reason: StoreReason, detail: str = "") -> StoreError:
    said = f" ({detail})" if detail else ""
    return StoreError(reason, f"{path} cannot be used{said}: {_REMEDIES[reason]}")


def _damaged(path: Path) -> list[Path]:
    return [file for file in path.parent.glob(f"{path.name}.damaged-*") if file.suffix[-1].isdigit()]


def is_held(path: Path) -> bool:
    """Whether a daemon has this file open. Nothing is written, and a file that is not there is not made."""
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=0.0)) as connection:
            connection.execute("SELECT count(*) FROM sqlite_master")
    except sqlite3.OperationalError as error:
        return error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
    except sqlite3.DatabaseError:
        return False  # damaged, so nobody has it open
    return False


def set_aside(path: Path) -> Path:
    """Rename a damaged file and its log so that a new one can be begun; nothing is deleted.

    Returns:
        The new name of the file, "<name>.damaged-<n>".
    """
    target = path.with_name(f"{path.name}.damaged-{len(_damaged(path)) + 1}")
    for suffix in ("-wal", "-shm"):
        beside = path.with_name(path.name + suffix)
        if beside.exists():
            beside.rename(target.with_name(target.name + suffix))
    return path.rename(target)
