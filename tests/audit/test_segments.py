"""The log stays within its limits, its chain goes on from file to file, and what is gone is accounted for."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from edge import clock as clocks
from edge import config
from edge.audit.anchor import LOOK_S
from edge.audit.chain import Anchor, Entry, Kind, as_entry
from edge.audit.log import FILE, AuditLog, read
from edge.audit.segments import Limits, closed, files
from edge.audit.verify import verify
from edge.cli import main
from edge.clock import VirtualClock
from edge.daemon import Daemon
from edge.publish.embedded import free_port
from edge.publish.payload import ControlCommand
from edge.types import Validity

LIMITS = Limits(segment_bytes=4_000, keep_bytes=1_000_000, keep_days=1_000.0)

DAY_S = 86_400.0


def written(path: Path, days: int, limits: Limits = LIMITS, clock: VirtualClock | None = None) -> AuditLog:
    """A log of so many days with five entries each, looked after each minute as the daemon does."""
    time = clock or VirtualClock()
    audit = AuditLog(path, time, limits)
    for day in range(days):
        for number in range(5):
            assert audit.note(Kind.COMMAND, f"Sister {number}", {"do": "pause_audio", "day": day})
        audit.turn()
        time.advance(DAY_S)
    return audit


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A log of several files."""
    written(tmp_path / FILE, 20)
    assert len(closed(tmp_path / FILE)) >= 4
    return tmp_path / FILE


def test_the_chain_goes_on_from_file_to_file(path: Path) -> None:
    verdict = verify(path)
    assert verdict.sound, verdict.fault
    assert verdict.segments == len(files(path))
    assert verdict.retired == ()
    entries = [one for one in read(path) if isinstance(one, Entry)]
    assert [one.n for one in entries] == list(range(1, verdict.entries + 1))
    assert sum(one.kind is Kind.COMMAND for one in entries) == 100
    assert all(one.stat().st_size < LIMITS.segment_bytes + 5 * 400 for one in files(path))
    for before, after in zip(files(path), files(path)[1:], strict=False):
        first = as_entry(after.read_bytes().splitlines(keepends=True)[0])
        assert first is not None
        assert (first.kind, first.detail["before"]) == (Kind.SEGMENT, before.name)


def test_what_is_beyond_the_room_is_retired_and_accounted_for(tmp_path: Path) -> None:
    path = tmp_path / FILE
    limits = Limits(4_000, 15_000, 1_000.0)
    written(path, 60, limits)
    assert sum(one.stat().st_size for one in files(path)) <= limits.keep_bytes + limits.segment_bytes
    verdict = verify(path)
    assert verdict.sound, verdict.fault
    gone = verdict.retired
    assert len(gone) >= 2, "what says so of the oldest ones has gone the same way since"
    assert [later.first for later in gone[1:]] == [before.last + 1 for before in gone[:-1]]
    first = next(one for one in read(path) if isinstance(one, Entry))
    assert first.n == gone[-1].last + 1


def test_what_is_too_old_is_retired_only_while_the_wall_clock_is_right(tmp_path: Path) -> None:
    limits = Limits(4_000, 1_000_000, 10.0)
    for name, clock in (("right", VirtualClock()), ("doubtful", VirtualClock(synced=False))):
        (tmp_path / name).mkdir(exist_ok=True)
        written(tmp_path / name / FILE, 30, limits, clock)
    assert verify(tmp_path / "right" / FILE).retired
    assert verify(tmp_path / "doubtful" / FILE).retired == ()
    oldest = next(one for one in read(tmp_path / "right" / FILE) if isinstance(one, Entry))
    days = (VirtualClock().instant().wall_ms + 30 * DAY_S * 1000 - oldest.wall_ms) / DAY_S / 1000
    assert days < 10 + 5, "a file is kept until its last entry is too old"


def damage_first(path: Path) -> None:
    """The oldest file is taken away by hand."""
    closed(path)[0].unlink()


def damage_middle(path: Path) -> None:
    """A file between others is taken away."""
    closed(path)[2].unlink()


def damage_last(path: Path) -> None:
    """The file that is written is taken away."""
    path.unlink()


def damage_tail(path: Path) -> None:
    """The last two entries are cut off."""
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-2]))


def damage_closed_tail(path: Path) -> None:
    """The last entry of a closed file is cut off."""
    segment = closed(path)[1]
    segment.write_bytes(b"".join(segment.read_bytes().splitlines(keepends=True)[:-1]))


def damage_order(path: Path) -> None:
    """Two files have changed their names."""
    one, other = closed(path)[1:3]
    third = path.with_name("third")
    one.rename(third)
    other.rename(one)
    third.rename(other)


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (damage_first, "are missing, and nothing says that they were retired"),
        (damage_middle, "does not follow on entry"),
        (damage_last, "its end was cut off"),
        (damage_tail, "its end was cut off"),
        (damage_closed_tail, "does not follow on entry"),
        (damage_order, "does not follow on entry"),
    ],
)
def test_what_was_taken_away_is_found(path: Path, damage: Callable[[Path], None], said: str) -> None:
    damage(path)
    assert said in verify(path).fault


@pytest.mark.parametrize("damage", [damage_last, damage_tail])
def test_a_cut_end_is_still_found_when_the_log_has_gone_on(path: Path, damage: Callable[[Path], None]) -> None:
    damage(path)
    assert AuditLog(path, VirtualClock(), LIMITS).note(Kind.COMMAND, "Ruth")
    assert "entries are lost" in verify(path).fault


