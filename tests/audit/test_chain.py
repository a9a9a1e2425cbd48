"""What is changed in an audit log is found, and what a chain cannot find is found by an anchor."""

from __future__ import annotations

import fcntl
import json
import multiprocessing
import os
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.audit.chain import START, Anchor, Entry, Kind, entry
from edge.audit.log import LOCK_S, AuditLog, read
from edge.audit.verify import verify
from edge.clock import SystemClock, VirtualClock

COUNT = 12


def written(path: Path, count: int = COUNT) -> AuditLog:
    """A log with so many entries, a second apart."""
    clock = VirtualClock()
    audit = AuditLog(path, clock)
    for number in range(count):
        clock.advance(1.0)
        assert audit.note(Kind.COMMAND, f"Sister {number}", {"do": "pause_audio", "way": "station", "outcome": "done"})
    return audit


def crash(path: Path, size: int) -> None:
    """What a crash leaves behind that came before the end was noted."""
    path.write_bytes(path.read_bytes()[:size])
    path.with_suffix(".head").unlink(missing_ok=True)


def lines(path: Path) -> list[bytes]:
    """The file's lines with their ends."""
    return path.read_bytes().splitlines(keepends=True)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    written(tmp_path / "audit.jsonl")
    return tmp_path / "audit.jsonl"


def test_an_untouched_log_is_sound_and_its_end_is_told(path: Path) -> None:
    verdict = verify(path)
    last = json.loads(lines(path)[-1])
    assert verdict.sound
    assert verdict.entries == COUNT
    assert verdict.head == Anchor(COUNT, last["hash"])
    assert verdict.anchored == 0


def test_an_empty_log_is_sound_and_says_nothing(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    assert verify(tmp_path / "empty").head is None


def test_a_link_in_its_place_makes_no_file_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "audit.jsonl").symlink_to(tmp_path / "elsewhere")
    assert not AuditLog(tmp_path / "audit.jsonl", SystemClock()).note(Kind.COMMAND, "Ruth")
    assert not (tmp_path / "elsewhere").exists()


def test_it_is_readable_by_its_owner_only(path: Path) -> None:
    assert path.stat().st_mode & 0o777 == 0o600


def test_another_run_goes_on_where_the_last_one_ended(path: Path) -> None:
    written(path, 3)
    assert verify(path).entries == COUNT + 3


@given(where=st.integers(min_value=0), bit=st.integers(0, 7))
@settings(max_examples=300, deadline=None)
def test_any_flipped_bit_is_found(tmp_path_factory: pytest.TempPathFactory, where: int, bit: int) -> None:
    path = tmp_path_factory.getbasetemp() / "flipped.jsonl"
    path.unlink(missing_ok=True)
    written(path)
    data = bytearray(path.read_bytes())
    data[where % len(data)] ^= 1 << bit
    path.write_bytes(data)
    assert not verify(path).sound


@pytest.mark.parametrize("number", range(COUNT - 1))
def test_any_removed_entry_but_the_last_is_found(path: Path, number: int) -> None:
    kept = lines(path)
    path.write_bytes(b"".join(kept[:number] + kept[number + 1 :]))
    expected = f"entry {number + 2} does not follow" if number else "the entries before 2 are missing"
    assert expected in verify(path).fault


@pytest.mark.parametrize("number", range(COUNT - 1))
def test_two_entries_in_another_order_are_found(path: Path, number: int) -> None:
    kept = lines(path)
    kept[number], kept[number + 1] = kept[number + 1], kept[number]
    path.write_bytes(b"".join(kept))
    assert not verify(path).sound


def test_a_changed_name_with_a_hash_to_match_breaks_the_next_entry(path: Path) -> None:
    kept = lines(path)
    old = Entry.model_validate_json(kept[4])
    at = VirtualClock(start_wall_ms=old.wall_ms - old.mono_ms)
    at.advance(old.mono_ms / 1000)
    forged = entry(old.n, old.prev, at.instant(), old.kind, "Nobody", old.detail)
    path.write_bytes(b"".join([*kept[:4], forged.line(), *kept[5:]]))
    assert "entry 6 does not follow" in verify(path).fault


def test_a_repeated_entry_is_found(path: Path) -> None:
    path.write_bytes(path.read_bytes() + lines(path)[-1])
    assert not verify(path).sound


def test_the_same_said_in_another_way_is_found(path: Path) -> None:
    kept = lines(path)
    kept[3] = json.dumps(json.loads(kept[3])).encode() + b"\n"
    path.write_bytes(b"".join(kept))
    assert not verify(path).sound


