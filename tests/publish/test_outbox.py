"""The queue on disk."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.clock import VirtualClock, run
from edge.publish.outbox import Outbox
from edge.publish.payload import AlertMessage
from edge.store import Store
from tests.peers.broker import Mosquitto
from tests.publish.box import SmallBox
from tests.station.messages import alert


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    store = Store.open(tmp_path / "state.db")
    yield Outbox(store)
    store.close()


def numbered(number: int) -> AlertMessage:
    return alert(number=number)


def waiting(outbox: Outbox, skip: set[int] | None = None, limit: int = 10) -> list[str]:
    return [row.leaf for row in outbox.waiting(skip or set(), limit)]


def test_rows_wait_in_the_order_they_came(outbox: Outbox) -> None:
    for number in range(5):
        outbox.put(f"leaf{number}", numbered(number))
    assert waiting(outbox) == [f"leaf{number}" for number in range(5)]
    assert waiting(outbox, limit=2) == ["leaf0", "leaf1"]


def test_rows_on_their_way_are_skipped(outbox: Outbox) -> None:
    for number in range(4):
        outbox.put(f"leaf{number}", numbered(number))
    first, second, *_ = outbox.waiting(set(), 4)
    assert waiting(outbox, {first.id, second.id}, 1) == ["leaf2"]


def test_a_delivered_row_is_gone(outbox: Outbox) -> None:
    outbox.put("a", numbered(1))
    outbox.put("b", numbered(2))
    outbox.remove(outbox.waiting(set(), 1)[0].id)
    assert (waiting(outbox), outbox.pending()) == (["b"], 1)


def test_rows_in_memory_come_after_those_on_disk_and_move_there(outbox: Outbox) -> None:
    outbox.hold("memory", numbered(2))
    outbox.put("disk", numbered(1))
    assert waiting(outbox) == ["disk", "memory"]
    outbox.save_held()
    assert waiting(outbox) == ["disk", "memory"]
    assert Outbox(outbox.store).pending() == 2


def test_a_row_in_memory_that_was_delivered_is_not_saved(outbox: Outbox) -> None:
    outbox.hold("memory", numbered(1))
    outbox.remove(outbox.waiting(set(), 1)[0].id)
    outbox.save_held()
    assert outbox.pending() == 0


def test_listeners_hear_of_a_row_once_it_is_on_disk(outbox: Outbox) -> None:
    heard: list[int] = []
    outbox.listen(lambda: heard.append(outbox.pending()))
    with outbox.store.transaction():
        outbox.put("a", numbered(1))
        assert heard == []
    assert heard == [1]


def test_virtual_time_waits_for_a_real_broker(mosquitto: Mosquitto, tmp_path: Path) -> None:
    clock = VirtualClock()

    async def an_hour() -> tuple[int, float]:
        box = SmallBox(tmp_path, mosquitto.mqtt(), clock)
        task = asyncio.create_task(box.publisher.run())
        for minute in range(60):
            box.see(8 if minute % 2 else 1)
            await clock.sleep(60)
            if minute:
                assert box.publisher.pending() == 0, "a minute passed and the broker had not answered"
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        box.store.close()
        return box.publisher.refused, clock.now_ns() / 1e9

    assert run(clock, an_hour()) == (0, 3600.0)


def test_a_station_that_confirms_before_the_broker_does_leaves_nothing_to_confirm(outbox: Outbox) -> None:
    message = numbered(1)
    outbox.put("event", message)
    [row] = outbox.waiting(set(), 10)
    assert outbox.confirm(message.id)
    outbox.take(row, confirm=True)
    assert (outbox.unconfirmed(), outbox.pending(), outbox.offer_again()) == (0, 0, 0)
