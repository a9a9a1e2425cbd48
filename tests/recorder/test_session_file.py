"""The container: what goes in comes out in every bit; what is damaged is said, and nothing worse happens."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge.errors import SessionError, SessionReason
from edge.recorder.events import BlockArrived, Event, Ticked
from edge.recorder.file import APPLICATION_ID, SessionFile
from edge.recorder.session import Session
from edge.replay.compare import differences
from edge.types import SampleBlock
from tests.recorder.events import BLOCK, BLOCKS, FACTS, ONE_OF_EACH, write


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "one.anodyne"


def read(path: Path) -> list[Event]:
    with Session.open(path) as session:
        return [event for _, event in session.events()]


def refusal(path: Path) -> SessionReason:
    with pytest.raises(SessionError) as refused:
        read(path)
    return refused.value.reason


def bits(block: SampleBlock) -> tuple[object, ...]:
    """Everything of a block; floats by their bits."""
    device = None if block.device_s is None else float(block.device_s).hex()
    head = block.sensor, block.channel, float(block.rate_hz).hex(), block.arrived_ns, device, block.lost_before
    return (*head, block.values.shape, block.values.view(np.uint32).tobytes())


def test_one_of_each_event_comes_back_as_it_was(path: Path) -> None:
    found = read(write(path, ONE_OF_EACH))
    assert [type(event) for event in found] == [type(event) for event in ONE_OF_EACH]
    for before, after in zip(ONE_OF_EACH, found, strict=True):
        if isinstance(before, BlockArrived) and isinstance(after, BlockArrived):
            assert (before.at_ns, bits(before.block)) == (after.at_ns, bits(after.block))
        else:
            assert list(differences(before, after)) == []


def test_the_head_comes_back_as_it_was(path: Path) -> None:
    with Session.open(write(path, ())) as session:
        assert (session.facts, session.ended) == (FACTS, True)


@settings(deadline=None, max_examples=40)
@given(st.lists(BLOCKS, max_size=6))
def test_any_sequence_of_blocks_keeps_every_bit(blocks: list[SampleBlock]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        events = [BlockArrived(at_ns, block) for at_ns, block in enumerate(blocks)]
        found = read(write(Path(folder) / "x.anodyne", events))
    assert [bits(event.block) for event in found if isinstance(event, BlockArrived)] == [bits(one) for one in blocks]


@pytest.fixture(scope="module")
def sound() -> Iterator[bytes]:
    """The bytes of a small session with several of each event."""
    with tempfile.TemporaryDirectory() as folder:
        yield write(Path(folder) / "x.anodyne", ONE_OF_EACH * 40).read_bytes()


@settings(deadline=None, max_examples=250, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_damage_gives_fewer_events_or_a_session_error(sound: bytes, path: Path, data: st.DataObject) -> None:
    damaged = bytearray(sound)
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(damaged) - 1))
        damaged[at] = data.draw(st.integers(0, 255))
    end = data.draw(st.just(len(damaged)) | st.integers(0, len(damaged)))
    path.write_bytes(damaged[:end])
    found: list[Event] = []
    with suppress(SessionError), Session.open(path) as session:
        found.extend(event for _, event in session.events())
    assert len(found) <= len(ONE_OF_EACH) * 40


def test_what_lies_before_the_damage_is_read(path: Path) -> None:
    write(path, [Ticked(number) for number in range(5000)])
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size * 3 // 4)
    found: list[Event] = []
    with Session.open(path) as session, pytest.raises(SessionError) as refused:
        found.extend(event for _, event in session.events(["tick"]))
    assert refused.value.reason is SessionReason.CORRUPT


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", SessionReason.FOREIGN),
        (b"just a text", SessionReason.FOREIGN),
        (b"SQLite format 3\0" + bytes(200), SessionReason.CORRUPT),
    ],
)
def test_a_file_of_another_kind_is_refused(path: Path, content: bytes, reason: SessionReason) -> None:
    path.write_bytes(content)
    assert refusal(path) is reason


def test_a_missing_file_is_named(path: Path) -> None:
    with pytest.raises(SessionError, match=r"one\.anodyne cannot be read: there is no such file") as refused:
        Session.open(path)
    assert refused.value.reason is SessionReason.NOT_FOUND


def test_somebody_elses_database_is_refused(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE meta (key, value)")
    connection.close()
    assert refusal(path) is SessionReason.FOREIGN


def test_a_file_of_a_newer_program_is_refused(path: Path) -> None:
    connection = sqlite3.connect(write(path, ()))
    connection.execute("PRAGMA user_version=99")
    connection.commit()
    connection.close()
    assert refusal(path) is SessionReason.VERSION


def test_a_session_without_its_head_is_corrupt(path: Path) -> None:
    connection = sqlite3.connect(write(path, ()))
    connection.execute("DELETE FROM meta WHERE key = 'boot_id'")
    connection.commit()
    connection.close()
    assert refusal(path) is SessionReason.CORRUPT


def test_a_session_under_way_is_read_as_far_as_it_is(path: Path) -> None:
    file = SessionFile(path, FACTS)
    file.append(ONE_OF_EACH)
    with Session.open(path) as session:
        assert not session.ended
        assert len(list(session.events())) == len(ONE_OF_EACH)
    file.append(ONE_OF_EACH)
    assert len(read(path)) == 2 * len(ONE_OF_EACH)
    file.close()


def test_a_session_that_is_read_while_it_is_recorded_is_always_whole(path: Path) -> None:
    """The log is folded into the file meanwhile, several times: a copy made across that would be damaged."""
    file = SessionFile(path, FACTS)
    one = BlockArrived(0, replace(BLOCK, values=np.ones(1000, np.float32)))
    stop = threading.Event()

    def write_on() -> None:
        while not stop.wait(0.005):
            file.append([one] * 20)  # 20 pages: after 50 of these the log is folded into the file

    thread = threading.Thread(target=write_on)
    thread.start()
    counts: list[int] = []
    try:
        while len(counts) < 40 and file.next_seq < 3000:
            with suppress(SessionError):  # folded three times while it was copied: it is locked
                counts.append(len(read(path)))
    finally:
        stop.set()
        thread.join()
        file.close()
    assert counts
    assert counts == sorted(counts)
    assert {count % 20 for count in counts} == {0}


def test_a_closed_session_is_one_file_of_its_owner_alone(path: Path) -> None:
    write(path, ONE_OF_EACH)
    assert list(path.parent.iterdir()) == [path]
    assert path.stat().st_mode & 0o777 == 0o600


def test_any_tool_can_read_it(path: Path) -> None:
    connection = sqlite3.connect(write(path, ONE_OF_EACH))
    (samples,) = connection.execute("SELECT samples FROM block WHERE sensor = 'wrist'").fetchone()
    (mine,) = connection.execute("PRAGMA application_id").fetchone()
    connection.close()
    assert np.frombuffer(samples, "<f4").tobytes() == BLOCK.values.tobytes()
    assert mine == APPLICATION_ID


@pytest.mark.parametrize("shape", [(480, 640), (2, 2, 1), (70_000,)])
def test_what_has_the_shape_of_a_picture_is_not_taken(path: Path, shape: tuple[int, ...]) -> None:
    picture = replace(BLOCK, values=np.zeros(shape, np.float32))
    file = SessionFile(path, FACTS)
    with pytest.raises(TypeError, match="no series of samples"):
        file.append([Ticked(1), BlockArrived(2, picture)])
    file.close()
    assert read(path) == []


def test_bytes_are_not_taken(path: Path) -> None:
    file = SessionFile(path, FACTS)
    with pytest.raises(TypeError, match="uint8"):
        file.append([BlockArrived(2, replace(BLOCK, values=np.zeros(100, np.uint8)))])
    file.close()


KILLED = """
import os, signal, sys
from pathlib import Path
from edge.recorder.file import SessionFile
from edge.recorder.events import Ticked
from tests.recorder.events import FACTS
file = SessionFile(Path(sys.argv[1]), FACTS)
for batch in range(20):
    file.append(Ticked(batch * 100 + one) for one in range(100))
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def killed(path: Path) -> Path:
    """A session whose writer was killed after 20 batches of 100."""
    done = subprocess.run([sys.executable, "-c", KILLED, path], check=False, env={**os.environ, "PYTHONPATH": "."})
    assert done.returncode == -signal.SIGKILL
    return path


def test_a_killed_writer_leaves_everything_that_it_had_written(killed: Path) -> None:
    with Session.open(killed) as session:
        assert not session.ended
    assert [event.at_ns for event in read(killed)] == list(range(2000))


def test_reading_what_a_killed_writer_left_changes_no_byte_of_it(killed: Path) -> None:
    before = [(killed.parent / (killed.name + suffix)).read_bytes() for suffix in ("", "-wal")]
    read(killed)
    assert [(killed.parent / (killed.name + suffix)).read_bytes() for suffix in ("", "-wal")] == before


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9])
def test_a_log_that_was_cut_short_loses_whole_batches_from_its_end(killed: Path, share: float) -> None:
    log = killed.with_name(killed.name + "-wal")
    with log.open("r+b") as file:
        file.truncate(round(log.stat().st_size * share))
    found = [event.at_ns for event in read(killed)]
    assert found == list(range(len(found)))
    assert len(found) % 100 == 0
    assert len(found) < 2000


def test_a_session_whose_log_was_not_copied_says_what_it_is(killed: Path) -> None:
    alone = killed.with_name("alone.anodyne")
    shutil.copy(killed, alone)
    with Session.open(alone) as session:
        assert (session.facts, list(session.events())) == (FACTS, [])
