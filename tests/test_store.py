"""The one file: together or not at all, and clear words when it cannot be used."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from edge.errors import StoreError, StoreReason
from edge.store import SCHEMA_VERSION, Store, set_aside


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state.db"


def rows(store: Store) -> list[str]:
    with store.transaction() as cursor:
        return [text for (text,) in cursor.execute("SELECT state FROM alarm ORDER BY condition")]


def put(store: Store, condition: str) -> None:
    with store.transaction() as cursor:
        cursor.execute("INSERT INTO alarm VALUES (?, ?)", (condition, condition))


def fill(store: Store) -> None:
    for number in range(1000):
        put(store, f"{number:01000}")


def test_what_was_committed_is_there_after_reopening(path: Path) -> None:
    store = Store.open(path)
    put(store, "a")
    store.close()
    again = Store.open(path)
    assert rows(again) == ["a"]
    again.close()


def test_writes_are_durable(path: Path) -> None:
    store = Store.open(path)
    with store.transaction() as cursor:
        assert cursor.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert cursor.execute("PRAGMA synchronous").fetchone() == (2,)  # FULL
        assert cursor.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)
    store.close()


def test_what_need_not_survive_a_power_cut_asks_for_less_and_only_for_itself(path: Path) -> None:
    store = Store.open(path)
    found: list[int] = []
    for durable in (False, True):
        with store.transaction(durable=durable) as cursor:
            found += [row[0] for row in cursor.execute("PRAGMA synchronous")]
    with store.transaction(), store.transaction(durable=False) as cursor:  # the outer one decides
        found += [row[0] for row in cursor.execute("PRAGMA synchronous")]
    assert found == [1, 2, 2]  # NORMAL, FULL, FULL
    store.close()


def test_a_failed_block_leaves_nothing(path: Path) -> None:
    store = Store.open(path)
    with suppress(RuntimeError), store.transaction():
        put(store, "a")
        raise RuntimeError
    assert rows(store) == []
    store.close()


def test_a_transaction_inside_another_is_part_of_it(path: Path) -> None:
    store = Store.open(path)
    with store.transaction():
        put(store, "a")
        put(store, "b")
    assert rows(store) == ["a", "b"]
    store.close()


def test_what_follows_a_commit_does_not_follow_a_failure(path: Path) -> None:
    store = Store.open(path)
    called: list[str] = []
    with suppress(RuntimeError), store.transaction():
        store.after_commit(lambda: called.append("failed"))
        raise RuntimeError
    with store.transaction():
        store.after_commit(lambda: called.append("done"))
        assert called == []
    assert called == ["done"]
    store.close()


def test_a_second_daemon_is_refused(path: Path) -> None:
    store = Store.open(path)
    with pytest.raises(StoreError) as caught:
        Store.open(path)
    assert caught.value.reason is StoreReason.LOCKED
    assert "second daemon" in caught.value.message
    store.close()


def test_a_damaged_file_is_refused_and_can_be_set_aside(path: Path) -> None:
    path.write_bytes(b"SQLite format 3\0" + os.urandom(4096))
    with pytest.raises(StoreError) as caught:
        Store.open(path)
    assert caught.value.reason is StoreReason.CORRUPT
    kept = set_aside(path)
    assert kept.name == "state.db.damaged-1"
    store = Store.open(path)
    assert store.take_number() > 1_000_000, "numbers of the lost file might come again"
    store.close()


def test_damage_within_the_pages_is_found(path: Path) -> None:
    store = Store.open(path)
    for number in range(200):
        put(store, f"{number:0200}")
    store.close()
    with path.open("r+b") as file:
        file.seek(3 * 4096)
        file.write(os.urandom(4096))
    with pytest.raises(StoreError) as caught:
        Store.open(path)
    assert caught.value.reason is StoreReason.CORRUPT


def test_a_file_of_a_newer_program_is_left_alone(path: Path) -> None:
    newer = sqlite3.connect(path)
    newer.execute(f"PRAGMA user_version={SCHEMA_VERSION + 1}")
    newer.close()
    with pytest.raises(StoreError) as caught:
        Store.open(path)
    assert caught.value.reason is StoreReason.VERSION


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="check that the folder exists") as caught:
        Store.open(tmp_path / "nowhere" / "state.db")
    assert caught.value.reason is StoreReason.UNWRITABLE


def test_a_read_only_disk_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = subprocess.run(["mount", "-t", "tmpfs", "-o", "ro", "tmpfs", folder], capture_output=True, check=False)
    if mount.returncode != 0:
        pytest.skip("no permission to mount a tmpfs")
    try:
        with pytest.raises(StoreError) as caught:
            Store.open(folder / "state.db")
        assert caught.value.reason is StoreReason.UNWRITABLE
    finally:
        subprocess.run(["umount", folder], check=True)


def test_a_full_disk_by_sqlites_own_limit(path: Path) -> None:
    store = Store.open(path)
    with store.transaction() as cursor:
        cursor.execute("PRAGMA max_page_count=12")
    with pytest.raises(StoreError, match="free space") as caught:
        fill(store)
    assert caught.value.reason is StoreReason.FULL
    store.close()


def test_numbers_rise_across_restarts_and_kills(path: Path) -> None:
    code = (
        "import os, signal, sys; from pathlib import Path; from edge.store import Store\n"
        "store = Store.open(Path(sys.argv[1]))\n"
        "print(*[store.take_number() for _ in range(150)], flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    numbers: list[int] = []
    for _ in range(3):
        run = subprocess.run([sys.executable, "-c", code, path], capture_output=True, check=False, text=True)
        numbers += [int(word) for word in run.stdout.split()]
    assert len(numbers) == 450
    assert numbers == sorted(set(numbers))
