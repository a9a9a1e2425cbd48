"""What goes first when the outbox is full."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.errors import StoreError, StoreReason
from edge.publish.outbox import Outbox
from edge.publish.payload import AlertMessage
from edge.publish.room import MAX_UNCONFIRMED
from edge.store import Store
from edge.types import Condition
from tests.publish.test_late import reply
from tests.station.messages import alert

ROOM = 6


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    store = Store.open(tmp_path / "state.db")
    yield Outbox(store, ROOM)
    store.close()


def numbered(number: int, condition: Condition = Condition.PAIN) -> AlertMessage:
    return alert(number=number).model_copy(update={"condition": condition})


def left(outbox: Outbox) -> list[str]:
    return [f"{row.leaf} {row.message_id.partition('-')[2]}" for row in outbox.waiting(set(), 1000)]


def test_replies_go_before_alarm_states_before_events(outbox: Outbox) -> None:
    outbox.put("reply", reply(1.0))
    for number in (10, 11):
        outbox.put("event", numbered(number))
        outbox.put("alarm/pain", numbered(number), retain=True)
    outbox.put("event", numbered(12, Condition.BAND_LOST))
    outbox.put("event", numbered(13))
    assert left(outbox) == ["event 10", "alarm/pain 10", "event 11", "alarm/pain 11", "event 12", "event 13"]
    outbox.put("event", numbered(14))
    assert left(outbox) == ["event 10", "event 11", "alarm/pain 11", "event 12", "event 13", "event 14"]
    outbox.put("event", numbered(15))
    assert left(outbox) == ["event 10", "event 11", "alarm/pain 11", "event 13", "event 14", "event 15"]
    assert outbox.dropped == 3


def test_pain_is_given_up_last_and_never_without_a_word(outbox: Outbox, caplog: pytest.LogCaptureFixture) -> None:
    for number in range(10, 17):
        outbox.put("event", numbered(number))
    assert left(outbox) == [f"event {number}" for number in range(11, 17)]
    assert "the outbox is full; given up" in caplog.text
    assert f'"id":"{numbered(10).id}"' in caplog.text


def test_what_the_broker_has_taken_is_kept_for_a_station_up_to_a_bound(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "other.db")
    outbox = Outbox(store)
    with store.transaction():
        for number in range(MAX_UNCONFIRMED + 5):
            outbox.put("event", numbered(number))
    for row in outbox.waiting(set(), MAX_UNCONFIRMED + 5):
        outbox.take(row, confirm=True)
    assert outbox.unconfirmed() == MAX_UNCONFIRMED + 5
    assert store.later.settle()
    outbox.put("event", numbered(9999))
    assert outbox.unconfirmed() == MAX_UNCONFIRMED
    assert outbox.dropped == 0  # the broker has them
    assert outbox.offer_again() == MAX_UNCONFIRMED
    assert left(outbox)[0] == "event 5"
    store.close()


def test_on_a_full_disk_alerts_wait_in_memory_and_come_to_the_disk_when_there_is_room(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "full.db")
    outbox = Outbox(store)
    with store.reading() as cursor:
        pages = int(cursor.execute("PRAGMA page_count").fetchone()[0])
        cursor.execute(f"PRAGMA max_page_count={pages}")
    number = _fill(outbox)
    outbox.hold("event", numbered(number))
    first = outbox.waiting(set(), 1)[0]
    outbox.take(first, confirm=True)
    assert left(outbox)[-1] == f"event {number}"
    with store.reading() as cursor:
        cursor.execute("PRAGMA max_page_count=100000")
    outbox.save_held()
    store.close()
    again = Store.open(tmp_path / "full.db")
    assert left(Outbox(again)) == [f"event {one}" for one in range(1, number + 1)]
    again.close()


def _put_without_end(outbox: Outbox) -> None:
    for number in itertools.count():
        outbox.put("event", numbered(number))


def _fill(outbox: Outbox) -> int:
    """Put alerts until the disk refuses; how many it took."""
    with pytest.raises(StoreError) as refused:
        _put_without_end(outbox)
    assert refused.value.reason is StoreReason.FULL
    return outbox.pending()


def test_memory_has_a_bound_too(outbox: Outbox) -> None:
    for number in range(ROOM + 2):
        outbox.hold("event", numbered(number))
    assert left(outbox) == [f"event {number}" for number in range(2, ROOM + 2)]
    assert outbox.dropped == 2
