"""Which worker hears what, in which order and how often, makes no difference to the record."""

from __future__ import annotations

import random
import threading
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest

from edge.ingest import scribe as room
from edge.ingest.scribe import LEAVES, MALFORMED, Scribe
from edge.publish.link import Incoming
from edge.publish.payload import ReplyMessage
from edge.station.book import Book
from edge.station.postgres import Postgres
from edge.station.records import log
from edge.station.spool import Kind, Spool, Spooled
from edge.types import Presence
from tests.ingest.ward import Bed, Ward, counts, incoming, own_record, record
from tests.peers.postgres import PASSWORD, PostgresServer
from tests.station.messages import HEAD, state

_NUMBERS = count(1)
NOW_MS = 1_767_225_600_000


@pytest.fixture
def url(postgres: PostgresServer) -> str:
    return postgres.database(f"scribe{next(_NUMBERS)}")


def keep(folder: Path, messages: list[Incoming], *, spooling: bool = False) -> None:
    """Write messages in batches of different lengths."""
    book, scribe, chance = Book(folder, spooling=spooling), Scribe(), random.Random(1)  # noqa: S311 - which order, no secret
    while messages:
        size = chance.randint(1, 40)
        assert book.keep(scribe.entries(messages[:size], NOW_MS))
        messages = messages[size:]
    book.close()


@pytest.mark.parametrize("seed", range(5))
def test_any_order_and_any_repetition_make_the_same_record(seed: int, tmp_path: Path) -> None:
    night = incoming(Ward(10).night())
    keep(tmp_path / "in order", night)
    chance = random.Random(seed)  # noqa: S311 - which order, no secret
    mixed = [*night, *chance.choices(night, k=200)]
    chance.shuffle(mixed)
    keep(tmp_path / "mixed", mixed)
    assert own_record(tmp_path / "mixed") == own_record(tmp_path / "in order")
    assert counts(own_record(tmp_path / "mixed")) == (30, 10, 10)


@pytest.mark.parametrize("seed", range(3))
def test_three_spools_in_any_order_make_the_same_database_as_one(
    seed: int, postgres: PostgresServer, url: str, tmp_path: Path
) -> None:
    night = incoming(Ward(10).night())
    alone = postgres.database(f"scribe{next(_NUMBERS)}")
    keep(tmp_path / "alone", night, spooling=True)
    ship(tmp_path / "alone", alone, 1000)
    chance = random.Random(seed)  # noqa: S311 - which order, no secret
    shares: list[list[Incoming]] = [[], [], []]
    for one in [*night, *chance.choices(night, k=100)]:
        chance.choice(shares).append(one)
    for number, share in enumerate(shares):
        chance.shuffle(share)
        keep(tmp_path / str(number), share, spooling=True)
    for number in chance.sample(range(3), 3):
        ship(tmp_path / str(number), url, 7)
        ship(tmp_path / str(number), url, 7)  # as after a crash between the database's commit and the spool's
    assert record(url) == record(alone)
    assert counts(record(url)) == (30, 10, 10)


def ship(folder: Path, url: str, batch: int) -> None:
    """Send what waits, and forget nothing."""
    spool, writing = Spool(folder / "station.db"), Postgres(url, PASSWORD)
    rows = spool.oldest(10_000)
    for begin in range(0, len(rows), batch):
        writing.write(rows[begin : begin + batch])
    writing.close()
    spool.close()


