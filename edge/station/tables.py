"""The tables of a station's record in SQLite, apart from the spool for a hospital's database (`edge.station.spool`)."""

from __future__ import annotations

import sqlite3

SCHEMA = """
CREATE TABLE IF NOT EXISTS event (
    place TEXT NOT NULL, id TEXT NOT NULL, heard_ms INTEGER NOT NULL, wall_ms INTEGER NOT NULL,
    synced INTEGER NOT NULL, episode INTEGER NOT NULL, condition TEXT NOT NULL, priority TEXT NOT NULL,
    presence TEXT NOT NULL, validity TEXT NOT NULL, score REAL, reasons TEXT NOT NULL, PRIMARY KEY (place, id)
) STRICT;
CREATE INDEX IF NOT EXISTS event_time ON event (heard_ms);
CREATE TABLE IF NOT EXISTS deed (
    id TEXT PRIMARY KEY, place TEXT NOT NULL, heard_ms INTEGER NOT NULL, do TEXT NOT NULL, by TEXT NOT NULL,
    episode INTEGER, condition TEXT, detail TEXT NOT NULL, ok INTEGER, reply TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX IF NOT EXISTS deed_time ON deed (heard_ms);
CREATE TABLE IF NOT EXISTS note (
    id TEXT PRIMARY KEY, place TEXT NOT NULL, wall_ms INTEGER NOT NULL, by TEXT NOT NULL, words TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS trend (
    place TEXT NOT NULL, minute INTEGER NOT NULL, sight TEXT NOT NULL, low REAL, high REAL, mode TEXT NOT NULL,
    seq INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (place, minute)
) STRICT;
CREATE TABLE IF NOT EXISTS sign_in (
    digest TEXT PRIMARY KEY, account TEXT NOT NULL, stamp TEXT NOT NULL, until_ms INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS secret (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT;
"""

_COLUMNS = {
    "event": "place, id, heard_ms, wall_ms, synced, episode, condition, priority, presence, validity, score, reasons",
    "deed": "id, place, heard_ms, do, by, episode, condition, detail, ok, reply",
    "note": "id, place, wall_ms, by, words",
    "trend": "place, minute, sight, low, high, mode, seq",
    "sign_in": "digest, account, stamp, until_ms",
    "spool": "kind, key, at_ms, row",
}
"""What goes from the memory into the file."""


def upgrade(file: sqlite3.Connection) -> None:
    """Add what the file of an earlier version lacks; it may be open in several programs."""
    if _has_seq(file):
        return
    file.execute("BEGIN IMMEDIATE")
    try:
        if not _has_seq(file):
            file.execute("ALTER TABLE trend ADD COLUMN seq INTEGER NOT NULL DEFAULT 0")
    finally:
        file.execute("COMMIT")


def _has_seq(file: sqlite3.Connection) -> bool:
    return any(row[1] == "seq" for row in file.execute("PRAGMA table_info(trend)"))


def take_over(memory: sqlite3.Connection, file: sqlite3.Connection) -> None:
    """Copy all rows that the file has not."""
    file.execute("BEGIN IMMEDIATE")
    for table, columns in _COLUMNS.items():
        holders = ", ".join("?" * len(columns.split(",")))
        rows = memory.execute(f"SELECT {columns} FROM {table}")  # noqa: S608 - constants
        file.executemany(f"INSERT OR IGNORE INTO {table} ({columns}) VALUES ({holders})", rows)  # noqa: S608 - constants
