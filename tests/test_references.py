"""Resting faces on disk: what comes back after a restart, and what does not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.clock import Instant
from edge.face.reference import Reference, Source
from edge.face.units import LABELS
from edge.references import KEPT_VERSIONS, TAKE_UP_S, Kept, References, still_stands
from edge.store import Store
from edge.types import NS_PER_S

UNITS = tuple(0.1 * k for k in range(len(LABELS)))
BOOT, NEXT_BOOT = "0123456789ab", "ba9876543210"


def moment(seconds: float, boot: str = BOOT, *, synced: bool = True) -> Instant:
    return Instant(boot, round(seconds * NS_PER_S), 1_767_225_600_000 + round(1000 * seconds), synced)


def reference(version: int = 1, seconds: int = 60) -> Reference:
    return Reference(version, Source.LEARNT, UNITS, seconds, "Sister Ruth")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    one = Store.open(tmp_path / "state.db")
    yield one
    one.close()


def test_it_comes_back_with_who_and_when(store: Store) -> None:
    shelf = References(store)
    shelf.save("bedside", reference(), moment(100))
    shelf.save("bedside", reference(seconds=120), moment(160))
    assert shelf.newest("bedside") == Kept(reference=reference(seconds=120), begun=moment(100), seen=moment(160))


def test_each_camera_has_its_own(store: Store) -> None:
    References(store).save("bedside", reference(), moment(100))
    assert References(store).newest("ceiling") is None


def test_old_versions_are_kept_for_a_while(store: Store) -> None:
    for version in range(1, KEPT_VERSIONS + 6):
        References(store).save("bedside", reference(version), moment(version))
    with store.reading() as cursor:
        rows = [row[0] for row in cursor.execute("SELECT version FROM face_reference ORDER BY version")]
    assert rows == list(range(6, KEPT_VERSIONS + 6))


def test_a_row_that_cannot_be_read_is_no_reference(store: Store) -> None:
    with store.transaction() as cursor:
        cursor.execute("INSERT INTO face_reference VALUES ('bedside', 1, '{}')")
    assert References(store).newest("bedside") is None


def test_a_disk_that_refuses_is_told_and_nothing_fails(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    store = Store.open(tmp_path / "state.db")
    with store.transaction() as cursor:
        for added_later in ("face_reference", "setting", "report", "burden", "proof"):
            cursor.execute(f"DROP TABLE {added_later}")
    shelf = References(store)
    assert [shelf.save("bedside", reference(), moment(1)) for _ in range(3)] == [False] * 3
    assert caplog.text.count("in memory only") == 1
    store.close()


@pytest.mark.parametrize(
    ("now", "stands"),
    [
        (moment(100 + TAKE_UP_S), True),
        (moment(101 + TAKE_UP_S), False),
        (moment(50), False),
        (moment(160, NEXT_BOOT), True),
        (moment(160, NEXT_BOOT, synced=False), False),
        (moment(50, NEXT_BOOT), False),
    ],
    ids=["soon", "late", "before", "next-boot", "no-clock", "clock-set-back"],
)
def test_it_stands_where_the_same_face_was_seen_a_short_time_ago(now: Instant, stands: bool) -> None:
    kept = Kept(reference=reference(), begun=moment(10), seen=moment(100))
    assert still_stands(kept, now) is stands


def test_a_file_of_the_first_version_is_taken_on(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "state.db")
    with store.transaction() as cursor:
        for added_later in ("face_reference", "setting", "report", "burden", "proof"):
            cursor.execute(f"DROP TABLE {added_later}")
        cursor.execute("ALTER TABLE command DROP COLUMN state")
        cursor.execute("DROP INDEX outbox_message")
        for column in ("message_id", "taken"):
            cursor.execute(f"ALTER TABLE outbox DROP COLUMN {column}")
        cursor.execute("INSERT INTO command (id) VALUES ('old')")
        cursor.execute("INSERT INTO alarm VALUES ('pain', '{}')")
        cursor.execute("PRAGMA user_version=1")
    store.close()
    again = Store.open(tmp_path / "state.db")
    assert References(again).save("bedside", reference(), moment(1))
    with again.reading() as cursor:
        assert cursor.execute("SELECT count(*) FROM alarm").fetchone() == (1,)
        assert cursor.execute("SELECT id, state FROM command").fetchall() == [("old", None)]
    again.close()