def test_writers_of_the_same_beds_at_once_do_not_block_each_other_for_ever(url: str) -> None:
    rows = [
        Spooled(number, Kind.MINUTE, (f"ward/bed{number:03d}", NOW_MS // 60_000, "calm", 1.0, 2.0, "face", number))
        for number in range(300)
    ]
    first = Postgres(url, PASSWORD)
    first.write(rows)
    first.close()
    failures: list[Exception] = []

    def write(mine: list[Spooled]) -> None:
        writer = Postgres(url, PASSWORD)
        try:
            for _ in range(15):
                writer.write(mine)
        except Exception as error:  # noqa: BLE001 - told below
            failures.append(error)
        writer.close()

    writers = [threading.Thread(target=write, args=[order]) for order in (rows, rows[::-1], rows[150:] + rows[:150])]
    for one in writers:
        one.start()
    for one in writers:
        one.join()
    assert failures == []


def test_the_log_tells_a_beds_alarms_as_its_box_numbered_them_however_late_they_were_heard(tmp_path: Path) -> None:
    bed, book, scribe = Bed(1), Book(tmp_path), Scribe()
    raised, acknowledged, ended = (
        incoming(bed.alarm(one)[:1]) for one in (Presence.ON, Presence.ACKNOWLEDGED, Presence.OFF)
    )
    for heard_s, said in ((0, ended), (1, acknowledged), (20, raised)):  # given again after a worker was killed
        book.keep(scribe.entries(said, NOW_MS + heard_s * 1000))
    assert [one["what"].rpartition(": ")[2] for one in log(book)] == ["ended", "acknowledged", "raised"]


def test_a_state_belongs_to_the_minute_of_its_box_where_its_clock_can_be_believed() -> None:
    def minute(wall_ms: int, *, synced: bool = True, again: bool = False) -> int:
        told = state().model_copy(update={"wall_ms": wall_ms, "synced": synced})
        said = Incoming("anodyne/ward/bed7/state", told.encode(), retained=False, again=again)
        [entry] = Scribe().entries([said], NOW_MS)
        return int(str(entry.row[1])) - NOW_MS // 60_000

    assert minute(NOW_MS - 5_000) == -1
    assert minute(NOW_MS - 5_000, synced=False) == 0
    assert minute(NOW_MS - 86_400_000) == 0  # its clock, or ours, is wrong by a day
    assert minute(NOW_MS - 180_000) == 0
    assert minute(NOW_MS - 180_000, again=True) == -3  # the broker gives it again: it is as old as it says


def test_a_clock_with_which_most_boxes_disagree_makes_nothing_old() -> None:
    scribe = Scribe()

    def hear(bed: int, wall_ms: int, *, synced: bool = True) -> bool:
        told = state().model_copy(update={"wall_ms": wall_ms, "synced": synced})
        scribe.entries([Incoming(f"anodyne/ward/bed{bed}/state", told.encode(), retained=False)], NOW_MS)
        return scribe.clock_in_doubt

    day_ms = 86_400_000
    assert not hear(1, NOW_MS - day_ms)  # one box alone may be wrong itself
    assert not hear(2, NOW_MS - day_ms, synced=False)
    assert hear(3, NOW_MS - day_ms)
    assert hear(4, NOW_MS)
    assert not hear(5, NOW_MS)


def test_what_is_none_of_ours_is_counted_and_said_once(caplog: pytest.LogCaptureFixture) -> None:
    scribe = Scribe()
    odd = ["anodyne/ward/bed7/event", "anodyne/ward/bed7/state", "anodyne/ward/bed7/note", "anodyne/ward/bed7/reply"]
    garbage = [Incoming(topic, b"\xff{]", retained=False) for topic in odd]
    command = Incoming("anodyne/ward/bed7/command", b'{"do": 3}', retained=False)
    nothing = [Incoming("anodyne/ward/bed7/state", b"", retained=False), Incoming("elsewhere", b"{}", retained=False)]
    assert scribe.entries([*garbage, command, *nothing], NOW_MS) == []
    assert scribe.counted == {MALFORMED: 5}
    assert len(caplog.records) == 1


def test_an_answer_to_nobody_is_no_entry() -> None:
    reply = ReplyMessage.model_validate({**HEAD, "id": "0123456789ab-1", "to": "", "ok": False, "reason": "malformed"})
    probe = reply.model_copy(update={"to": "probe-12345678"})
    said = [Incoming("anodyne/ward/bed7/reply", one.encode(), retained=False) for one in (reply, probe)]
    assert Scribe().entries(said, NOW_MS) == []


def test_an_answer_without_its_command_is_shown_to_nobody(tmp_path: Path) -> None:
    book = Book(tmp_path)
    book.keep(Scribe().entries(incoming(Bed(1).answered()[1:]), NOW_MS))
    assert log(book) == []
    book.keep(Scribe().entries(incoming(Bed(1).answered()[:1]), NOW_MS + 1))
    assert [(one["who"], one["detail"]) for one in log(book)] == [("Ruth", "alarm 1: done: acknowledged")]


def test_beds_that_somebody_invents_do_not_fill_the_record(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(room, "MAX_BEDS", 5)
    said = [bed.state() for bed in Ward(8).beds]
    assert len(Scribe().entries(incoming(said), NOW_MS)) == 5
    assert "inventing" in caplog.text


def test_a_number_that_no_column_holds_keeps_nothing_else_from_being_written(tmp_path: Path) -> None:
    book = Book(tmp_path)
    forged = Bed(1).alarm(Presence.ON)[0]
    alert = replace(incoming([forged])[0])
    huge = alert.payload.replace(b'"ep":1', b'"ep":' + b"9" * 30)
    assert huge != alert.payload
    said = [replace(alert, payload=huge), *incoming(Bed(2).alarm(Presence.ON))]
    assert book.keep(Scribe().entries(said, NOW_MS))
    assert [row[0] for row in own_record(tmp_path)["event"]] == ["ward/bed002"]


@pytest.mark.parametrize(
    ("said", "what", "instead"),
    [
        (Bed(1).alarm(Presence.ON)[0], b'"c":', b'"r":["\\ud800"],"c":'),
        (Bed(1).alarm(Presence.ON)[0], b'-1"', b"-" + b"9" * 5000 + b'"'),
        (Bed(1).state(), b'-1"', b"-" + b"9" * 5000 + b'"'),
        (Bed(1).state(), b'"n":4.0', b'"n":NaN'),
        (Bed(1).note(), b"Daughter", b"\\ud800"),
        (Bed(1).note(), b"Daughter", b"\\u0000"),
        (Bed(1).note(), b"{", b"[" * 20_000),
        (Bed(1).note(), b"Daughter", b"D" * 60_000),
        (Bed(1).answered()[0], b"Ruth", b"\\udfff"),
        (Bed(1).answered()[1], b"acknowledged", b"\\udfff"),
        (("anodyne/" + "x" * 60_000 + "/b/note", Bed(1).note()[1]), b"{", b"{"),
    ],
    ids=lambda value: "" if isinstance(value, tuple) else repr(value[:12]),
)
def test_no_forged_message_ends_a_worker_to_which_the_broker_would_give_it_again(
    said: tuple[str, bytes], what: bytes, instead: bytes, tmp_path: Path
) -> None:
    topic, payload = said
    assert what in payload
    forged = Incoming(topic, payload.replace(what, instead, 1), retained=False)
    book = Book(tmp_path)
    assert book.keep(Scribe().entries([forged, *incoming(Bed(2).alarm(Presence.ON))], NOW_MS))
    assert "ward/bed002" in {row[0] for row in own_record(tmp_path)["event"]}


def test_nothing_but_what_the_record_is_made_of_is_asked_for() -> None:
    assert set(LEAVES) == {"state", "event", "alarm/+", "command", "command/home", "reply", "note"}
