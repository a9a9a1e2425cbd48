"""A hospital's record in a real PostgreSQL server: shared by stations, and never waited for."""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, closing, contextmanager
from itertools import count
from pathlib import Path
from typing import LiteralString

import psycopg
import pytest

from edge.config import Station
from edge.errors import StationError, StationReason, StoreError, StoreReason
from edge.publish.payload import NoteMessage
from edge.station import hospital as room
from edge.station import records
from edge.station.book import FILE, Book
from edge.station.history import History, Minute, Row
from edge.station.hospital import Hospital
from edge.station.postgres import _WRITE as WRITE_POSTGRES
from edge.station.postgres import Postgres
from edge.station.postgres_schema import MIGRATIONS, migrate
from edge.station.records import LogLine, burden, log, trends
from edge.station.requests import HeardCommand
from edge.station.spool import PUT, Kind
from edge.types import Condition, Presence, Priority
from tests.peers.broker import Mosquitto, until
from tests.peers.postgres import PASSWORD, PostgresServer
from tests.peers.postgres import postgres as postgres
from tests.publish.box import running
from tests.station.browser import Browser, section, serving
from tests.station.messages import alert
from tests.station.test_book import MINUTE, NOW_MS, minute

_NUMBERS = count(1)
BED = "ward/bed7"


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "EVERY_S", 0.05)


@pytest.fixture
def url(postgres: PostgresServer) -> str:
    return postgres.database(f"hospital{next(_NUMBERS)}")


@contextmanager
def station(folder: Path, url: str, password: str = PASSWORD) -> Iterator[Hospital]:
    folder.mkdir(exist_ok=True)
    book = Book(folder, spooling=True)
    one = Hospital(book, url, password)
    one.start()
    try:
        yield one
    finally:
        one.stop()
        book.close()


