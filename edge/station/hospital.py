"""A station whose record also goes into a hospital's database, which other stations share.

What is written goes into the station's own file first, in the same transaction into a spool beside it, and from there
to the database in a thread of its own: neither the station nor an alarm ever waits for the database, and what it could
not take for hours is there later. What is read comes from the database, with all stations' entries; while it cannot be
reached, from the station's own file.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor

import psycopg

from edge.errors import StoreError
from edge.publish.payload import AlertMessage, NoteMessage
from edge.station.book import Book
from edge.station.history import Minute, Reading, Row
from edge.station.postgres import CONNECT_S, Postgres
from edge.station.requests import HeardCommand
from edge.station.spool import Spool

logger = logging.getLogger(__name__)

BATCH = 500
"""Rows in one transaction of the database."""

EVERY_S = 1.0
"""The spool is looked at this often, seconds."""

AGAIN_S = (1.0, 60.0)
"""First and longest wait before a database that could not be reached is tried again, seconds; doubled each time."""

READ_S = 8.0
"""A nurse waits no longer than this for the database, seconds; then she sees what this station knows."""

BUSY_S = 2.0
"""A question waits no longer than this for the ones before it, seconds: a healthy database answers in milliseconds."""

SETTLED_S = 15.0
"""A minute that nothing was joined to for so long is over, seconds: half as long again as the pause between states."""

LEFT_ALONE_S = 15.0
"""After a failure nothing is read from the database for so long, seconds."""


class Hospital:
    """The record of one station, and the hospital's. See `History`.

    Args:
        book: the station's own, made with `spooling`.
        url, password: of the database.
        whole_minutes: a minute of a trend is sent when it is over, once, and not each time that it grows.
        trends: whether this station's trends are sent; else the database's are shown joined to its own.
    """

    def __init__(
        self, book: Book, url: str, password: str | None, *, whole_minutes: bool = False, trends: bool = True
    ) -> None:
        """Nothing is sent before `start`."""
        self._unsent = ""
        self._book = book
        self._whole_minutes = whole_minutes
        self._trends = trends
        self._spool = Spool(book.path)
        self._writing = Postgres(url, password)
        self._reading = Postgres(url, password)
        self._reader = ThreadPoolExecutor(1, "hospital read")
        self._read_lock = threading.Lock()
        self._not_before = 0.0
        self._stopping = threading.Event()
        self._told = ""
        self._thread = threading.Thread(target=self._ship_until_stopped, name="hospital", daemon=True)

    @property
    def fault(self) -> str:
        """Why the station's own record is not written."""
        return self._book.fault

    @property
    def away(self) -> str:
        """What the page says while the database does not take what is written, or is not read."""
        if self._unsent or self._readable():
            return self._unsent
        return "The hospital's record cannot be read: log and trends show what this station has heard itself."

    def start(self) -> None:
        """Begin to send."""
        self._thread.start()

    def stop(self) -> None:
        """Send what waits if that takes no more than two seconds, then end. Close the book after it."""
        self._stopping.set()
        self._thread.join(2.0)
        if self._thread.is_alive():
            self._writing.break_off()
            self._thread.join(CONNECT_S + 1.0)
        closed = self._reader.submit(self._reading.close)
        try:
            closed.result(0.5)
        except TimeoutError:
            self._reading.break_off()
        self._reader.shutdown(wait=False)
        if not self._thread.is_alive():
            self._writing.close()
            self._spool.close()

    def alarm(self, place: str, alert: AlertMessage, heard_ms: int) -> None:
        """See `History`."""
        self._book.alarm(place, alert, heard_ms)

    def deed(self, place: str, command: HeardCommand, heard_ms: int) -> None:
        """See `History`."""
        self._book.deed(place, command, heard_ms)

    def answered(self, command_id: str, *, ok: bool, reply: str) -> None:
        """See `History`."""
        self._book.answered(command_id, ok=ok, reply=reply)

    def note(self, place: str, note: NoteMessage) -> None:
        """See `History`."""
        self._book.note(place, note)

    def minutes(self, minutes: Iterable[Minute]) -> None:
        """See `History`."""
        self._book.minutes(minutes)

    def forget(self, before_ms: int, now_ms: int) -> None:
        """Drop what is old from the station's own file; the database is the hospital's, and so is what it drops."""
        self._book.forget(before_ms, now_ms)

    def acknowledged(self, limit: int) -> list[Row]:
        """See `History`."""
        return self._book.acknowledged(limit)

    def events(self, place: str | None, limit: int) -> list[Row]:
        """See `Reading`."""
        return self._look_up(lambda book: book.events(place, limit))

    def deeds(self, place: str | None, limit: int) -> list[Row]:
        """See `Reading`."""
        return self._look_up(lambda book: book.deeds(place, limit))

    def notes(self, place: str | None, limit: int) -> list[Row]:
        """See `Reading`."""
        return self._look_up(lambda book: book.notes(place, limit))

    def trend(self, first_minute: int, place: str | None) -> list[Row]:
        """See `Reading`."""
        found = self._look_up(lambda book: book.trend(first_minute, place))
        # Who sends them is behind by a minute, or away: what was heard here is known all the same.
        return found if self._trends else found + self._book.trend(first_minute, place)

    def episodes(self, since_ms: int) -> list[Row]:
        """See `Reading`."""
        return self._look_up(lambda book: book.episodes(since_ms))

    def _readable(self) -> bool:
        return time.monotonic() >= self._not_before

    def _leave_alone(self, why: str) -> None:
        logger.warning("the hospital's record cannot be read: %s", why)
        self._not_before = time.monotonic() + LEFT_ALONE_S

    def _look_up(self, question: Callable[[Reading], list[Row]]) -> list[Row]:
        """Ask the database, within `BUSY_S` and `READ_S`; else the station's own file."""
        if self._unsent or not self._readable() or self._stopping.is_set():
            return question(self._book)  # a database that takes nothing lacks what was heard last
        if not self._read_lock.acquire(timeout=BUSY_S):
            self._leave_alone("it is slow, and other questions wait")
            return question(self._book)
        try:
            if self._readable():
                return self._reader.submit(question, self._reading).result(READ_S)
        except (psycopg.Error, StoreError, TimeoutError) as error:
            self._leave_alone(_short(error))
            self._reading.break_off()
            self._reader.submit(self._reading.close)
        finally:
            self._read_lock.release()
        return question(self._book)

    def _ship_until_stopped(self) -> None:
        try:
            self._ship_forever()
        finally:
            if not self._stopping.is_set():  # a fault of this program: its trace is in the log
                self._unsent = "Nothing is sent to the hospital's record any more: restart this station."

    def _ship_forever(self) -> None:
        wait_s = AGAIN_S[0]
        while True:
            try:
                while self._ship():
                    if self._stopping.is_set():
                        break
                self._tell("")
                wait_s = AGAIN_S[0]
                pause_s = EVERY_S
            except (psycopg.Error, StoreError, sqlite3.Error) as error:
                self._writing.close()
                self._tell(_short(error))
                pause_s, wait_s = wait_s, min(AGAIN_S[1], wait_s * 2)
            if self._stopping.is_set():
                return
            self._stopping.wait(pause_s)

    def _ship(self) -> bool:
        """Send one batch; whether there may be more."""
        hold = self._whole_minutes and not self._stopping.is_set()
        rows = self._spool.oldest(BATCH, time.time_ns() // 1_000_000 - round(SETTLED_S * 1000) if hold else None)
        if rows:
            self._writing.write(rows)
            self._spool.done(rows)
        return len(rows) == BATCH

    def _tell(self, why: str) -> None:
        """For the page and, once, the log."""
        if why and not self._told:
            logger.error("the hospital's database takes nothing: %s; what is written waits on this station", why)
        elif self._told and not why:
            logger.warning("the hospital's database has everything again")
        self._told = why
        if not why:
            self._unsent = ""
            return
        try:
            waiting = self._spool.waiting()
        except sqlite3.Error:
            waiting = 0
        self._unsent = (
            f"The hospital's record cannot be reached: {waiting} entries of this station wait for it. Log and trends "
            "show what this station has heard itself."
        )


def _short(error: Exception) -> str:
    """The first line of what a library says, without what it was asked."""
    return (str(error) or type(error).__name__).strip().partition("\n")[0][:200]
