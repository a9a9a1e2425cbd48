"""The recorder beside the daemon: nothing that a disk does is felt by the bed, and no picture gets in."""

from __future__ import annotations

import ast
import logging
import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import edge.recorder
from edge import config
from edge.clock import Instant, VirtualClock
from edge.recorder import recorder as module
from edge.recorder.choose import recording
from edge.recorder.events import Ticked
from edge.recorder.file import SessionFile
from edge.recorder.recorder import NotRecording, Recorder
from edge.recorder.session import Session, chain
from edge.recorder.shelf import Shelf
from edge.types import Frame, Validity
from tests.recorder.events import ALERT, BLOCK, FACE, FACTS, LOST, SEEN, write

NOW = FACTS.start


def start(folder: Path, **limits: float) -> Recorder:
    """A recorder that has begun."""
    settings = config.Config.model_validate({"recorder": {"folder": folder, **limits}}).recorder
    one = Recorder(folder, settings, VirtualClock())
    one.begin(FACTS)
    return one


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def sessions(folder: Path) -> list[Path]:
    return [one.path for one in Shelf(folder).sessions()]


def test_everything_that_is_told_is_in_the_session(tmp_path: Path) -> None:
    one = start(tmp_path)
    one.status(LOST)
    one.block(BLOCK)
    one.estimates("camera", (FACE,))
    one.tick(12)
    one.concluded(SEEN, (ALERT,))
    one.acknowledged("pain", ())
    one.close()
    with Session.open(*sessions(tmp_path)) as session:
        names = [type(event).__name__ for _, event in session.events()]
        assert session.ended
    assert names == ["StatusChanged", "BlockArrived", "Estimated", "Ticked", "Assessed", "Alerted", "Acknowledged"]


def test_it_is_on_disk_within_two_seconds(tmp_path: Path) -> None:
    one = start(tmp_path)
    began = time.monotonic()
    one.tick(1)
    wait_until(lambda: any(path.stat().st_size > 0 for path in tmp_path.glob("*-wal")))
    assert time.monotonic() - began < 2.0
    one.close()


def test_the_sessions_folder_is_its_owners(tmp_path: Path) -> None:
    start(tmp_path / "a" / "b").close()
    assert (tmp_path / "a" / "b").stat().st_mode & 0o777 == 0o700


def test_without_a_folder_nothing_is_recorded(tmp_path: Path) -> None:
    found = recording(config.Recorder(), VirtualClock(), tmp_path, Validity.REAL)
    assert isinstance(found, NotRecording)
    assert found.fault == ""


def test_a_frame_is_refused(tmp_path: Path) -> None:
    one = start(tmp_path)
    frame = Frame("camera", np.zeros((48, 48), np.uint8), 0, 0)
    with pytest.raises(TypeError, match="only samples are recorded, not a Frame"):
        one.block(frame)  # type: ignore[arg-type]  # what the checker refuses as well
    one.close()


def test_a_block_with_the_shape_of_a_picture_ends_the_recording_and_leaves_nothing_of_it(tmp_path: Path) -> None:
    one = start(tmp_path)
    one.block(replace(BLOCK, values=np.full((480, 640), 7.0, np.float32)))
    one.close()
    assert "no series of samples" in one.fault
    assert all(path.stat().st_size < 200_000 for path in tmp_path.iterdir())


def test_the_room_knows_of_no_frame() -> None:
    """Neither an annotation nor an import names the type that carries pixels."""
    folder = Path(edge.recorder.__file__).parent
    trees = [ast.parse(path.read_text()) for path in sorted(folder.glob("*.py"))]
    named = {node.id for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Name)}
    imported = {
        alias.name
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    assert "SampleBlock" in imported
    assert {"Frame", "cv2"} & (named | imported) == set()


def one_error(caplog: pytest.LogCaptureFixture) -> str:
    """The one line that was logged as an error."""
    [line] = [one.getMessage() for one in caplog.records if one.levelno >= logging.ERROR]
    return line


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 512 KiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", folder], capture_output=True, check=False
    )
    if mount.returncode != 0:
        pytest.skip(f"no permission to mount a tmpfs: {mount.stderr.decode().strip()}")
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_a_disk_that_fills_up_ends_the_recording_with_one_line_and_a_readable_file(
    small_disk: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "RESERVE_BYTES", 0)
    one = start(small_disk)
    wait_until(lambda: bool(sessions(small_disk)))
    for _ in range(10):
        for _ in range(20):
            one.block(replace(BLOCK, values=np.ones(1000, np.float32)))
        one._wake.set()
        time.sleep(0.05)
    wait_until(lambda: bool(one.fault))
    one.block(BLOCK)
    one.close()
    assert "cannot be written" in one_error(caplog)
    with Session.open(*sessions(small_disk)) as session:
        assert any(session.events())


def test_the_last_of_a_disk_is_left_to_the_alarms(small_disk: Path, caplog: pytest.LogCaptureFixture) -> None:
    one = start(small_disk)
    one.tick(1)
    wait_until(lambda: bool(one.fault))
    one.close()
    assert "less than 134 MB are free" in one_error(caplog)
    with Session.open(*sessions(small_disk)) as session:
        assert len(list(session.events())) == 1