def wait(condition: Callable[[], object], seconds: float = 10.0) -> None:
    """Wait until something holds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.02)


def rows(url: str, table: str) -> int:
    with psycopg.connect(url, password=PASSWORD) as connection:
        query = psycopg.sql.SQL("SELECT count(*) FROM anodyne.{}").format(psycopg.sql.Identifier(table))
        try:
            found = connection.execute(query).fetchone()
        except psycopg.errors.UndefinedTable:
            return 0
    return 0 if found is None else int(found[0])


def fill(history: History) -> None:
    """A night in which something of everything happened."""
    for number, presence, wall_s in ((20, Presence.ON, 0), (21, Presence.ACKNOWLEDGED, 30), (22, Presence.OFF, 90)):
        one = alert(Condition.PAIN, presence, Priority.HIGH, number)
        one = one.model_copy(update={"wall_ms": NOW_MS + wall_s * 1000 + 123, "episode": 20, "reasons": ["AU4"]})
        history.alarm(BED, one, NOW_MS + wall_s * 1000 + 456)
    for number, presence, wall_s in ((30, Presence.ON, 100), (31, Presence.LATCHED, 110), (32, Presence.OFF, 190)):
        one = alert(Condition.CANNOT_ASSESS, presence, number=number)
        one = one.model_copy(update={"wall_ms": NOW_MS + wall_s * 1000, "episode": 30, "score": None, "interval": None})
        history.alarm("ward/bed8", one, NOW_MS + wall_s * 1000)
    history.deed(BED, HeardCommand(id="a", do="care_on", by="Ruth"), NOW_MS)
    history.answered("a", ok=False, reply="do: unknown")
    history.deed(BED, HeardCommand(id="b", do="acknowledge", by="Paul", episode=5), NOW_MS + 1)
    history.note(BED, NoteMessage(id="n", wall_ms=NOW_MS + 7, text="Daughter at four", by="Ruth"))
    history.minutes(
        [minute(0), minute(1, "cannot assess", None), minute(25, "pain", 7.0), minute(3, place="ward/bed8")]
    )


def test_the_database_tells_the_same_as_the_stations_own_file(url: str, tmp_path: Path) -> None:
    with station(tmp_path / "one", url) as one:
        own = Book(tmp_path)
        for history in (one, own):
            fill(history)
        wait(lambda: rows(url, "trend") == 4)
        with station(tmp_path / "two", url) as other:  # its own file is empty
            for place in (None, BED):
                assert log(other, place) == log(own, place)
                assert trends(other, NOW_MS, 1, 10, place) == trends(own, NOW_MS, 1, 10, place)
            assert burden(other, 0) == burden(own, 0)
            assert len(log(other)) == 9
        own.close()


def test_what_two_stations_heard_is_there_once_and_the_worst_of_a_minute_stands(url: str, tmp_path: Path) -> None:
    with station(tmp_path / "one", url) as one, station(tmp_path / "two", url) as two:
        for history, heard_ms in ((one, NOW_MS), (two, NOW_MS + 250)):
            history.alarm(BED, alert(), heard_ms)
            history.deed(BED, HeardCommand(id="a", do="care_on", by="Ruth"), heard_ms)
            history.answered("a", ok=True, reply="")
        two.minutes([minute(0, "cannot assess", None)])
        wait(lambda: rows(url, "trend") == 1)
        one.minutes([Minute(BED, MINUTE, "calm", 1.0, 4.0, "face")])
        wait(lambda: trends(two, NOW_MS, 1, 60)[BED]["high"] == [4.0])
        assert trends(two, NOW_MS, 1, 60)[BED]["sights"] == ["cannot assess"]
        assert (rows(url, "event"), rows(url, "deed"), rows(url, "trend")) == (1, 1, 1)
        assert [one["detail"] for one in log(one) if one["kind"] == "deed"] == ["done"]


def test_a_database_that_is_killed_gets_everything_when_it_is_back(
    postgres: PostgresServer,
    url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(room, "AGAIN_S", (0.1, 0.2))
    monkeypatch.setattr(room, "BATCH", 25)
    monkeypatch.setattr(room, "LEFT_ALONE_S", 0.0)
    with station(tmp_path / "one", url) as one:
        for number in range(300):
            one.alarm(BED, alert(number=number), NOW_MS + number)
            if number == 100:
                wait(lambda: rows(url, "event") > 0)
                postgres.kill()
        wait(lambda: one.away)
        assert "wait for it" in one.away
        assert one.fault == ""  # the station's own record is written
        assert len(log(one, limit=1000)) == 300
        postgres.start()
        wait(lambda: not one.away and rows(url, "event") == 300)
        told = [record for record in caplog.records if record.name == room.__name__ and "takes" in record.message]
        assert len(told) == 1  # once, however often it was tried


def test_a_station_that_ended_without_its_database_sends_the_rest_at_its_next_start(url: str, tmp_path: Path) -> None:
    with station(tmp_path / "one", "postgresql://postgres@127.0.0.1:9/none") as one:
        fill(one)
        wait(lambda: one.away)
    with station(tmp_path / "one", url):
        wait(lambda: rows(url, "trend") == 4)
    assert (rows(url, "event"), rows(url, "deed"), rows(url, "note")) == (6, 2, 1)


def test_a_database_that_hangs_keeps_no_nurse_waiting(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "READ_S", 0.5)
    with station(tmp_path / "one", url) as one:
        one.alarm(BED, alert(number=1), NOW_MS)
        wait(lambda: rows(url, "event") == 1)
        assert len(log(one)) == 1  # both connections are made
        with psycopg.connect(url, password=PASSWORD) as holder:
            holder.execute("LOCK TABLE anodyne.event IN ACCESS EXCLUSIVE MODE")
            began = time.monotonic()
            one.alarm(BED, alert(number=2), NOW_MS + 1)
            assert time.monotonic() - began < 0.3
            assert len(log(one)) == 2  # from its own file
            assert time.monotonic() - began < 3
        wait(lambda: rows(url, "event") == 2)


def test_a_row_that_no_table_holds_does_not_hold_up_the_others(
    url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with station(tmp_path / "one", url) as one:
        one.alarm(BED, alert(number=1).model_copy(update={"wall_ms": 2**62}), NOW_MS)  # a date after all dates
        one.note(BED, NoteMessage(id="n", wall_ms=NOW_MS, text="nul: \0", by="\0"))
        one.alarm(BED, alert(number=2).model_copy(update={"wall_ms": 2**70}), NOW_MS)
        one.alarm(BED, alert(number=3), NOW_MS)
        wait(lambda: rows(url, "event") == 1)
        assert "cannot hold one event" in caplog.text
        [note] = [line for line in log(one) if line["kind"] == "note"]
        assert note["detail"] == "nul: \N{REPLACEMENT CHARACTER}"
        assert log(one, "no bed\0") == []  # and a forged question does not look like a database that is away
        assert one.away == ""


def test_stations_that_start_at_once_make_the_tables_once_and_a_later_version_adds_to_them(url: str) -> None:
    def connected() -> psycopg.Connection:
        return psycopg.connect(url, password=PASSWORD, autocommit=True)

    done: list[int] = []

    def apply() -> None:
        with connected() as connection:
            done.append(migrate(connection))

    threads = [threading.Thread(target=apply) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(done) == [0, 0, 0, len(MIGRATIONS)]
    later = (*MIGRATIONS, "ALTER TABLE note ADD COLUMN colour text")
    with connected() as connection:
        connection.execute("INSERT INTO anodyne.note VALUES ('n', 'ward/bed7', now(), 'Ruth', 'kept')")
        assert migrate(connection, later) == 1
        assert connection.execute("SELECT words, colour FROM anodyne.note").fetchall() == [("kept", None)]
        with pytest.raises(StoreError) as newer:
            migrate(connection)
        assert newer.value.reason is StoreReason.VERSION
        broken = (*later, "CREATE TABLE half (a integer); SELECT 1/0")
        with pytest.raises(psycopg.DataError):
            migrate(connection, broken)
        assert connection.execute("SELECT to_regclass('anodyne.half')").fetchone() == (None,)


def test_once_the_tables_are_there_a_station_needs_no_right_to_make_any(url: str, tmp_path: Path) -> None:
    with psycopg.connect(url, password=PASSWORD, autocommit=True) as connection:
        migrate(connection)
        connection.execute("CREATE ROLE plain LOGIN PASSWORD 'of the tests'")
        connection.execute("GRANT USAGE ON SCHEMA anodyne TO plain")
        connection.execute("GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA anodyne TO plain")
    with station(tmp_path / "one", url.replace("postgres@", "plain@"), "of the tests") as one:
        fill(one)
        wait(lambda: rows(url, "trend") == 4)
        assert len(log(one)) == 9


GROWING = ("event", "trend")
"""What docs/hospital.md calls tables for `create_hypertable`."""


@pytest.mark.parametrize("table", GROWING)
@pytest.mark.parametrize(
    ("demand", "broken"),
    [
        (
            "every unique index holds the time column",
            "SELECT indexrelid::regclass::text FROM pg_index i WHERE indrelid = %(table)s::regclass "
            "AND (indisunique OR indisprimary OR indisexclusion) AND NOT EXISTS (SELECT FROM pg_attribute "
            "WHERE attrelid = i.indrelid AND attname = 'at' AND attnum = ANY (i.indkey[0:i.indnkeyatts - 1]))",
        ),
        (
            "no foreign key points at it",
            "SELECT conname FROM pg_constraint WHERE contype = 'f' AND confrelid = %(table)s::regclass",
        ),
        (
            "the time column is a timestamp that is never null",
            "SELECT attname FROM pg_attribute WHERE attrelid = %(table)s::regclass AND attname = 'at' "
            "AND NOT (attnotnull AND atttypid = 'timestamptz'::regtype AND attgenerated = '' AND attidentity = '')",
        ),
        (
            "it is an ordinary, logged table, neither partitioned nor inherited",
            "SELECT relname FROM pg_class c WHERE oid = %(table)s::regclass AND (relkind <> 'r' "
            "OR relpersistence <> 'p' OR relispartition OR relhassubclass "
            "OR EXISTS (SELECT FROM pg_inherits WHERE inhrelid = c.oid OR inhparent = c.oid))",
        ),
        (
            "it has no rules",
            "SELECT rulename FROM pg_rewrite WHERE ev_class = %(table)s::regclass",
        ),
    ],
    ids=lambda value: value.replace(" ", "_") if not value.startswith("SELECT") else "",
)
def test_the_tables_that_grow_are_as_create_hypertable_wants_them(
    url: str, table: str, demand: str, broken: LiteralString
) -> None:
    with psycopg.connect(url, password=PASSWORD, autocommit=True) as connection:
        migrate(connection)
        assert connection.execute(broken, {"table": f"anodyne.{table}"}).fetchall() == [], demand


def test_the_check_of_the_keys_notices_one_without_the_time(url: str) -> None:
    with psycopg.connect(url, password=PASSWORD, autocommit=True) as connection:
        migrate(connection)
        connection.execute("CREATE UNIQUE INDEX late ON anodyne.event (place, id) INCLUDE (at)")
        found = connection.execute(
            "SELECT indexrelid::regclass::text FROM pg_index i WHERE indrelid = 'anodyne.event'::regclass "
            "AND indisunique AND NOT EXISTS (SELECT FROM pg_attribute WHERE attrelid = i.indrelid "
            "AND attname = 'at' AND attnum = ANY (i.indkey[0:i.indnkeyatts - 1]))"
        ).fetchall()
        assert found == [("anodyne.late",)]


def test_the_conflict_targets_of_the_writes_hold_the_time_too(url: str, tmp_path: Path) -> None:
    """PostgreSQL finds no index for ON CONFLICT (place) alone: what is written names the whole key, or none."""
    with station(tmp_path / "one", url) as one:
        fill(one)
        wait(lambda: rows(url, "trend") == 4)
    for kind in (Kind.EVENT, Kind.MINUTE):
        target = WRITE_POSTGRES[kind].partition("ON CONFLICT")[2]
        assert target.strip().startswith(("DO NOTHING", "(place, at)"))


def test_a_station_beside_workers_leaves_the_trends_to_them_and_writes_its_alarms(url: str, tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    book = Book(tmp_path / "one", spooling=True, trends=False)
    one = Hospital(book, url, PASSWORD, trends=False)
    one.start()
    fill(one)
    wait(lambda: (rows(url, "event"), rows(url, "deed"), rows(url, "note")) == (6, 2, 1))
    assert rows(url, "trend") == 0
    with station(tmp_path / "worker", url) as worker:
        worker.minutes([minute(1, "pain", 9.0), minute(30, "calm", 3.0)])
        wait(lambda: rows(url, "trend") == 2)
        found = trends(one, NOW_MS, hours=1, step_min=1)[BED]  # what it heard itself, and what the record has
        assert [found["high"][59 - back] for back in (0, 1, 25, 30)] == [2.0, 9.0, 7.0, 3.0]
        assert found["sights"][58] == "cannot assess"
    one.stop()
    book.close()


def test_a_worker_sends_a_minute_once_it_is_over(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "SETTLED_S", 4.0)
    (tmp_path / "one").mkdir()
    book = Book(tmp_path / "one", spooling=True)
    one = Hospital(book, url, PASSWORD, whole_minutes=True)
    one.start()
    for number in range(5):
        one.minutes([Minute(BED, MINUTE, "calm", 1.0, 1.0 + number, "face", number)])
        one.alarm(BED, alert(number=number), NOW_MS)
        time.sleep(0.1)
    wait(lambda: rows(url, "event") == 5)
    assert rows(url, "trend") == 0
    wait(lambda: rows(url, "trend") == 1)
    one.minutes([minute(1)])
    one.stop()  # and at its end what it has
    book.close()
    assert rows(url, "trend") == 2


def test_minutes_that_an_earlier_version_left_in_the_spool_are_sent(url: str, tmp_path: Path) -> None:
    with station(tmp_path / "one", url):
        with closing(sqlite3.connect(tmp_path / "one" / FILE)) as file, file:
            file.execute(PUT, ("minute", "x", NOW_MS, f'["{BED}", {MINUTE}, "calm", 1.0, 2.0, "face"]'))
        wait(lambda: rows(url, "trend") == 1)


def test_a_wrong_password_is_told_and_never_written_down(
    url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with station(tmp_path / "one", url, "not the secret") as one:
        one.alarm(BED, alert(), NOW_MS)
        wait(lambda: one.away)
        assert len(log(one)) == 1
    assert "password authentication failed" in caplog.text
    assert "not the secret" not in caplog.text + one.away


async def test_a_new_station_shows_what_another_one_wrote_before_it(
    mosquitto: Mosquitto, url: str, tmp_path: Path
) -> None:
    secret = tmp_path / "secret"
    secret.write_text(f"{PASSWORD}\n")
    shared = {"history": url, "history_password_file": secret}
    first = section(tmp_path, **shared)
    async with AsyncExitStack() as stack:
        box = await stack.enter_async_context(running(tmp_path, mosquitto.mqtt()))
        async with serving(first, mosquitto.mqtt()):
            await until(lambda: box.publisher.connected)
            ruth = Browser(first.port)
            await ruth.sign_in()
            [raised] = box.see(8)
            await until(lambda: rows(url, "event") >= 1)
            episode = int(raised.episode.partition("-")[2])
            assert (await ruth.command(BED, do="acknowledge", episode=episode)).json["ok"]
    second = section(tmp_path, **shared, state_dir=tmp_path / "second")
    async with serving(second, mosquitto.mqtt()):
        paul = Browser(second.port)
        await paul.sign_in()
        lines = (await paul.ask("GET", "/api/log")).json["lines"]
        assert isinstance(lines, list)
        told = [(line["what"], line["who"]) for line in lines if isinstance(line, dict)]
        assert ("signs of pain: raised", "") in told
        assert ("acknowledge", "Sister Ruth") in told
        hours = (await paul.ask("GET", "/api/burden")).json["beds"]
        assert isinstance(hours, list)
        assert len(hours) == 2


async def test_screens_that_wait_for_the_record_keep_nobody_from_signing_in(
    mosquitto: Mosquitto, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slowly(*_: object) -> list[LogLine]:
        time.sleep(1.0)
        return []

    monkeypatch.setattr(records, "log", slowly)
    here = section(tmp_path)
    async with serving(here, mosquitto.mqtt()):
        ruth, paul = Browser(here.port), Browser(here.port)
        await ruth.sign_in()
        asked = f"GET /api/log HTTP/1.1\r\nHost: {ruth.host}\r\nCookie: {ruth.cookie}\r\n\r\n".encode()
        screens = [await asyncio.open_connection("127.0.0.1", here.port) for _ in range(24)]
        for _, screen in screens:
            screen.write(asked)
        began = time.monotonic()
        await paul.sign_in()
        assert time.monotonic() - began < 1.5
        for reader, screen in screens:
            assert (await reader.readline()).startswith(b"HTTP/1.1 200")
            screen.close()


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("postgresql://anodyne:hunter2@127.0.0.1/anodyne", "history_password_file"),
        ("postgresql://anodyne@127.0.0.1/anodyne?password=hunter2", "history_password_file"),
        ("postgresql://anodyne@db.hospital.example/anodyne", "verify-full"),
        ("postgresql://anodyne@/anodyne?host=db.hospital.example", "verify-full"),
        ("postgresql://anodyne@db.hospital.example/anodyne?sslmode=require", "verify-full"),
        ("mysql://anodyne@127.0.0.1/anodyne", "postgresql://"),
    ],
)
def test_addresses_that_would_leak_are_refused(address: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        Station(history=address)


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://anodyne@127.0.0.1/anodyne",
        "postgresql:///anodyne",
        "postgresql://anodyne@/anodyne?host=/run/postgresql",
        "postgresql://anodyne@db.hospital.example/anodyne?sslmode=verify-full",
    ],
)
def test_addresses_that_are_safe_are_taken(address: str) -> None:
    assert Station(history=address).history == address


async def test_a_password_that_cannot_be_read_is_told(mosquitto: Mosquitto, tmp_path: Path) -> None:
    here = section(tmp_path, history="postgresql:///x", history_password_file=tmp_path / "none")
    with pytest.raises(StationError) as refused:
        async with serving(here, mosquitto.mqtt()):
            pass
    assert refused.value.reason is StationReason.PASSWORD


def test_a_topic_that_is_too_long_for_an_index_does_not_hold_up_the_others(
    url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    forged = os.urandom(10_000).hex()
    with station(tmp_path / "one", url) as one:
        one.alarm(f"ward/{forged}", alert(number=1), NOW_MS)
        one.alarm(BED, alert(number=2), NOW_MS)
        wait(lambda: rows(url, "event") == 1)
        wait(lambda: one.away == "")
        assert "cannot hold one event" in caplog.text


def test_a_database_that_can_be_read_but_not_written_hides_nothing_that_was_heard(url: str, tmp_path: Path) -> None:
    with station(tmp_path / "one", url) as one:
        one.alarm(BED, alert(number=1), NOW_MS)
        wait(lambda: rows(url, "event") == 1)
        with psycopg.connect(url, password=PASSWORD, autocommit=True) as connection:
            connection.execute("ALTER TABLE anodyne.event RENAME COLUMN synced TO gone")  # every INSERT fails
        one.alarm(BED, alert(number=2), NOW_MS + 1)
        wait(lambda: one.away)
        assert len(log(one)) == 2


def test_a_row_of_a_newer_program_stays_and_holds_up_nothing(url: str, tmp_path: Path) -> None:
    with station(tmp_path / "one", url) as one:
        with closing(sqlite3.connect(tmp_path / "one" / FILE)) as file, file:
            file.execute(PUT, ("of a newer program", "x", NOW_MS, "[]"))
        one.alarm(BED, alert(number=1), NOW_MS)
        wait(lambda: rows(url, "event") == 1)
        assert one.away == ""
    with closing(sqlite3.connect(tmp_path / "one" / FILE)) as file:
        assert file.execute("SELECT kind FROM spool").fetchall() == [("of a newer program",)]


def test_a_station_whose_folder_cannot_be_made_runs_and_says_that_nothing_is_sent(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read_only(*_: object, **_more: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(Path, "mkdir", read_only)
    book = Book(tmp_path / "gone", spooling=True)
    one = Hospital(book, url, PASSWORD)
    one.start()
    one.alarm(BED, alert(number=1), NOW_MS)
    assert "Read-only" in one.fault
    wait(lambda: one.away)
    assert len(log(one)) == 1
    one.stop()
    book.close()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_sender_that_ended_by_a_fault_of_its_own_is_told_on_the_page(url: str, tmp_path: Path) -> None:
    with station(tmp_path / "one", url) as one:
        with closing(sqlite3.connect(tmp_path / "one" / FILE)) as file, file:
            file.execute(PUT, ("event", "x", NOW_MS, "no JSON"))
        wait(lambda: one.away)
        assert "restart this station" in one.away


def test_many_screens_at_a_slow_database_wait_no_longer_for_each_other_than_for_it(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "READ_S", 0.8)
    monkeypatch.setattr(room, "BUSY_S", 0.5)
    with station(tmp_path / "one", url) as one:
        one.alarm(BED, alert(number=1), NOW_MS)
        wait(lambda: rows(url, "event") == 1)
        assert len(one.events(None, 10)) == 1

        def slowly(*_: object) -> list[Row]:
            time.sleep(0.6)  # slow, but within the time of one question
            return []

        monkeypatch.setattr(Postgres, "events", slowly)
        waited: list[float] = []

        def ask() -> None:
            began = time.monotonic()
            one.events(None, 10)
            waited.append(time.monotonic() - began)

        screens = [threading.Thread(target=ask) for _ in range(6)]
        for screen in screens:
            screen.start()
        for screen in screens:
            screen.join()
        assert max(waited) < 1.3
        assert "cannot be read" in one.away  # what they see is this station's own
