"""SQLite on a file-system layer that notes every write and sync: APSW's, below the rooms' own code.

Within `recording` the rooms' `sqlite3.connect` opens files through it. The engine is the one that APSW brings; what a
cut leaves is read by the one that Python brings, as the box would.
"""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Self
from unittest.mock import patch

import apsw

from tests.power.disk import Create, Delete, Op, Sync, Truncate, Write

Value = str | int | float | bytes | None
Values = Sequence[Value] | Mapping[str, Value]

_JOURNALS = apsw.SQLITE_OPEN_WAL | apsw.SQLITE_OPEN_MAIN_JOURNAL | apsw.SQLITE_OPEN_SUPER_JOURNAL
_MAIN = apsw.SQLITE_OPEN_MAIN_DB

_number = itertools.count()


class NotingFile(apsw.VFSFile):
    """A file whose changes are noted.

    Args:
        layer: whose log takes them.
        path: the file.
        flags: as SQLite gives them.
        made: whether it was not there before.
    """

    def __init__(
        self, layer: NotingLayer, path: str, name: apsw.URIFilename | str, flags: list[int], made: bool
    ) -> None:
        super().__init__("", name, flags)
        self._log = layer.log
        self._file = Path(path).name
        # SQLite's own layer syncs the folder with the first sync of a new journal or write-ahead log.
        self._folder_due = made and bool(flags[0] & _JOURNALS)

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802 - SQLite's names
        """Bytes put into the file."""
        super().xWrite(data, offset)
        self._log.append(Write(self._file, offset, bytes(data)))

    def xTruncate(self, newsize: int) -> None:  # noqa: N802 - SQLite's names
        """The file cut to a size."""
        super().xTruncate(newsize)
        self._log.append(Truncate(self._file, newsize))

    def xSync(self, flags: int) -> None:  # noqa: N802, ARG002 - SQLite's names and arguments
        """On the disk from here on; not truly done, as the files of this run are never read after a cut."""
        self._log.append(Sync(self._file, self._folder_due))
        self._folder_due = False


class NotingLayer(apsw.VFS):
    """SQLite's own layer, with a log.

    Args:
        log: takes every operation.
    """

    def __init__(self, log: list[Op]) -> None:
        self.log = log
        self.name = f"noting-{next(_number)}"
        self._known: set[str] = set()
        super().__init__(self.name, "")

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> apsw.VFSFile:  # noqa: N802 - SQLite's names
        """Open a file; those of one statement's own use are not noted."""
        if name is None or not flags[0] & (_JOURNALS | _MAIN):
            return apsw.VFSFile("", name, flags)
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        made = path not in self._known
        if made:
            self._known.add(path)
            self.log.append(Create(Path(path).name))
        return NotingFile(self, path, name, flags, made)

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: N802 - SQLite's names
        """A file that is not wanted any more."""
        super().xDelete(filename, syncdir)
        if filename in self._known:
            self._known.discard(filename)
            self.log.append(Delete(Path(filename).name, syncdir))


class _Cursor:
    """The part of `sqlite3.Cursor` that the rooms use."""

    def __init__(self, connection: apsw.Connection, alter: Callable[[str], str]) -> None:
        self._connection = connection
        self._cursor = connection.cursor()
        self._alter = alter
        self.rowcount = -1

    def execute(self, statement: str, values: Values = ()) -> Self:
        before = self._connection.total_changes()
        with _translated():
            self._cursor.execute(self._alter(statement), values)
        self.rowcount = self._connection.total_changes() - before
        return self

    def executemany(self, statement: str, rows: Sequence[Values]) -> Self:
        with _translated():
            self._cursor.executemany(statement, rows)
        return self

    def fetchone(self) -> tuple[Value, ...] | None:
        return next(self._cursor, None)

    def fetchall(self) -> list[tuple[Value, ...]]:
        return list(self._cursor)

    def __iter__(self) -> Iterator[tuple[Value, ...]]:
        return iter(self._cursor)

    def close(self) -> None:
        self._cursor.close()


class _Connection:
    """The part of `sqlite3.Connection` that the rooms use."""

    def __init__(self, path: Path, layer: NotingLayer, alter: Callable[[str], str], checkpoint_pages: int) -> None:
        self._apsw = apsw.Connection(str(path), vfs=layer.name)
        self._alter = alter
        self._apsw.execute(f"PRAGMA wal_autocheckpoint={checkpoint_pages}")

    @property
    def in_transaction(self) -> bool:
        return self._apsw.in_transaction

    def cursor(self) -> _Cursor:
        return _Cursor(self._apsw, self._alter)

    def execute(self, statement: str, values: Values = ()) -> _Cursor:
        return self.cursor().execute(statement, values)

    def executemany(self, statement: str, rows: Sequence[Values]) -> _Cursor:
        return self.cursor().executemany(statement, rows)

    def executescript(self, script: str) -> _Cursor:
        return self.cursor().execute(script)

    def close(self) -> None:
        self._apsw.close()


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except apsw.Error as error:
        raise sqlite3.OperationalError(str(error)) from error


def unaltered(statement: str) -> str:
    """Leave statements as they are."""
    return statement


@contextmanager
def recording(log: list[Op], alter: Callable[[str], str] = unaltered, checkpoint_pages: int = 1000) -> Iterator[None]:
    """Have every SQLite file that is opened within the block noted.

    Args:
        log: takes every operation.
        alter: another wording of statements, to break what is tested on purpose.
        checkpoint_pages: pages of the write-ahead log at which it is brought home; 1000 is SQLite's default.
    """
    layer = NotingLayer(log)

    def connect(path: Path, **_options: object) -> _Connection:
        return _Connection(path, layer, alter, checkpoint_pages)

    try:
        with patch.object(sqlite3, "connect", connect):
            yield
    finally:
        layer.unregister()
