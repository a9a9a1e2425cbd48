"""A damaged state file: set aside, saved as far as it can be read, and told."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.clock import VirtualClock
from edge.errors import StoreError, StoreReason
from edge.health.keeper import TOLD_S, Keeper
from edge.publish.outbox import Outbox
from edge.store import Store
from tests.station.messages import alert

ALERTS = 300


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file with alerts that wait."""
    path = tmp_path / "state.db"
    store = Store.open(path)
    outbox = Outbox(store)
    with store.transaction():
        for number in range(ALERTS):
            outbox.put("event", alert(number=number))
    store.take_number()
    store.close()
    return path


def scribble(path: Path) -> None:
    """Destroy one page in the middle, in which rows lie."""
    content = path.read_bytes()
    pages = [at for at in range(0, len(content), 4096) if content.count(b'"c":"pain"', at, at + 4096) > 5]
    with path.open("r+b") as file:
        file.seek(pages[len(pages) // 2])
        file.write(b"\xa5" * 4096)


def numbers(store: Store) -> list[int]:
    return [int(row.message_id.partition("-")[2]) for row in Outbox(store).waiting(set(), 1000)]


def test_what_can_be_read_of_a_damaged_file_goes_on_waiting(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    scribble(path)
    keeper = Keeper(VirtualClock())
    store = keeper.open(path)
    kept = numbers(store)
    assert ALERTS * 0.8 < len(kept) < ALERTS
    assert kept == sorted(kept)
    assert (path.parent / "state.db.damaged-1").exists()
    assert "rows of it were taken over" in caplog.text
    store.close()


def test_damage_that_is_met_while_the_box_runs_is_mended(path: Path) -> None:
    clock = VirtualClock()
    keeper = Keeper(clock)
    store = keeper.open(path)
    scribble(path)
    with store.reading() as cursor:
        cursor.execute("PRAGMA cache_size=0")
        cursor.execute("PRAGMA shrink_memory")
    with pytest.raises(StoreError) as damage, store.reading() as cursor:
        cursor.execute("SELECT count(payload), sum(length(payload)) FROM outbox NOT INDEXED").fetchall()
    assert damage.value.reason is StoreReason.CORRUPT
    assert keeper.fault(0) == ""
    keeper.mend(store)
    assert keeper.fault(0) == "set_aside"
    kept = numbers(store)
    assert len(kept) > ALERTS / 2
    Outbox(store).put("event", alert(number=ALERTS))
    assert numbers(store) == [*kept, ALERTS]
    clock.advance(TOLD_S + 1)
    assert keeper.fault(0) == ""
    store.close()


def test_alerts_that_were_given_up_are_told() -> None:
    keeper = Keeper(VirtualClock())
    assert keeper.fault(0) == ""
    assert keeper.fault(2) == "outbox_full"


def test_a_box_that_keeps_its_alarms_in_memory_says_so_for_as_long_as_it_does(tmp_path: Path) -> None:
    clock = VirtualClock()
    keeper = Keeper(clock)
    store = keeper.open(tmp_path / "missing" / "anodyne.sqlite3", safe=True)
    clock.advance(10 * TOLD_S)
    assert keeper.fault(0) == "in_memory"
    store.close()


def test_no_number_of_an_earlier_start_comes_again_while_alarms_are_in_memory(path: Path) -> None:
    clock = VirtualClock()
    on_disk = Keeper(clock).open(path)
    given = [on_disk.take_number() for _ in range(500)]
    on_disk.close()
    for _ in range(3):
        clock.advance(5.0)
        store = Keeper(clock).open(path.parent / "missing" / "anodyne.sqlite3", safe=True)
        given += [store.take_number() for _ in range(500)]
        store.close()
    assert len(set(given)) == len(given)
