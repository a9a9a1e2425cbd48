"""What the whole daemon makes of its own troubles and of what people ask of it, on a virtual clock without a broker."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from edge import clock, config
from edge.clock import VirtualClock
from edge.daemon import STORE_FILE, Daemon
from edge.demo.setup import DELAYS
from edge.errors import CommandError, CommandReason
from edge.health.box import BoxWatch, Machine, hottest_c
from edge.publish.commands import Done
from edge.publish.embedded import free_port
from edge.publish.payload import BurdenCommand, ControlCommand, ReportCommand
from edge.store import Store
from edge.types import Alert, Assessment, BoxFacts, Condition, Hold, Modality, Validity
from tests.daemon.test_daemon import BAND, CAMERA

Meanwhile = Callable[[Daemon], None]


class Box:
    """A daemon without a broker, and all that it said."""

    def __init__(self, folder: Path, *, camera: bool = False, synced: bool = True, **annunciator: object) -> None:
        self.clock = VirtualClock(synced=synced)
        self.alerts: list[Alert] = []
        self.assessments: list[Assessment] = []
        self.settings = config.Config(
            box=config.Box(site="test", bed="bed1", state_dir=folder, validity=Validity.TEST),
            sensor=(CAMERA, BAND) if camera else (BAND,),
            fusion=config.Fusion(tick_s=0.5),
            alarm=DELAYS,
            annunciator=config.Annunciator.model_validate(annunciator),
            mqtt=config.Mqtt(host="127.0.0.1", port=free_port()),
        )

    def live(self, seconds: float, *meanwhile: tuple[float, Meanwhile]) -> None:
        """Run for so long, and call each of these at its moment."""
        daemon = Daemon(self.settings, self.clock, on_alert=self.alerts.append, on_assessment=self.assessments.append)

        async def main() -> None:
            task = asyncio.create_task(daemon.run())
            began_ns = self.clock.now_ns()
            for at_s, call in meanwhile:
                await self.clock.sleep_until(began_ns + round(at_s * 1e9))
                call(daemon)
            await self.clock.sleep_until(began_ns + round(seconds * 1e9))
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

        clock.run(self.clock, main())

    def raised(self) -> set[Condition]:
        """Conditions that were told of."""
        return {alert.condition for alert in self.alerts if alert.presence == "on"}


def control(do: str, seconds: int | None = None) -> Meanwhile:
    command = ControlCommand.model_validate({"id": "a", "do": do, "seconds": seconds, "by": "nurse"})
    return lambda daemon: answer(daemon.on_command(command))


def answer(outcome: object) -> None:
    assert isinstance(outcome, Done)


def test_without_a_broker_the_station_is_silent_and_the_bed_sounds(tmp_path: Path) -> None:
    bursts = tmp_path / "bursts"
    box = Box(tmp_path, file=bursts)
    box.live(100)
    assert Condition.STATION_SILENT in box.raised()
    assert "medium" in {json.loads(line)["priority"] for line in bursts.read_text().splitlines()}


def test_a_home_box_misses_no_station_and_sounds_all_the_same(tmp_path: Path) -> None:
    bursts = tmp_path / "bursts"
    box = Box(tmp_path, home=True, file=bursts)
    box.settings = box.settings.model_copy(update={"sensor": ()})
    box.live(100)
    assert box.raised() == {Condition.CANNOT_ASSESS}
    assert len(bursts.read_text().splitlines()) >= 5


def test_an_output_that_fails_is_an_alarm_and_nothing_waits_for_it(tmp_path: Path) -> None:
    box = Box(tmp_path, file=tmp_path / "no" / "folder")
    box.live(20)
    assert Condition.ANNUNCIATOR_FAILING in box.raised()
    assert len(box.assessments) == pytest.approx(40, abs=2)


def test_an_unsynchronised_clock_alarms_after_its_delay(tmp_path: Path) -> None:
    box = Box(tmp_path, synced=False)
    box.settings = box.settings.model_copy(update={"alarm": DELAYS.model_copy(update={"clock_delay_s": 30.0})})
    box.live(60)
    assert Condition.CLOCK_UNSYNCED in box.raised()


def test_a_camera_switched_off_gives_no_evidence_and_stays_off_after_a_restart(tmp_path: Path) -> None:
    box = Box(tmp_path, camera=True)
    box.live(40, (15, control("camera_off")))
    assert any(Modality.FACE in one.mode for one in box.assessments)
    assert box.assessments[-1].missing[Modality.FACE] == "camera_off"
    assert Condition.CAMERA_OFF in box.raised()
    assert Condition.FACE_LOST not in box.raised()
    box.assessments.clear()
    box.live(20)
    assert not any(Modality.FACE in one.mode for one in box.assessments)
    box.live(30, (5, control("camera_on")))
    assert Modality.FACE in box.assessments[-1].mode


def test_what_is_asked_is_kept_and_the_same_twice(tmp_path: Path) -> None:
    box = Box(tmp_path)
    box.live(20, (5, control("care_on", 600)), (6, control("care_on", 600)), (7, control("pause_audio")))
    seen: list[tuple[Hold, ...]] = []
    box.live(5, (1, lambda daemon: seen.append(daemon._alarms.standing.holds())))  # no way around
    assert seen == [(Hold.CARE, Hold.AUDIO_PAUSED)]


def test_reports_are_kept_beside_the_assessment_and_move_the_threshold_within_bounds(tmp_path: Path) -> None:
    box, said = Box(tmp_path), list[str]()

    def report(value: int) -> Meanwhile:
        command = ReportCommand.model_validate(
            {"id": "a", "do": "report", "scale": "nrs", "value": value, "by": "patient"}
        )

        def call(daemon: Daemon) -> None:
            done = daemon.on_command(command)
            assert isinstance(done, Done)
            said.append(done.detail)

        return call

    box.live(60, *[(40.0 + second, report(8)) for second in range(6)])
    calm = [one for one in said if "from" in one]
    assert len(calm) == 6
    with Store.open(tmp_path / STORE_FILE).reading() as cursor:
        rows = [json.loads(text) for (text,) in cursor.execute("SELECT state FROM report ORDER BY position")]
    assert [row["value"] for row in rows] == [8] * 6
    assert all(row["score"] is not None and row["mode"] != "blind" for row in rows)
    assert min(row["offset"] for row in rows) >= -1.0


def test_the_burden_can_be_asked_for(tmp_path: Path) -> None:
    box = Box(tmp_path)
    box.live(30, (20, lambda daemon: answer(daemon.on_command(BurdenCommand(id="a", do="burden", by="nurse")))))
    store = Store.open(tmp_path / STORE_FILE)
    with store.reading() as cursor:
        leaves = {leaf for (leaf,) in cursor.execute("SELECT leaf FROM outbox")}
    store.close()
    assert any(str(leaf).startswith("burden/2026-01-0") for leaf in leaves)


def test_a_report_that_cannot_be_kept_is_refused(tmp_path: Path) -> None:
    box = Box(tmp_path)
    command = ReportCommand(id="a", do="report", scale="painad", value=5, by="nurse")

    def fill(daemon: Daemon) -> None:
        with daemon._store.reading() as cursor:  # the disk is made to fail
            cursor.execute("PRAGMA query_only=ON")
        with pytest.raises(CommandError) as refused:
            daemon.on_command(command)
        assert refused.value.reason is CommandReason.NOT_APPLICABLE
        with daemon._store.reading() as cursor:
            cursor.execute("PRAGMA query_only=OFF")

    box.live(10, (5, fill))


def test_the_hottest_zone_counts_and_a_sleeping_sensor_does_not(tmp_path: Path) -> None:
    for number, text in enumerate(("41000", "83500", "n/a")):
        zone = tmp_path / f"thermal_zone{number}"
        zone.mkdir()
        (zone / "temp").write_text(text + "\n")
    assert hottest_c(tmp_path) == 83.5
    assert hottest_c(tmp_path / "none") is None


def test_nothing_is_known_of_the_box_before_it_has_been_looked_at(tmp_path: Path) -> None:
    watch = BoxWatch(VirtualClock(), lambda: True, lambda: "broken", Machine.below(tmp_path))
    assert watch.facts() == BoxFacts()
