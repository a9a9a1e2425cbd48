"""Takes over what can be read of a damaged SQLite file, row by row.

Damage is mostly local: one bad page of an index or a table leaves the rows on all other pages readable. So each table
is walked by its row ids from both ends, and every row that comes out whole is kept.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

logger = logging.getLogger(__name__)

_TABLES = ("number", "alarm", "outbox", "command", "face_reference", "setting", "report", "burden", "proof")
"""Every table of the store; what waits for the broker and the alarm states matter most."""

_PLACES_TRIED = 200_000
"""Row ids looked at in one table: ten times as many as an outbox may hold."""


def salvage(damaged: Path, target: sqlite3.Cursor) -> int:
    """Copy rows into the open transaction of `target`, which has all tables.

    Rows that are there already win; a row that the new file's rules refuse is left out.

    Returns:
        Number of rows taken over.
    """
    taken = 0
    try:
        with closing(sqlite3.connect(f"{damaged.absolute().as_uri()}?mode=rw", uri=True)) as source:
            for table in _TABLES:
                known = [str(row[1]) for row in target.execute(f"PRAGMA table_info({table})")]
                for row in _rows(source, table):
                    fitting = {name: value for name, value in row.items() if name in known}
                    columns, holders = ", ".join(fitting), ", ".join("?" * len(fitting))
                    with suppress(sqlite3.IntegrityError):
                        statement = f"INSERT OR IGNORE INTO {table} ({columns}) VALUES ({holders})"  # noqa: S608 - names from the schema
                        target.execute(statement, tuple(fitting.values()))
                        taken += target.rowcount
    except sqlite3.DatabaseError as error:
        # Only of the source: what the target refuses beyond its rules shows again at its commit.
        logger.warning("%s cannot be read to its end: %s", damaged.name, error)
    return taken


def _rows(source: sqlite3.Connection, table: str) -> Iterator[dict[str, int | str | bytes | float | None]]:
    """Every readable row: forward until damage, backward until damage, then each id between the two."""
    seen: set[int] = set()
    gap: list[int] = []
    for order in ("ASC", "DESC"):
        last = None
        try:
            for row in source.execute(f"SELECT rowid, * FROM {table} NOT INDEXED ORDER BY rowid {order}"):  # noqa: S608 - names from the schema
                last = int(row[0])
                if last not in seen:
                    seen.add(last)
                    yield _named(source, table, row)
        except sqlite3.DatabaseError:
            gap.append(0 if last is None else last)
        else:
            return
    low, high = min(gap), max(gap)
    for number in range(low + 1, min(high, low + _PLACES_TRIED)):
        with suppress(sqlite3.DatabaseError):
            row = source.execute(f"SELECT rowid, * FROM {table} NOT INDEXED WHERE rowid = ?", (number,)).fetchone()  # noqa: S608 - names from the schema
            if row is not None and number not in seen:
                yield _named(source, table, row)


def _named(
    source: sqlite3.Connection, table: str, row: tuple[int | str | bytes | float | None, ...]
) -> dict[str, int | str | bytes | float | None]:
    names = [str(column[1]) for column in source.execute(f"PRAGMA table_info({table})")]
    return dict(zip(names, row[1:], strict=True))
