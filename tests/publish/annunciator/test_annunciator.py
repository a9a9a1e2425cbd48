"""When the bed sounds, how loudly, and that its faults stay its own."""

from __future__ import annotations

import asyncio
import json
import threading
from contextlib import suppress
from datetime import datetime, time
from pathlib import Path

import pytest

from edge import clock
from edge.clock import Instant, VirtualClock
from edge.errors import AnnunciatorError, AnnunciatorReason
from edge.publish.annunciator import annunciator as room
from edge.publish.annunciator.annunciator import Annunciator, Situation, due, is_quiet
from edge.publish.annunciator.pattern import Burst
from edge.publish.annunciator.sinks import FileSink, Sink
from edge.types import Hold, Priority

HIGH, MEDIUM, LOW = (Priority.HIGH, False), (Priority.MEDIUM, False), (Priority.LOW, False)


class BrokenSink:
    """Fails until it is mended."""

    name = "broken"

    def __init__(self) -> None:
        self.mended = False

    def play(self, burst: Burst) -> None:
        """Fail."""
        del burst
        self.test()

    def test(self) -> None:
        """Fail."""
        if not self.mended:
            raise AnnunciatorError(AnnunciatorReason.FAILED, "the wire is cut")

    def close(self) -> None:
        """Hold nothing."""


class HangingSink:
    """Never comes back by itself."""

    name = "hanging"

    def __init__(self) -> None:
        self.free = threading.Event()

    def play(self, burst: Burst) -> None:
        """Hang."""
        del burst
        self.free.wait(30)

    def test(self) -> None:
        """Pass."""

    def close(self) -> None:
        """Hold nothing."""


def live(bed: Annunciator, seconds: float, time_: VirtualClock) -> None:
    async def main() -> None:
        task = asyncio.create_task(bed.run())
        await time_.sleep(seconds)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    clock.run(time_, main())


