"""What a station writes down: alarms, what nurses did and wrote, trends, sign-ins. One SQLite file.

It is a record for people, not the way that an alert takes: that is the box's outbox and the broker's retained alarm
states. So a station whose disk is full goes on showing alarms, and says on the page that it keeps no record.

A row is on the disk when the call returns, so that what the station confirms to a box survives a power cut; only the
trends may lose their last minutes.
"""

from __future__ import annotations

import errno
import logging
import sqlite3
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from edge.durable import PRIVATE, give_to_owner
from edge.errors import StoreError, StoreReason
from edge.publish.payload import AlertMessage, NoteMessage
from edge.station import entries
from edge.station.entries import WRITE, Entry
from edge.station.history import Minute, Row, Value
from edge.station.requests import HeardCommand
from edge.station.spool import PUT, Kind, entry
from edge.station.spool import SCHEMA as SPOOL_SCHEMA
from edge.station.tables import SCHEMA, take_over, upgrade
from edge.store import set_aside

logger = logging.getLogger(__name__)

FILE = "station.db"
"""Name of the file in the state folder."""


AGAIN_S = 60.0
"""A file that could not be opened at the start is tried again this often, seconds."""

_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
"""Primary result codes of SQLite after which a file is set aside. A full or locked one is sound."""

_SICK_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO)
"""What is wrong with the disk and not with the configuration: the station does without."""


