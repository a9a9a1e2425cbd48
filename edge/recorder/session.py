"""Reading a session file: its head and its events in order. The file is never changed.

A damaged file gives the events before the damage and then a `SessionError`; nothing else is ever raised.
"""

from __future__ import annotations

import heapq
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar
from urllib.parse import quote

from edge.errors import SessionError, SessionReason
from edge.recorder import cells
from edge.recorder import facts as heads
from edge.recorder.cells import Cell
from edge.recorder.events import Event
from edge.recorder.file import APPLICATION_ID, ENDED, FORMAT_VERSION
from edge.recorder.tables import TABLES, Table

T = TypeVar("T")

_MAGIC = b"SQLite format 3\0"
"""How every SQLite file begins."""

SEALED = b"ANODYNE-SEALED-1"
"""How every sealed session begins (`edge.recorder.seal`)."""

_LOG_HEAD = 32
"""Bytes of the head of a write-ahead log (SQLite's file format, section 4.1)."""

_COPIES = 3
"""Attempts at a copy while the box is recording."""

_LOCKED = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)

_REMEDIES = {
    SessionReason.NOT_FOUND: "there is no such file",
    SessionReason.UNREADABLE: "it cannot be opened: check its owner and mode",
    SessionReason.FOREIGN: "this is no session of Anodyne",
    SessionReason.SEALED: "it is sealed: `anodyne sessions open` it with the site's private key first",
    SessionReason.VERSION: "it was written by a newer program: use that one",
    SessionReason.LOCKED: "it is being written right now: try again, or stop the box first",
    SessionReason.CORRUPT: "the file is damaged",
}

_EVERYTHING = (-sys.maxsize - 1, sys.maxsize)