def bursts(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.mark.parametrize(
    ("situation", "home", "sounds"),
    [
        (Situation([], silent=True), True, False),
        (Situation([HIGH], silent=False), False, False),
        (Situation([HIGH], silent=True), False, True),
        (Situation([HIGH], silent=False), True, True),
        (Situation([(Priority.MEDIUM, True)], silent=False), False, True),
    ],
    ids=["nothing to say", "the station hears", "the station is silent", "home", "nobody acknowledged"],
)
def test_the_bed_sounds_when_the_nurse_would_not_hear(situation: Situation, home: bool, sounds: bool) -> None:
    assert (due(situation, home=home, quiet=False) is not None) is sounds


def test_the_highest_priority_is_played() -> None:
    burst = due(Situation([LOW, HIGH, MEDIUM], silent=True), home=False, quiet=False)
    assert burst is not None
    assert burst.priority is Priority.HIGH


@pytest.mark.parametrize(("alarm", "soft"), [(LOW, True), (MEDIUM, True), (HIGH, False)], ids=["low", "medium", "high"])
@pytest.mark.parametrize("by_command", [True, False])
def test_quiet_softens_all_but_high(alarm: tuple[Priority, bool], soft: bool, by_command: bool) -> None:
    situation = Situation([alarm], silent=True, holds=(Hold.QUIET,) if by_command else ())
    burst = due(situation, home=False, quiet=not by_command)
    assert burst is not None
    assert (burst.soft, burst.sound) == (soft, True)


def test_audio_pause_leaves_the_light() -> None:
    burst = due(Situation([HIGH], silent=True, holds=(Hold.AUDIO_PAUSED,)), home=False, quiet=False)
    assert burst is not None
    assert not burst.sound


def _at(hour: int, *, synced: bool = True) -> Instant:
    local = datetime(2026, 1, 2, hour, 30).astimezone()  # local time is what quiet hours mean
    return Instant("0123456789ab", 0, round(local.timestamp() * 1000), synced)


@pytest.mark.parametrize(("hour", "quiet"), [(21, False), (22, True), (2, True), (5, True), (6, False), (12, False)])
def test_quiet_hours_go_over_midnight(hour: int, quiet: bool) -> None:
    assert is_quiet(_at(hour), time(22), time(6)) is quiet


def test_an_unsynchronised_clock_has_no_quiet_hours() -> None:
    assert not is_quiet(_at(2, synced=False), time(22), time(6))


def test_bursts_repeat_and_stop_with_the_alarm(tmp_path: Path) -> None:
    alarms = [MEDIUM]
    path, now = tmp_path / "bursts", VirtualClock()
    bed = Annunciator([FileSink(path)], now, lambda: Situation(alarms, silent=True))
    live(bed, 47, now)
    assert [one["priority"] for one in bursts(path)] == ["medium"] * 4
    alarms.clear()
    live(bed, 60, now)
    assert len(bursts(path)) == 4


def test_an_alarm_that_rises_is_heard_at_once(tmp_path: Path) -> None:
    alarms = [LOW]
    path, now = tmp_path / "bursts", VirtualClock()
    bed = Annunciator([FileSink(path)], now, lambda: Situation(alarms, silent=True))
    live(bed, 5, now)
    alarms[:] = [HIGH]
    live(bed, 1, now)
    assert [one["priority"] for one in bursts(path)] == ["low", "high"]


def test_a_failing_sink_is_a_fault_and_does_not_silence_the_others(tmp_path: Path) -> None:
    path, now, broken = tmp_path / "bursts", VirtualClock(), BrokenSink()
    sinks: list[Sink] = [broken, FileSink(path)]
    bed = Annunciator(sinks, now, lambda: Situation([HIGH], silent=True))
    live(bed, 15, now)
    assert bed.fault == "the wire is cut"
    assert len(bursts(path)) == 3
    broken.mended = True
    live(bed, 10, now)
    assert bed.fault == ""


def test_a_self_test_finds_a_fault_before_there_is_an_alarm() -> None:
    now = VirtualClock()
    bed = Annunciator([BrokenSink()], now, lambda: Situation([], silent=True))
    live(bed, 1, now)
    assert bed.fault == "the wire is cut"


async def test_a_hanging_sink_is_a_fault_and_holds_nobody_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "HANGS_S", 0.2)
    monkeypatch.setattr(room, "LOOK_S", 0.02)
    path, hanging = tmp_path / "bursts", HangingSink()
    sinks: list[Sink] = [hanging, FileSink(path)]
    bed = Annunciator(sinks, clock.SystemClock(), lambda: Situation([HIGH], silent=True))
    task = asyncio.create_task(bed.run())
    await asyncio.sleep(0.8)
    assert (bed.fault, len(bursts(path))) == ("hangs", 1)
    task.cancel()
    hanging.free.set()
    await asyncio.gather(task, return_exceptions=True)
    await asyncio.sleep(0.05)


def test_a_sink_that_could_not_be_made_is_a_fault_from_the_start() -> None:
    bed = Annunciator([], VirtualClock(), lambda: Situation([], silent=False), faults=["no pins here"])
    assert (bed.present, bed.fault) == (True, "no pins here")


def test_a_bed_that_is_looked_for_flashes_until_the_time_is_over(tmp_path: Path) -> None:
    path, time_ = tmp_path / "bursts", VirtualClock()
    bed = Annunciator([FileSink(path)], time_, lambda: Situation([], silent=False))
    assert bed.locate(10.0)
    live(bed, 30.0, time_)
    found = bursts(path)
    assert len(found) == 5
    assert all(one["locate"] and one["soft"] and one["sound"] for one in found)


def test_an_alarm_is_heard_over_a_bed_that_is_looked_for(tmp_path: Path) -> None:
    path, time_ = tmp_path / "bursts", VirtualClock()
    bed = Annunciator([FileSink(path)], time_, lambda: Situation([HIGH], silent=True))
    bed.locate(10.0)
    live(bed, 5.0, time_)
    assert [one["priority"] for one in bursts(path)] == ["high"]
    assert not any(one["locate"] for one in bursts(path))


def test_a_bed_without_light_and_sound_cannot_be_looked_for() -> None:
    assert not Annunciator([], VirtualClock(), lambda: Situation([], silent=False)).locate(10.0)
