"""Writes that may wait: done together, kept where the disk refuses, forgotten where ids mean other rows."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.later import PATIENCE, PRUNED_AT_ONCE, prune
from edge.publish.outbox import Outbox
from edge.publish.proof import Proofs
from edge.store import Store
from tests.alarm.scenes import Bed
from tests.station.messages import alert


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    one = Store.open(tmp_path / "state.db")
    yield one
    one.close()


def on_disk(store: Store, table: str) -> list[str]:
    """What another program would find in the file: the ids of a table's rows."""
    column = "message_id" if table == "outbox" else "id"
    with store.reading() as cursor:
        return [str(one) for (one,) in cursor.execute(f"SELECT {column} FROM {table} ORDER BY rowid")]  # noqa: S608 - two names


def refuse(store: Store) -> None:
    """Let the file take nothing more."""
    with store.reading() as cursor:
        cursor.execute("PRAGMA query_only=ON")


def relent(store: Store) -> None:
    """Let it take rows again."""
    with store.reading() as cursor:
        cursor.execute("PRAGMA query_only=OFF")


def test_what_is_asked_for_often_is_written_once_and_only_then(store: Store) -> None:
    written: list[str] = []

    def write(cursor: sqlite3.Cursor) -> None:
        cursor.execute("INSERT INTO command (id) VALUES ('one')")
        written.append("one")

    for _ in range(3):
        store.later.ask(write)
    assert written == []
    assert store.later.settle()
    assert store.later.settle()
    assert written == ["one"]


def test_what_is_patient_waits_for_a_minute_of_settlings_or_for_the_end(store: Store) -> None:
    written: list[int] = []
    store.later.ask(lambda _: written.append(1), patient=True)
    for _ in range(PATIENCE - 1):
        assert store.later.settle()
    assert written == []
    assert store.later.settle()
    assert written == [1]
    store.later.ask(lambda _: written.append(2), patient=True)
    assert store.later.settle(last=True)
    assert written == [1, 2]


def test_an_alert_stays_in_the_outbox_until_its_proof_is_on_disk(store: Store) -> None:
    outbox, proofs = Outbox(store), Proofs(store)
    one, two = alert(number=1), alert(number=2)
    for message in (one, two):
        outbox.put("event", message)
        proofs.begin(message)
    outbox.confirm(one.id)
    outbox.put("event", alert(number=3))  # a commit of another alarm takes nothing along
    assert (outbox.pending(), len(proofs.newest(10))) == (2, 2)
    assert (len(on_disk(store, "outbox")), on_disk(store, "proof")) == (3, [])
    assert store.later.settle()
    assert (len(on_disk(store, "outbox")), on_disk(store, "proof")) == (2, [one.id, two.id])


def test_a_disk_that_refuses_is_told_once_and_loses_no_mark(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    outbox, proofs = Outbox(store), Proofs(store)
    message = alert(number=1)
    outbox.put("event", message)
    proofs.begin(message)
    outbox.confirm(message.id)
    refuse(store)
    with caplog.at_level(logging.WARNING):
        assert not store.later.settle()
        assert not store.later.settle()
    assert len(caplog.records) == 1
    assert (outbox.pending(), [one.alert.id for one in proofs.newest(10)]) == (0, [message.id])
    relent(store)
    assert store.later.settle()
    assert (on_disk(store, "outbox"), on_disk(store, "proof")) == ([], [message.id])


def test_a_taken_alert_is_offered_again_whether_or_not_that_was_on_disk(store: Store) -> None:
    outbox = Outbox(store)
    for number in (1, 2, 3):
        outbox.put("event", alert(number=number))
    first, second, third = outbox.waiting(set(), 3)
    outbox.take(first, confirm=True)
    assert store.later.settle()
    outbox.take(second, confirm=True)
    outbox.take(third, confirm=True)
    outbox.confirm(third.message_id)
    assert (outbox.pending(), outbox.unconfirmed()) == (0, 2)
    assert outbox.offer_again() == 2
    assert [row.id for row in outbox.waiting(set(), 3)] == [first.id, second.id]


def test_marks_of_a_damaged_file_do_not_touch_the_rows_of_the_new_one(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "state.db")
    outbox = Outbox(store)
    outbox.put("event", alert(number=1))
    [row] = outbox.waiting(set(), 1)
    outbox.remove(row.id)
    store.close()  # all is written: the file has no row, and the ids of a new one begin anew
    store = Store.open(tmp_path / "state.db")
    outbox = Outbox(store)
    outbox.remove(row.id)
    (tmp_path / "state.db").write_bytes(b"\xa5" * 8192)
    store.begin_anew()
    outbox.put("event", alert(number=2))
    assert [one.id for one in outbox.waiting(set(), 2)] == [row.id]
    assert store.later.settle()
    assert on_disk(store, "outbox") == [alert(number=2).id]
    store.close()


def test_what_is_closed_in_order_has_forgotten_nothing(tmp_path: Path) -> None:
    bed = Bed(tmp_path)
    bed.see(6, 11)
    for row in bed.outbox.waiting(set(), 10):
        bed.outbox.remove(row.id)
    bed.restart()
    assert bed.outbox.pending() == 0
    bed.close()


def test_the_oldest_rows_go_many_at_once(store: Store) -> None:
    kept = 10
    with store.transaction() as cursor:
        left: list[int] = []
        for number in range(kept + 2 * PRUNED_AT_ONCE):
            cursor.execute("INSERT INTO command (id) VALUES (?)", (f"{number}",))
            prune(cursor, "command", kept)
            left.append(cursor.execute("SELECT count(*) FROM command").fetchone()[0])
    assert max(left) == kept + PRUNED_AT_ONCE
    assert left.count(kept) > 1
    assert on_disk(store, "command")[-1] == f"{kept + 2 * PRUNED_AT_ONCE - 1}"