def test_a_folder_that_cannot_be_made_ends_the_recording_with_one_line(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("")
    one = start(tmp_path / "file" / "sessions")
    one.tick(1)
    one.close()
    assert "cannot be written" in one_error(caplog)


def test_a_disk_that_hangs_is_given_up_and_nobody_waits_for_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    released = threading.Event()
    append = SessionFile.append
    monkeypatch.setattr(SessionFile, "append", lambda self, events: (released.wait(10), append(self, events))[1])
    monkeypatch.setattr(module, "CLOSE_S", 0.1)
    one = start(tmp_path)
    began = time.monotonic()
    for number in range(module.MOST_WAITING * 2 + module.HASTE):
        one.tick(number)
    one.close()
    assert time.monotonic() - began < 5.0
    assert "the disk is too slow" in one_error(caplog)
    assert one._waiting == []
    released.set()
    assert one._thread is not None
    one._thread.join(5)


def test_a_session_goes_on_in_another_file_and_the_oldest_are_deleted(tmp_path: Path) -> None:
    one = start(tmp_path, max_mb=10)
    values = np.ones(5000, np.float32)
    for number in range(40):
        for _ in range(20):
            one.block(replace(BLOCK, values=values, arrived_ns=number))
        one._wake.set()
        wait_until(lambda: not one._waiting)
    one.close()
    found = sessions(tmp_path)
    assert len(found) > 2
    assert sum(path.stat().st_size for path in found) < 13e6
    assert chain(found[-1]) == found
    seqs = [seq for path in found for seq, _ in _numbered(path)]
    assert seqs == list(range(seqs[0], 801))


def _numbered(path: Path) -> list[tuple[int, object]]:
    with Session.open(path) as session:
        return list(session.events())


def test_a_lost_part_ends_the_chain_there(tmp_path: Path) -> None:
    paths = [tmp_path / f"20260101T000000Z-0123456789ab-{number}.anodyne" for number in (1, 2, 3)]
    facts = FACTS
    for number, path in enumerate(paths):
        write(path, [Ticked(1)], facts)
        facts = facts.next_part(path.name, number + 2)
    assert chain(paths[2]) == paths
    paths[0].unlink()
    assert chain(paths[2]) == paths[1:]


def shelf_of(folder: Path, count: int, size: int) -> list[Path]:
    """Sessions 1 to `count` of `size` bytes each."""
    paths = [folder / f"20260101T000000Z-0123456789ab-{number}.anodyne" for number in range(1, count + 1)]
    for path in paths:
        path.write_bytes(b"x" * size)
    return paths


def test_the_oldest_go_first_with_what_lies_beside_them_and_never_the_current(tmp_path: Path) -> None:
    paths = shelf_of(tmp_path, 11, 1000)
    paths[0].with_name(paths[0].name + "-wal").write_bytes(b"x" * 500)
    (tmp_path / "notes.txt").write_bytes(b"x" * 99_999)
    Shelf(tmp_path).tidy(2500, 14.0, NOW, current=paths[0])
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        [paths[0].name, paths[0].name + "-wal", paths[9].name, paths[10].name, "notes.txt"]
    )


@pytest.mark.parametrize(("synced", "left"), [(True, 1), (False, 2)])
def test_old_sessions_go_only_while_the_clock_can_be_believed(tmp_path: Path, synced: bool, left: int) -> None:
    old, fresh = shelf_of(tmp_path, 2, 10)
    os.utime(old, (NOW.wall_ms / 1000 - 15 * 86400,) * 2)
    os.utime(fresh, (NOW.wall_ms / 1000,) * 2)
    Shelf(tmp_path).tidy(10**9, 14.0, replace(NOW, synced=synced), current=tmp_path / "none")
    assert len(sessions(tmp_path)) == left


def test_a_session_that_another_has_just_deleted_is_no_fault_of_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf = Shelf(tmp_path)
    for _ in range(3):
        shelf.new_path(NOW).write_bytes(b"x" * 1000)
    listed = shelf.sessions()
    monkeypatch.setattr(shelf, "sessions", lambda: list(listed))
    listed[0].delete()
    monkeypatch.setattr(Path, "exists", lambda _: True)  # it goes between two looks
    assert shelf.tidy(1500, 14.0, NOW, current=None) == [one.path for one in listed[:2]]
    assert list(tmp_path.iterdir()) == [listed[2].path]


def test_a_box_whose_clock_begins_in_1970_at_every_boot_still_numbers_its_sessions_in_order(tmp_path: Path) -> None:
    for boot in ("bbbbbbbbbbbb", "aaaaaaaaaaaa"):
        Shelf(tmp_path).new_path(Instant(boot, 0, 0, synced=False)).touch()
    assert [path.name for path in sessions(tmp_path)] == [
        "19700101T000000Z-bbbbbbbbbbbb-1.anodyne",
        "19700101T000000Z-aaaaaaaaaaaa-2.anodyne",
    ]


def test_a_wall_clock_beyond_the_calendar_names_a_session_all_the_same(tmp_path: Path) -> None:
    path = Shelf(tmp_path).new_path(Instant("aaaaaaaaaaaa", 0, 10**17, synced=False))
    assert path.name == "99991231T235959Z-aaaaaaaaaaaa-1.anodyne"