def test_another_segment_that_is_said_to_be_retired_does_not_cover_a_missing_one(tmp_path: Path) -> None:
    path = tmp_path / FILE
    written(path, 60, Limits(4_000, 15_000, 1_000.0))
    assert verify(path).retired
    damage_first(path)
    assert "nothing says that they were retired" in verify(path).fault


def test_an_anchor_of_what_is_retired_neither_breaks_nor_confirms(tmp_path: Path) -> None:
    path = tmp_path / FILE
    audit = written(path, 2, Limits(4_000, 15_000, 1_000.0))
    early = audit.head()
    assert early is not None
    assert verify(path, (early,)).anchored == early.n
    written(path, 60, Limits(4_000, 15_000, 1_000.0))
    late = audit.head()
    assert late is not None
    assert verify(path, (early,)).anchored == 0
    assert verify(path, (early, late)).anchored == late.n
    assert verify(path, (Anchor(late.n, "0" * 64),)).fault


@pytest.mark.parametrize("left", [None, 0, 40])
def test_a_crash_while_a_new_file_is_begun_costs_nothing(path: Path, left: int | None) -> None:
    """The old file is closed, and of the new one there is nothing, an empty file, or half a line."""
    last = AuditLog(path, VirtualClock()).head()
    assert last is not None
    first = next(one for one in files(path)[-1].read_bytes().splitlines(keepends=True))
    start = as_entry(first)
    assert start is not None
    path.rename(path.with_name(f"audit-{start.n:010}.jsonl"))
    if left is not None:
        path.write_bytes(first[:left])
    assert AuditLog(path, VirtualClock()).head() == last
    assert AuditLog(path, VirtualClock(), LIMITS).note(Kind.COMMAND, "Ruth")
    verdict = verify(path)
    assert verdict.sound, verdict.fault
    kinds = [one.kind for one in read(path) if isinstance(one, Entry) and one.n > last.n]
    assert kinds == [*([Kind.TORN] if left else []), Kind.SEGMENT, Kind.COMMAND]


def test_a_crash_between_saying_that_a_file_goes_and_its_going_is_made_good(tmp_path: Path) -> None:
    path, limits = tmp_path / FILE, Limits(4_000, 15_000, 1_000.0)
    written(path, 16, Limits(4_000, 1_000_000, 1_000.0))
    oldest = closed(path)[0]
    kept = oldest.read_bytes()
    audit = AuditLog(path, VirtualClock(), Limits(4_000, sum(one.stat().st_size for one in files(path)) - 1, 1_000.0))
    audit.turn()
    assert not oldest.exists()
    oldest.write_bytes(kept)
    assert verify(path).sound
    AuditLog(path, VirtualClock(), limits).turn()
    verdict = verify(path)
    assert verdict.sound, verdict.fault
    said = [one.detail["file"] for one in read(path) if isinstance(one, Entry) and one.kind is Kind.SEGMENT_RETIRED]
    assert len(said) == len(set(said))
    assert not oldest.exists()


def test_a_process_that_waited_while_the_file_was_closed_writes_into_the_new_one(tmp_path: Path) -> None:
    path = tmp_path / FILE
    beside = AuditLog(path, VirtualClock())
    audit = AuditLog(path, VirtualClock(), Limits(4_000, 1_000_000, 1_000.0))
    for number in range(60):
        assert audit.note(Kind.COMMAND, "box")
        audit.turn()
        assert beside.note(Kind.RECORDING_READ, f"reader {number}")
    assert closed(path)
    verdict = verify(path)
    assert verdict.sound, verdict.fault
    assert sum(isinstance(one, Entry) and one.kind is Kind.RECORDING_READ for one in read(path)) == 60


def test_the_daemon_keeps_it_within_what_is_configured(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    time = clocks.VirtualClock()
    settings = config.Config(
        box=config.Box(site="test", bed="bed1", state_dir=tmp_path, validity=Validity.TEST),
        audit=config.Audit(segment_kb=4, keep_mb=0.1),
        fusion=config.Fusion(tick_s=10.0, max_age_s=30.0),
        mqtt=config.Mqtt(host="127.0.0.1", port=free_port()),
    )

    async def live() -> None:
        daemon = Daemon(settings, time, reports=False)
        task = asyncio.create_task(daemon.run())
        for number in range(400):
            do = "camera_off" if number % 2 else "camera_on"
            daemon.on_command(ControlCommand.model_validate({"id": f"a{number}", "do": do, "by": "R" * 60}))
            await time.sleep(LOOK_S if number % 4 == 0 else 0.0)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    clocks.run(time, live())
    size = sum(one.stat().st_size for one in files(tmp_path / FILE))
    assert size <= 110_000
    assert main(["audit", "verify", "--file", str(tmp_path / FILE)]) == 0
    said = capsys.readouterr().out
    assert "retired by age or size: entries 1 to" in said
    assert main(["audit", "verify", "--file", str(tmp_path / FILE), "--json"]) == 0
    oldest = next(one for one in read(tmp_path / FILE) if isinstance(one, Entry))
    assert json.loads(capsys.readouterr().out)["retired"][-1]["last"] == oldest.n - 1
    shutil.move(closed(tmp_path / FILE)[3], tmp_path / "elsewhere")
    assert main(["audit", "verify", "--file", str(tmp_path / FILE)]) == 1
    assert "BROKEN" in capsys.readouterr().out
