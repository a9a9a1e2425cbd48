"""The station's record: trends, log, and what happens to it when the disk does not do as it should."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from edge.station import book as room
from edge.station.book import FILE, Book
from edge.station.history import Minute
from edge.station.records import burden, log, trends
from edge.station.requests import HeardCommand
from edge.types import Condition, Presence
from tests.station.messages import alert

NOW_MS = 1_767_225_600_000
MINUTE = NOW_MS // 60_000


@pytest.fixture
def book(tmp_path: Path) -> Book:
    return Book(tmp_path)


def minute(back: int, sight: str = "calm", score: float | None = 2.0, place: str = "ward/bed7") -> Minute:
    return Minute(place, MINUTE - back, sight, score, score, "face")


def test_a_trend_has_no_value_where_nothing_was_heard(book: Book) -> None:
    book.minutes([minute(0), minute(25, "pain", 7.0)])
    found = trends(book, NOW_MS, hours=1, step_min=10)["ward/bed7"]
    assert found["high"] == [None, None, None, 7.0, None, 2.0]
    assert found["sights"] == ["", "", "", "pain", "", "calm"]


def test_a_blind_minute_is_not_hidden_in_a_longer_step(book: Book) -> None:
    book.minutes([minute(0, "calm", 1.0), minute(1, "cannot assess", None), minute(2, "pain", 6.0)])
    found = trends(book, NOW_MS, hours=1, step_min=60)["ward/bed7"]
    assert (found["high"], found["sights"]) == ([6.0], ["cannot assess"])


def test_a_clock_that_was_set_back_breaks_no_trend(book: Book) -> None:
    book.minutes([minute(-30), minute(0)])
    assert trends(book, NOW_MS, hours=1, step_min=60)["ward/bed7"]["high"] == [2.0]


def test_an_alarm_is_kept_once(book: Book) -> None:
    for _ in range(2):
        book.alarm("ward/bed7", alert(), NOW_MS)
    assert [(one["place"], one["what"]) for one in log(book)] == [("ward/bed7", "signs of pain: raised")]


def test_the_log_says_who_did_what_and_what_the_box_said(book: Book) -> None:
    book.deed("ward/bed7", HeardCommand(id="a", do="care_on", by="Ruth"), NOW_MS)
    book.answered("a", ok=False, reply="do: unknown")
    book.deed("ward/bed7", HeardCommand(id="b", do="acknowledge", by="Paul", episode=5), NOW_MS + 1)
    assert [(one["what"], one["who"], one["detail"]) for one in log(book, "ward/bed7")] == [
        ("acknowledge", "Paul", "alarm 5: not answered"),
        ("care on", "Ruth", "refused: do: unknown"),
    ]
    assert log(book, "ward/bed8") == []


def test_the_burden_counts_episodes_and_times(book: Book) -> None:
    def at(
        number: int, presence: Presence, wall_s: int, condition: Condition = Condition.PAIN, episode: int = 20
    ) -> None:
        one = alert(condition, presence, number=number)
        book.alarm("ward/bed7", one.model_copy(update={"wall_ms": NOW_MS + wall_s * 1000, "episode": episode}), NOW_MS)

    at(20, Presence.ON, 0)
    at(21, Presence.ACKNOWLEDGED, 30)
    at(22, Presence.OFF, 90)
    at(30, Presence.ON, 100, episode=30)
    at(31, Presence.LATCHED, 110, episode=30)
    at(32, Presence.OFF, 190, episode=30)
    at(40, Presence.ON, 200, Condition.FACE_LOST, episode=40)
    at(41, Presence.OFF, 210, Condition.FACE_LOST, episode=40)
    every, bed = burden(book, 0)
    assert (every["place"], bed["place"]) == ("", "ward/bed7")
    assert (bed["episodes"], bed["physiological"], bed["technical"], bed["acknowledged"]) == (3, 2, 1, 2)
    assert (bed["median_s"], bed["longest_s"]) == (60.0, 90.0)


def test_what_is_old_is_forgotten(book: Book) -> None:
    book.alarm("ward/bed7", alert(number=20), NOW_MS - 10)
    book.alarm("ward/bed7", alert(number=21), NOW_MS)
    book.minutes([minute(0), minute(100)])
    book.forget(NOW_MS - 5, NOW_MS)
    assert len(log(book)) == 1
    assert len(book.read("SELECT * FROM trend")) == 1


def test_a_minute_in_two_parts_is_joined_and_ends_with_the_mode_of_the_boxs_newest_state(book: Book) -> None:
    for part in (
        Minute("ward/bed7", MINUTE, "cannot assess", None, None, "blind", 12),
        Minute("ward/bed7", MINUTE, "pain", 6.0, 7.0, "face+ppg", 14),
        Minute("ward/bed7", MINUTE, "calm", 1.0, 2.0, "face", 13),
    ):
        book.minutes([part])
    assert book.read("SELECT sight, low, high, mode, seq FROM trend") == [("cannot assess", 1.0, 7.0, "face+ppg", 14)]


def test_a_file_of_an_earlier_version_is_taken_up(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / FILE) as file:
        file.execute(
            "CREATE TABLE trend (place TEXT NOT NULL, minute INTEGER NOT NULL, sight TEXT NOT NULL, low REAL, "
            "high REAL, mode TEXT NOT NULL, PRIMARY KEY (place, minute)) STRICT"
        )
        file.execute("INSERT INTO trend VALUES ('ward/bed7', ?, 'pain', 5.0, 6.0, 'face')", (MINUTE,))
    file.close()
    book = Book(tmp_path)
    book.minutes([minute(0)])
    assert book.read("SELECT sight, low, high FROM trend") == [("pain", 2.0, 6.0)]
    Book(tmp_path)  # and once is enough


def test_a_damaged_record_is_set_aside(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / FILE).write_bytes(b"this is no database" * 1000)
    book = Book(tmp_path)
    book.alarm("ward/bed7", alert(), NOW_MS)
    assert len(log(book)) == 1
    assert (tmp_path / f"{FILE}.damaged-1").read_bytes().startswith(b"this is no database")
    assert "set aside" in caplog.text


def test_a_full_disk_is_told_and_recovers(book: Book) -> None:
    book._db.execute("PRAGMA max_page_count = 1")
    for number in range(200):
        book.alarm("ward/bed7", alert(number=number), NOW_MS)
    assert "full" in book.fault
    book._db.execute("PRAGMA max_page_count = 100000")
    book.alarm("ward/bed7", alert(number=500), NOW_MS)
    assert book.fault == ""


def test_a_record_that_another_program_holds_is_not_set_aside_and_gets_what_was_heard_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = Book(tmp_path)
    first.alarm("ward/bed7", alert(number=1), NOW_MS)
    first.close()
    holder = sqlite3.connect(tmp_path / FILE, isolation_level=None)
    holder.execute("PRAGMA locking_mode=EXCLUSIVE")
    holder.execute("BEGIN EXCLUSIVE")
    book = Book(tmp_path)
    assert "locked" in book.fault
    book.alarm("ward/bed7", alert(number=2), NOW_MS)
    assert "locked" in book.fault  # what is in memory alone is no record
    holder.close()
    monkeypatch.setattr(room, "AGAIN_S", 0.0)
    book._again_s = 0.0
    book.alarm("ward/bed7", alert(number=3), NOW_MS)
    assert book.fault == ""
    assert len(log(book)) == 3  # and what was in memory went with it
    assert [one.name for one in tmp_path.glob("*damaged*")] == []
    book.close()


def test_a_station_that_starts_on_a_full_disk_runs_and_its_record_stays(tmp_path: Path) -> None:
    code = (
        "import resource, sys, pathlib\n"
        "from edge.station.book import Book\n"
        "from tests.station.messages import alert\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))\n"  # no file grows, as on a full disk
        "book = Book(pathlib.Path(sys.argv[1]))\n"
        "book.alarm('ward/bed7', alert(number=2), 1)\n"
        "print(book.fault)\n"
    )
    first = Book(tmp_path)
    first.alarm("ward/bed7", alert(number=1), NOW_MS)
    first.close()
    for _ in range(2):
        done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True)
        assert done.stdout.strip()
    again = Book(tmp_path)
    assert (len(log(again)), again.fault) == (1, "")
    again.close()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can write for somebody else")
def test_what_root_has_begun_belongs_to_the_stations_user(tmp_path: Path) -> None:
    os.chown(tmp_path, 12345, 12345)
    book = Book(tmp_path)
    book.alarm("ward/bed7", alert(), NOW_MS)
    assert {one.stat().st_uid for one in tmp_path.iterdir()} == {12345}
    book.close()