def test_a_cut_end_is_not_seen_by_the_chain_alone_and_is_by_the_note_beside_it_and_by_an_anchor(path: Path) -> None:
    anchor = verify(path).head
    assert anchor is not None
    path.write_bytes(b"".join(lines(path)[:-2]))
    assert verify(path).fault == f"entry {COUNT} was written, but the file ends at {COUNT - 2}: its end was cut off"
    path.with_suffix(".head").unlink()
    assert verify(path).sound
    verdict = verify(path, (anchor,))
    assert "its end was cut off" in verdict.fault
    assert verdict.anchored == 0


def test_a_chain_computed_anew_is_not_seen_by_itself_and_is_by_an_anchor(path: Path) -> None:
    anchor = verify(path).head
    assert anchor is not None
    clock, prev, made = VirtualClock(), START, b""
    for number in range(1, COUNT + 1):
        one = entry(number, prev, clock.instant(), Kind.COMMAND, "Nobody", {})
        prev, made = one.hash, made + one.line()
    path.write_bytes(made)
    assert "forged" in verify(path).fault
    path.with_suffix(".head").unlink()
    assert verify(path).sound
    assert "computed anew" in verify(path, (anchor,)).fault


def test_an_anchor_confirms_all_before_it(path: Path) -> None:
    anchor = verify(path).head
    assert anchor is not None
    written(path, 2)
    verdict = verify(path, (anchor,))
    assert verdict.sound
    assert verdict.anchored == COUNT


@pytest.mark.parametrize("cut", [1, 40, 200])
def test_a_line_that_a_crash_cut_short_is_told_by_the_next_one(path: Path, cut: int) -> None:
    crash(path, -cut)
    written(path, 1)
    verdict = verify(path)
    assert verdict.sound, verdict.fault
    kinds = [one.kind for one in read(path) if isinstance(one, Entry)]
    told = [Kind.TORN] if cut > 1 else []  # of a line whose end alone is missing nothing is lost
    assert kinds[-1 - len(told) :] == [*told, Kind.COMMAND]


@pytest.mark.parametrize("second", [1, 2, 30, 150])
def test_a_second_crash_while_the_first_one_is_told_is_no_forgery(path: Path, second: int) -> None:
    crash(path, -40)
    before = path.stat().st_size
    written(path, 1)
    crash(path, before + 1 + second)
    written(path, 1)
    verdict = verify(path)
    assert verdict.sound, verdict.fault
    assert verdict.entries == COUNT - 1 + 2


def test_a_spoilt_last_line_does_not_become_a_crash_by_a_later_one(path: Path) -> None:
    kept = lines(path)
    path.write_bytes(b"".join([*kept[:-1], b"spoilt\n"]))
    written(path, 1)
    assert "no entry" in verify(path).fault


def test_a_name_that_is_no_text_is_kept_as_far_as_it_is_one(path: Path) -> None:
    audit = AuditLog(path, SystemClock())
    assert audit.note(Kind.COMMAND, "S\udcff", {"do": "\ud800"})
    assert audit.note(Kind.COMMAND, "Ruth")
    assert verify(path).sound
    assert [one.by for one in read(path) if isinstance(one, Entry)][-2:] == ["S?", "Ruth"]


def test_a_lock_that_nobody_lets_go_of_is_waited_for_once(path: Path) -> None:
    audit = AuditLog(path, SystemClock())
    with path.open("rb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        begun = time.monotonic()
        assert not any(audit.note(Kind.COMMAND, "Ruth") for _ in range(10))
        assert time.monotonic() - begun < 2 * LOCK_S
    assert audit.flush()
    assert verify(path).entries == COUNT + 10


def test_a_line_that_was_spoilt_is_no_crash(path: Path) -> None:
    kept = lines(path)
    path.write_bytes(b"".join([*kept[:5], b"spoilt\n", *kept[5:]]))
    assert "no entry" in verify(path).fault


def test_what_the_disk_does_not_take_waits_and_is_written_later_with_its_own_time(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    clock = VirtualClock()
    audit = AuditLog(tmp_path / "not yet" / "audit.jsonl", clock)
    for _ in range(3):
        clock.advance(10.0)
        assert not audit.note(Kind.COMMAND, "Ruth")
    assert [record.levelname for record in caplog.records] == ["CRITICAL"]
    (tmp_path / "not yet").mkdir()
    clock.advance(10.0)
    assert audit.flush()
    found = [one for one in read(audit.path) if isinstance(one, Entry)]
    assert [one.mono_ms for one in found] == [10_000, 20_000, 30_000]
    assert verify(audit.path).sound


def _append(path: Path, count: int) -> None:
    audit = AuditLog(path, SystemClock())
    for _ in range(count):
        audit.note(Kind.RECORDING_READ, f"process {os.getpid()}")
    while not audit.flush():
        pass


def test_several_processes_may_append_at_once(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_append, args=(path, 40)) for _ in range(3)]
    for one in writers:
        one.start()
    for one in writers:
        one.join(60)
    verdict = verify(path)
    assert verdict.sound, verdict.fault
    assert verdict.entries == 120
