"""A sound copy of a SQLite file in WAL mode that another process holds with an exclusive lock.

The box holds its state file alone (`edge.store`), so SQLite lets nobody else read it. The two files are copied instead,
the main file first and its log second, which is what a power cut would leave behind, and SQLite recovers from that: a
page that a checkpoint was writing meanwhile still stands in the log. That holds as long as the log was not begun anew
between; its header then has another salt (SQLite, "WAL-mode File Format", section 4.3), and the copy is made again.

Never call it in the process that holds the file: closing it there would drop that process's own lock.
"""

from __future__ import annotations

import logging
import shutil
import sqlite3
import time
from contextlib import closing
from pathlib import Path

from edge.errors import StoreError, StoreReason

logger = logging.getLogger(__name__)

ATTEMPTS = 20
"""The log of a box begins anew about every thousand pages, once in minutes; a copy takes milliseconds."""

_PAUSE_S = 0.05

_HEADER_BYTES = 32
"""Length of the log's header, which holds the salts."""


def snapshot(path: Path, folder: Path) -> Path:
    """Copy the file as it is at one moment.

    Args:
        path: the file; only read.
        folder: for the copy.

    Returns:
        The copy, an ordinary SQLite file that nobody else has open.

    Raises:
        StoreError: there is no such file, it cannot be read, or it is damaged.
    """
    copy = folder / path.name
    log, log_copy = (one.with_name(f"{one.name}-wal") for one in (path, copy))
    why = "its log was begun anew each time"
    for _ in range(ATTEMPTS):
        for old in (copy, log_copy):
            old.unlink(missing_ok=True)
        try:
            before = _header(log)
            shutil.copyfile(path, copy)
            if before is not None:
                shutil.copyfile(log, log_copy)
            whole = _header(log) == before
        except FileNotFoundError as error:
            if not path.exists():
                raise _unusable(path, StoreReason.UNWRITABLE, "there is no such file: has the box ever run?") from error
            whole = False  # the log was removed between: the box has just ended
        except OSError as error:
            raise _unusable(path, StoreReason.UNWRITABLE, f"it cannot be read: {error.strerror}") from error
        if whole:
            why = _check(copy)
            if not why:
                return copy
        time.sleep(_PAUSE_S)
    raise _unusable(path, StoreReason.CORRUPT, f"no sound copy could be made: {why}")


def _header(log: Path) -> bytes | None:
    """The header of a log; None where there is no log."""
    try:
        with log.open("rb") as file:
            return file.read(_HEADER_BYTES)
    except FileNotFoundError:
        return None


def _check(copy: Path) -> str:
    """What is wrong with a copy; "" for nothing. SQLite takes up its log here."""
    try:
        with closing(sqlite3.connect(copy)) as connection:
            found = str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
    except sqlite3.Error as error:
        return str(error)
    return "" if found == "ok" else found


def _unusable(path: Path, reason: StoreReason, detail: str) -> StoreError:
    return StoreError(reason, f"{path}: {detail}")
