"""After a power cut everything that was announced, answered or confirmed is there; broken on purpose, it is not."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from tests.power.cuts import Campaign, campaign
from tests.power.disk import Create, Delete, Disk, Fate, Sync, Truncate, Write
from tests.power.lives import BoxLife, Life, StationLife

CHANCE = random.Random(1)  # noqa: S311 - a disk's


def played(*ops: Write | Truncate | Create | Delete | Sync) -> Disk:
    disk = Disk()
    for op in ops:
        disk.do(op)
    return disk


def test_what_was_synced_stays_and_what_was_not_is_lost_or_kept_as_fate_will_have_it() -> None:
    disk = played(Create("a"), Write("a", 0, b"old"), Sync("a", folder=True), Write("a", 1, b"ew"))
    assert disk.after(Fate.LOST, CHANCE) == {"a": b"old"}
    assert disk.after(Fate.KEPT, CHANCE) == {"a": b"oew"}


def test_a_torn_write_may_be_there_in_any_of_its_sectors() -> None:
    disk = played(Create("a"), Write("a", 0, bytes(1024)), Sync("a", folder=True), Write("a", 0, b"x" * 1024))
    seen = {disk.after(Fate.TORN, CHANCE)["a"] for _ in range(100)}
    assert {bytes(1024), b"x" * 512 + bytes(512), bytes(512) + b"x" * 512, b"x" * 1024} <= seen


def test_a_new_file_is_sure_only_once_its_folder_was_synced() -> None:
    made = (Create("a"), Write("a", 0, b"1"), Sync("a", folder=False))
    assert played(*made).after(Fate.LOST, CHANCE) == {}
    assert played(*made, Sync("b", folder=True)).after(Fate.LOST, CHANCE)["a"] == b"1"


def test_a_deletion_that_was_not_synced_may_be_undone() -> None:
    made = (Create("a"), Write("a", 0, b"1"), Sync("a", folder=True))
    assert played(*made, Delete("a", synced=False)).after(Fate.LOST, CHANCE) == {"a": b"1"}
    assert played(*made, Delete("a", synced=True)).after(Fate.LOST, CHANCE) == {}


@pytest.mark.parametrize("life", [BoxLife, StationLife])
def test_cut_before_and_after_every_sync_and_promise_nothing_promised_is_lost(life: Callable[[], Life]) -> None:
    found = campaign(life(), 50, 1)
    assert found.losses == ()
    assert found.syncs > 30
    assert found.promises > 20
    assert found.cuts > 400


def with_synchronous(level: str) -> Callable[[str], str]:
    return lambda statement: statement.replace("synchronous=FULL", f"synchronous={level}")


def without_log(statement: str) -> str:
    return statement.replace("journal_mode=WAL", "journal_mode=MEMORY")


@pytest.mark.parametrize("life", [BoxLife, StationLife])
@pytest.mark.parametrize("level", ["OFF", "NORMAL"])
def test_a_program_that_does_not_sync_what_it_promises_is_caught(life: Callable[[], Life], level: str) -> None:
    found = campaign(life(), 20, 1, alter=with_synchronous(level), most_losses=1)
    assert found.losses
    assert "are gone" in found.losses[0] or "not in the record" in found.losses[0] or "is None" in found.losses[0]


def test_a_program_that_keeps_no_journal_is_caught_with_a_damaged_file() -> None:
    found: Campaign = campaign(BoxLife(), 45, 1, every=True, alter=without_log, most_losses=1)
    assert found.losses
