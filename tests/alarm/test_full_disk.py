"""The disk is full when an alarm begins: a real, small tmpfs where that is allowed, else SQLite's own limit."""

from __future__ import annotations

import logging
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from edge.types import Condition
from tests.alarm.scenes import Bed, told


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 256 KiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", folder], capture_output=True, check=False
    )
    if mount.returncode != 0:
        pytest.skip(f"no permission to mount a tmpfs: {mount.stderr.decode().strip()}")
    yield folder
    subprocess.run(["umount", folder], check=True)


@pytest.fixture
def bed(small_disk: Path) -> Iterator[Bed]:
    one = Bed(small_disk)
    yield one
    one.close()


def fill(folder: Path) -> Path:
    """Write until nothing more goes in."""
    path = folder / "filler"
    with path.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(b"x" * 4096)
    return path


def test_an_alarm_on_a_full_disk_is_kept_and_logged(
    bed: Bed, small_disk: Path, caplog: pytest.LogCaptureFixture
) -> None:
    fill(small_disk)
    heard = bed.see(6, 11)
    assert told(heard) == ["on medium"]
    assert [row.leaf for row in bed.outbox.waiting(set(), 10)] == ["event", "alarm/pain"]
    [record] = [one for one in caplog.records if one.levelno == logging.CRITICAL]
    assert heard[0].id in record.message
    assert "the disk is full" in record.message


def test_the_alarm_is_saved_as_soon_as_there_is_room(bed: Bed, small_disk: Path) -> None:
    filler = fill(small_disk)
    [alert] = bed.see(6, 11)
    filler.unlink()
    bed.see(6, 1)
    bed.restart()
    assert bed.manager.active() == (alert,)
    assert [row.leaf for row in bed.outbox.waiting(set(), 10)] == ["event", "alarm/pain"]


def test_alarms_go_on_while_the_disk_is_full(bed: Bed, small_disk: Path) -> None:
    fill(small_disk)
    bed.see(6, 11)
    bed.acknowledge()
    heard = bed.see(1, 21)
    assert told(heard) == ["off medium"]
    assert told(heard, Condition.STORAGE_FAILING) == ["on medium"]
    assert len(bed.outbox.waiting(set(), 10)) == 8


def test_failing_storage_ends_when_the_disk_takes_states_again(bed: Bed, small_disk: Path) -> None:
    filler = fill(small_disk)
    heard = bed.see(6, 13)
    filler.unlink()
    heard += bed.see(6, 8)
    assert told(heard, Condition.STORAGE_FAILING) == ["on medium", "off medium"]


def test_rows_delivered_while_the_disk_is_full_are_not_sent_again(bed: Bed, small_disk: Path) -> None:
    bed.see(6, 11)
    filler = fill(small_disk)
    for row in bed.outbox.waiting(set(), 10):
        bed.outbox.remove(row.id)
    assert bed.outbox.pending() == 0
    filler.unlink()
    bed.acknowledge()
    bed.restart()
    assert [row.leaf for row in bed.outbox.waiting(set(), 10)] == ["event", "alarm/pain"]


def test_numbers_given_while_the_disk_was_full_are_not_given_again(bed: Bed, small_disk: Path) -> None:
    filler = fill(small_disk)
    [first] = bed.see(6, 11)
    filler.unlink()  # the crash comes before the next step could save anything
    bed.restart()
    [second] = bed.see(6, 11)
    assert second.seq > first.seq