class Book:
    """The open file. `fault` says why nothing is being written, "" while it is.

    Args:
        folder: made where it is missing, readable by its owner alone.
        spooling: whether what is written waits for a hospital's database besides (`edge.station.spool`).
        trends: whether minutes of trends do so too.

    Raises:
        StoreError: the folder cannot be used.
    """

    def __init__(self, folder: Path, *, spooling: bool = False, trends: bool = True) -> None:
        """Open or begin the file; a damaged one is set aside under another name."""
        self.fault = ""
        self.away = ""
        self._spooled = frozenset(Kind) - (frozenset() if trends else {Kind.MINUTE}) if spooling else frozenset()
        self.path = folder / FILE
        self._again_s: float | None = None
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._db = self._begin()
        except sqlite3.Error as error:
            self._do_without(error)
        except OSError as error:
            if error.errno in _SICK_DISK:
                self._do_without(error)
                return
            raise StoreError(
                StoreReason.UNWRITABLE,
                f"{folder} cannot be used ({error.strerror}): set station.state_dir to a folder "
                "that belongs to the station's user",
            ) from error

    def _begin(self) -> sqlite3.Connection:
        """Open the file, or a new one in place of a damaged one.

        Raises:
            sqlite3.Error, OSError: neither goes; a sound file is where it was.
        """
        self.path.touch(PRIVATE)
        give_to_owner(self.path)
        try:
            return self._open()
        except sqlite3.DatabaseError as error:
            if getattr(error, "sqlite_errorcode", 0) & 0xFF not in _DAMAGED:
                raise
            aside = set_aside(self.path)
            logger.warning("%s is damaged (%s): set aside as %s, a new one is begun", self.path, error, aside)
            self.path.touch(PRIVATE)
            give_to_owner(self.path)
            return self._open()

    def _do_without(self, error: Exception) -> None:
        """Begin in memory, so that alarms are shown; the file is tried again now and then."""
        self._tell(error)
        self._db = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        self._db.executescript(SCHEMA + SPOOL_SCHEMA)
        self._again_s = time.monotonic() + AGAIN_S

    def _try_again(self) -> None:
        """Take the file in place of the memory, where it can be used by now."""
        if self._again_s is None or time.monotonic() < self._again_s:
            return
        self._again_s = time.monotonic() + AGAIN_S
        try:
            opened = self._begin()
        except (sqlite3.Error, OSError) as error:
            self._tell(error)
            return
        try:
            with opened:
                take_over(self._db, opened)
        except sqlite3.Error as error:
            opened.close()
            self._tell(error)
            return
        self._db.close()
        self._db, self._again_s = opened, None

    def _open(self) -> sqlite3.Connection:
        # Writes happen on the event loop, one at a time; the look-ups of the log may come from a worker thread.
        db = sqlite3.connect(self.path, isolation_level=None, timeout=2.0, check_same_thread=False)
        try:
            db.execute("PRAGMA journal_mode=WAL")
            db.execute("PRAGMA synchronous=FULL")
            db.executescript(SCHEMA + SPOOL_SCHEMA)
            upgrade(db)
        except sqlite3.Error:
            db.close()
            raise
        return db

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def alarm(self, place: str, alert: AlertMessage, heard_ms: int) -> None:
        """Note a transition, once however often it is heard."""
        self.keep([entries.event(place, alert, heard_ms)])

    def deed(self, place: str, command: HeardCommand, heard_ms: int) -> None:
        """Note a command, of whichever station."""
        self.keep([entries.deed(place, command, heard_ms)])

    def answered(self, command_id: str, *, ok: bool, reply: str) -> None:
        """Note the box's answer to a command."""
        self.keep([entries.answer(command_id, ok=ok, reply=reply)])

    def note(self, place: str, note: NoteMessage) -> None:
        """Keep a note, once."""
        self.keep([entries.note(place, note)])

    def minutes(self, minutes: Iterable[Minute]) -> None:
        """Keep minutes of trends, joined to what is kept of the same minutes."""
        if rows := [entries.minute(one) for one in minutes]:
            self.keep(rows, durable=False)

    def sign_in(self, digest: str, account: str, stamp: str, until_ms: int) -> None:
        """Keep a sign-in, so that a restart signs nobody out."""
        self._write("INSERT OR REPLACE INTO sign_in VALUES (?,?,?,?)", (digest, account, stamp, until_ms))

    def sign_out(self, digest: str) -> None:
        """Forget a sign-in."""
        self._write("DELETE FROM sign_in WHERE digest = ?", (digest,))

    def forget(self, before_ms: int, now_ms: int, unsent_before_ms: int | None = None) -> None:
        """Drop what is older than the station keeps, and sign-ins that are over.

        Args:
            before_ms: Unix milliseconds; entries from before it go.
            now_ms: now.
            unsent_before_ms: the same for what waits for a hospital's database; `before_ms` by default.
        """
        self._write("DELETE FROM event WHERE heard_ms < ?", (before_ms,))
        self._write("DELETE FROM deed WHERE heard_ms < ?", (before_ms,))
        self._write("DELETE FROM note WHERE wall_ms < ?", (before_ms,))
        self._write("DELETE FROM trend WHERE minute < ?", (before_ms // 60_000,))
        unsent = before_ms if unsent_before_ms is None else unsent_before_ms
        self._write("DELETE FROM spool WHERE at_ms < ?", (unsent,))
        self._write("DELETE FROM sign_in WHERE until_ms < ?", (now_ms,))

    def secret(self, name: str, fresh: bytes) -> bytes:
        """A secret that outlives restarts; `fresh` becomes it where there is none."""
        self._write("INSERT OR IGNORE INTO secret VALUES (?,?)", (name, fresh))
        rows = self.read("SELECT value FROM secret WHERE name = ?", (name,))
        return rows[0][0] if rows and isinstance(rows[0][0], bytes) else fresh

    def events(self, place: str | None, limit: int) -> list[Row]:
        """See `Reading`."""
        columns = "heard_ms, place, condition, presence, priority, validity, reasons, id"
        return self._newest(f"SELECT {columns} FROM event", "heard_ms", place, limit)  # noqa: S608 - a constant

    def deeds(self, place: str | None, limit: int) -> list[Row]:
        """See `Reading`."""
        columns = "heard_ms, place, do, by, detail, ok, reply"
        return self._newest(f"SELECT {columns} FROM deed", "heard_ms", place, limit, "do <> ''")  # noqa: S608 - a constant

    def notes(self, place: str | None, limit: int) -> list[Row]:
        """See `Reading`."""
        return self._newest("SELECT wall_ms, place, by, words FROM note", "wall_ms", place, limit)

    def trend(self, first_minute: int, place: str | None) -> list[Row]:
        """See `Reading`."""
        where, values = ("AND place = ?", [place]) if place else ("", [])
        query = f"SELECT place, minute, sight, high FROM trend WHERE minute >= ? {where}"  # noqa: S608 - no outside text
        return self.read(query, [first_minute, *values])

    def episodes(self, since_ms: int) -> list[Row]:
        """See `Reading`. A latched episode ends with its acknowledgement."""
        return self.read(
            "SELECT place, episode, condition, min(wall_ms), coalesce("
            "min(CASE WHEN presence = 'acknowledged' THEN wall_ms END), "
            "CASE WHEN max(presence = 'latched') THEN max(CASE WHEN presence = 'off' THEN wall_ms END) END) "
            "FROM event WHERE heard_ms >= ? GROUP BY place, episode, condition",
            [since_ms],
        )

    def acknowledged(self, limit: int) -> list[Row]:
        """Newest acknowledgements that were carried out: place, episode, by whom."""
        return self.read(
            "SELECT place, episode, by FROM deed WHERE do = 'acknowledge' AND ok = 1 AND episode IS NOT NULL "
            "ORDER BY heard_ms DESC LIMIT ?",
            [limit],
        )

    def _newest(self, select: str, by: str, place: str | None, limit: int, only: str = "true") -> list[Row]:
        where, values = ("AND place = ?", [place]) if place else ("", [])
        return self.read(f"{select} WHERE {only} {where} ORDER BY {by} DESC LIMIT ?", [*values, limit])

    def unsent(self) -> int | None:
        """How many entries wait for a hospital's database; None where that cannot be known."""
        rows = self.read("SELECT count(*) FROM spool")
        return int(str(rows[0][0])) if rows else None

    def read(self, query: str, values: Sequence[Value] = ()) -> list[Row]:
        """Rows of a query; none where the file cannot be read, which `fault` then says."""
        try:
            return list(self._db.execute(query, values))
        except sqlite3.Error as error:
            self._tell(error)
            return []

    def keep(self, rows: Iterable[Entry], *, durable: bool = True) -> bool:
        """Write entries in one transaction, and into the spool those that say something new.

        Args:
            rows: one that no column holds is left out and logged.
            durable: whether a power cut must not undo it.

        Returns:
            Whether they are in the file; else `fault` says why not.
        """
        return self._transact(lambda: self._put(rows), durable=durable)

    def _put(self, rows: Iterable[Entry]) -> None:
        now_ms = time.time_ns() // 1_000_000
        for one in rows:
            try:
                cursor = self._db.execute(WRITE[one.kind], one.row)
                written = cursor.fetchall() or ([one.row] if cursor.rowcount > 0 else [])
            except (OverflowError, sqlite3.DataError, sqlite3.IntegrityError):  # somebody forges messages
                logger.warning("a message with a value that no column holds is not kept")
                continue
            if one.kind in self._spooled and written:
                self._db.execute(PUT, entry(one.kind, written[0], now_ms))

    def _write(self, statement: str, values: Sequence[Value]) -> None:
        self._transact(lambda: self._db.execute(statement, values))

    def _transact(self, act: Callable[[], object], *, durable: bool = True) -> bool:
        """Whether it is done, and in the file."""
        self._try_again()
        try:
            self._db.execute(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")
            self._db.execute("BEGIN IMMEDIATE")
            act()
            self._db.execute("COMMIT")
        except sqlite3.Error as error:
            with suppress(sqlite3.Error):
                self._db.execute("ROLLBACK")
            self._tell(error)
            return False
        if self._again_s is not None:
            return False  # in memory alone
        if self.fault:
            logger.warning("%s can be written again", self.path)
        self.fault = ""
        return True

    def _tell(self, error: Exception) -> None:
        if not self.fault:
            logger.error("%s cannot be used: %s; no record is kept until it can", self.path, error)
        self.fault = str(error)
