"""What a station writes down: alarms, what nurses did and wrote, trends, sign-ins. One SQLite file.

It is a record for people, not the way that an alert takes: that is the box's outbox and the broker's retained alarm
states. So a station whose disk is full goes on showing alarms, and says on the page that it keeps no record.

A row is on the disk when the call returns, so that what the station confirms to a box survives a power cut; only the
trends may lose their last minutes.
"""

from __future__ import annotations

import json
import logging
import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from edge.errors import StoreError, StoreReason
from edge.publish.payload import AlertMessage, NoteMessage
from edge.station.requests import HeardCommand

logger = logging.getLogger(__name__)

FILE = "station.db"
"""Name of the file in the state folder."""

_SCHEMA = """
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
    PRIMARY KEY (place, minute)
) STRICT;
CREATE TABLE IF NOT EXISTS sign_in (
    digest TEXT PRIMARY KEY, account TEXT NOT NULL, stamp TEXT NOT NULL, until_ms INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS secret (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT;
"""

Value = str | int | float | bytes | None
"""What a column holds."""


@dataclass(frozen=True, slots=True)
class Minute:
    """One bed in one minute.

    Attributes:
        place: SITE/BED.
        minute: Unix minutes of the station's clock.
        sight: the worst that was seen in it ("pain", "cannot assess", "calm").
        low, high: lowest and highest score; None where there was none.
        mode: modalities in use at its last state.
    """

    place: str
    minute: int
    sight: str
    low: float | None
    high: float | None
    mode: str


class Book:
    """The open file. `fault` says why nothing is being written, "" while it is.

    Args:
        folder: made where it is missing, readable by its owner alone.

    Raises:
        StoreError: the folder cannot be used.
    """

    def __init__(self, folder: Path) -> None:
        """Open or begin the file; a damaged one is set aside under another name."""
        self.fault = ""
        self._path = folder / FILE
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._path.touch(0o600)
            self._db = self._open()
        except sqlite3.DatabaseError as error:
            aside = self._path.with_suffix(".damaged.db")
            logger.warning("%s is damaged (%s): set aside as %s, a new one is begun", self._path, error, aside)
            for ending in ("", "-wal", "-shm"):
                with suppress(FileNotFoundError):
                    Path(f"{self._path}{ending}").replace(f"{aside}{ending}")
            self._path.touch(0o600)
            self._db = self._open()
        except OSError as error:
            raise StoreError(
                StoreReason.UNWRITABLE,
                f"{folder} cannot be used ({error.strerror}): set station.state_dir to a folder "
                "that belongs to the station's user",
            ) from error

    def _open(self) -> sqlite3.Connection:
        # Writes happen on the event loop, one at a time; the look-ups of the log may come from a worker thread.
        db = sqlite3.connect(self._path, isolation_level=None, timeout=2.0, check_same_thread=False)
        try:
            db.execute("PRAGMA journal_mode=WAL")
            db.execute("PRAGMA synchronous=FULL")
            db.executescript(_SCHEMA)
        except sqlite3.DatabaseError:
            db.close()
            raise
        return db

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def alarm(self, place: str, alert: AlertMessage, heard_ms: int) -> None:
        """Note a transition, once however often it is heard."""
        self._write(
            "INSERT OR IGNORE INTO event VALUES (?,?,?,?,?,?,?,?,?,?,?,?)",
            (
                place, alert.id, heard_ms, alert.wall_ms, alert.synced, alert.episode, alert.condition, alert.priority,
                alert.presence, alert.validity, alert.score, json.dumps(alert.reasons),
            ),
        )  # fmt: skip

    def deed(self, place: str, command: HeardCommand, heard_ms: int) -> None:
        """Note a command, of whichever station."""
        condition = None if command.condition is None else str(command.condition)
        self._write(
            "INSERT OR IGNORE INTO deed (id, place, heard_ms, do, by, episode, condition, detail) "
            "VALUES (?,?,?,?,?,?,?,?)",
            (command.id, place, heard_ms, command.do, command.by, command.episode, condition, command.detail),
        )

    def answered(self, command_id: str, *, ok: bool, reply: str) -> None:
        """Note the box's answer to a command."""
        self._write("UPDATE deed SET ok = ?, reply = ? WHERE id = ?", (ok, reply, command_id))

    def note(self, place: str, note: NoteMessage) -> None:
        """Keep a note, once."""
        self._write("INSERT OR IGNORE INTO note VALUES (?,?,?,?,?)", (note.id, place, note.wall_ms, note.by, note.text))

    def minutes(self, minutes: Iterable[Minute]) -> None:
        """Keep minutes of trends, in place of what was kept of the same minutes."""
        rows = [(one.place, one.minute, one.sight, one.low, one.high, one.mode) for one in minutes]
        if rows:
            self._write_all("INSERT OR REPLACE INTO trend VALUES (?,?,?,?,?,?)", rows, durable=False)

    def sign_in(self, digest: str, account: str, stamp: str, until_ms: int) -> None:
        """Keep a sign-in, so that a restart signs nobody out."""
        self._write("INSERT OR REPLACE INTO sign_in VALUES (?,?,?,?)", (digest, account, stamp, until_ms))

    def sign_out(self, digest: str) -> None:
        """Forget a sign-in."""
        self._write("DELETE FROM sign_in WHERE digest = ?", (digest,))

    def forget(self, before_ms: int, now_ms: int) -> None:
        """Drop what is older than the station keeps, and sign-ins that are over."""
        self._write("DELETE FROM event WHERE heard_ms < ?", (before_ms,))
        self._write("DELETE FROM deed WHERE heard_ms < ?", (before_ms,))
        self._write("DELETE FROM note WHERE wall_ms < ?", (before_ms,))
        self._write("DELETE FROM trend WHERE minute < ?", (before_ms // 60_000,))
        self._write("DELETE FROM sign_in WHERE until_ms < ?", (now_ms,))

    def secret(self, name: str, fresh: bytes) -> bytes:
        """A secret that outlives restarts; `fresh` becomes it where there is none."""
        self._write("INSERT OR IGNORE INTO secret VALUES (?,?)", (name, fresh))
        rows = self.read("SELECT value FROM secret WHERE name = ?", (name,))
        return rows[0][0] if rows and isinstance(rows[0][0], bytes) else fresh

    def read(self, query: str, values: Sequence[Value] = ()) -> list[tuple[Value, ...]]:
        """Rows of a query; none where the file cannot be read, which `fault` then says."""
        try:
            return list(self._db.execute(query, values))
        except sqlite3.Error as error:
            self._tell(error)
            return []

    def _write(self, statement: str, values: Sequence[Value]) -> None:
        self._write_all(statement, [values])

    def _write_all(self, statement: str, rows: Sequence[Sequence[Value]], *, durable: bool = True) -> None:
        try:
            self._db.execute(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")
            self._db.execute("BEGIN IMMEDIATE")
            self._db.executemany(statement, rows)
            self._db.execute("COMMIT")
        except sqlite3.Error as error:
            with suppress(sqlite3.Error):
                self._db.execute("ROLLBACK")
            self._tell(error)
        else:
            if self.fault:
                logger.warning("%s can be written again", self._path)
            self.fault = ""

    def _tell(self, error: sqlite3.Error) -> None:
        if not self.fault:
            logger.error("%s cannot be used: %s; alarms are shown, but no record is kept", self._path, error)
        self.fault = str(error)