class Session:
    """An open session file. Make it with `Session.open`; it is a context manager.

    Attributes:
        path: the file.
        facts: its head.
        ended: whether it was closed, not cut short.
    """

    def __init__(self, path: Path, opened: ExitStack, *, elsewhere: bool = False) -> None:
        """Read the head.

        Raises:
            SessionError: this is no session, or not one that can be read.
        """
        self.path = path
        with opened, _as_session_error(path):
            place = _copy(path, opened) if elsewhere else path
            uri = f"file:{quote(str(place.absolute()))}?mode=ro"
            self._connection = sqlite3.connect(uri, uri=True, timeout=0.5, check_same_thread=False)
            opened.callback(self._connection.close)
            self._check()
            rows: dict[str, Cell] = dict(self._connection.execute("SELECT key, value FROM meta"))
            self.facts = heads.from_rows(rows)
            self._opened = opened.pop_all()
        self.ended = ENDED in rows

    @classmethod
    def open(cls, path: Path) -> Session:
        """Open a session.

        Raises:
            SessionError: NOT_FOUND, UNREADABLE, FOREIGN, SEALED, VERSION, LOCKED (still being recorded) or CORRUPT.
        """
        if not path.is_file():
            raise _error(path, SessionReason.NOT_FOUND)
        with _as_session_error(path), path.open("rb") as file:
            begin = file.read(len(_MAGIC))
            if begin == SEALED:
                raise _error(path, SessionReason.SEALED)
            if begin != _MAGIC:
                raise _error(path, SessionReason.FOREIGN)
        try:
            return cls(path, ExitStack())
        except SessionError:
            if not _beside(path, "-wal").exists():
                raise
        # With a log beside it, it is being recorded, and locked; or a crash left the log, which SQLite reads through a
        # third file, for which a full or read-only disk has no room.
        return cls(path, ExitStack(), elsewhere=True)

    def __enter__(self) -> Self:
        """The session itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._opened.close()

    def span_ns(self) -> tuple[int, int]:
        """Monotonic times of the first and the last tick; of a session without any, twice its start.

        Raises:
            SessionError: CORRUPT.
        """
        start_ns = self.facts.start.mono_ns
        with _as_session_error(self.path):
            first, last = self._connection.execute("SELECT min(at_ns), max(at_ns) FROM tick").fetchone()
            if first is None:
                return start_ns, start_ns
            first_ns = cells.integer(first) if self.facts.part > 1 else start_ns
            return first_ns, cells.integer(last)

    def events(
        self,
        kinds: Collection[str] | None = None,
        span_ns: tuple[int, int] = _EVERYTHING,
        sensor: str | None = None,
        after: int = 0,
    ) -> Iterator[tuple[int, Event]]:
        """The events in order, each with its number.

        Args:
            kinds: names of tables to read; None for all.
            span_ns: only events from the first to before the second of these monotonic times.
            sensor: only this sensor's; goes with `kinds` that are of a sensor.
            after: only events with a higher number.

        Raises:
            SessionError: CORRUPT; everything before the damage has been yielded.
        """
        where = "at_ns >= ? AND at_ns < ? AND seq > ?" + ("" if sensor is None else " AND sensor = ?")
        values: list[int | str] = [*span_ns, after, *([] if sensor is None else [sensor])]
        chosen = [table for table in TABLES if kinds is None or table.name in kinds]
        rows = (self._rows(table, where, values) for table in chosen)
        yield from heapq.merge(*rows, key=_seq)

    def _rows(self, table: Table, where: str, values: list[int | str]) -> Iterator[tuple[int, Event]]:
        # Names come from the table of tables, never from outside.
        query = f"SELECT {table.names} FROM {table.name} WHERE {where} ORDER BY seq"  # noqa: S608 - names from the code
        with _as_session_error(self.path):
            for seq, at_ns, *row in self._connection.execute(query, values):
                yield seq, table.decode(cells.integer(at_ns), tuple(row))

    def _check(self) -> None:
        execute = self._connection.execute
        execute("PRAGMA trusted_schema=OFF")
        execute("PRAGMA cell_size_check=ON")
        execute("PRAGMA query_only=ON")
        execute("PRAGMA writable_schema=ON")  # nothing is written: SQLite then reads a copy that was cut short
        if execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
            raise _error(self.path, SessionReason.FOREIGN)
        version = execute("PRAGMA user_version").fetchone()[0]
        if version != FORMAT_VERSION:
            raise _error(self.path, SessionReason.VERSION if version > FORMAT_VERSION else SessionReason.CORRUPT)


def chain(path: Path) -> list[Path]:
    """The parts of a session up to this file, first part first; without those that are not there.

    Raises:
        SessionError: one of them cannot be read.
    """
    found = [path]
    while True:
        with Session.open(found[0]) as session:
            before = session.facts.continues
        earlier = path.parent / Path(before).name
        if not before or earlier in found or not earlier.is_file():
            return found
        found.insert(0, earlier)


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)


def _copy(path: Path, opened: ExitStack) -> Path:
    """The session and its log in a temporary folder, which goes when `opened` is closed.

    The recorder may be writing. It only adds to the log, whose end is where the last whole commit ends, except about
    every two minutes, when the log is folded into the file; then the copy is made again.

    Raises:
        SessionError: LOCKED: that happened again and again.
    """
    folder = Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="anodyne-session-")))
    for _ in range(_COPIES):
        before = path.stat().st_mtime_ns, _log_head(path)
        for suffix in ("", "-wal"):
            shutil.copyfile(_beside(path, suffix), folder / f"copy{suffix}")
        if (path.stat().st_mtime_ns, _log_head(path)) == before:
            return folder / "copy"
    raise _error(path, SessionReason.LOCKED)


def _log_head(path: Path) -> bytes:
    """The head of the log, which changes when it begins anew."""
    with _beside(path, "-wal").open("rb") as log:
        return log.read(_LOG_HEAD)


def _seq(numbered: tuple[int, Event]) -> int:
    return numbered[0]


@contextmanager
def _as_session_error(path: Path) -> Iterator[None]:
    """Turn what a damaged file makes SQLite and the decoders raise into ours."""
    try:
        yield
    except OSError as error:
        raise _error(path, SessionReason.UNREADABLE, error) from error
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF
        if code in _LOCKED:
            raise _error(path, SessionReason.LOCKED, error) from error
        if code == sqlite3.SQLITE_CANTOPEN:
            raise _error(path, SessionReason.UNREADABLE, error) from error
        raise _error(path, SessionReason.CORRUPT, error) from error
    except (ValueError, KeyError, OverflowError, MemoryError, RecursionError) as error:
        raise _error(path, SessionReason.CORRUPT, error) from error


def _error(path: Path, reason: SessionReason, detail: Exception | None = None) -> SessionError:
    said = "" if detail is None else f" ({detail})"
    return SessionError(reason, f"{path} cannot be read{said}: {_REMEDIES[reason]}")
