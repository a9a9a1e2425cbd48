"""What people asked of the alarms is part of a session: it replays with it, also from before a restart."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge import clock
from edge.daemon import Daemon
from edge.publish.payload import ControlCommand, ReportCommand
from edge.types import Condition
from tests.replay.box import BAND, CAMERA, record, replay, settings


def ask(daemon: Daemon, do: str, seconds: int | None = None) -> None:
    daemon.on_command(ControlCommand.model_validate({"id": "a", "do": do, "seconds": seconds, "by": "nurse"}))


async def _morning(daemon: Daemon, time: clock.Clock) -> None:
    await time.sleep(20.0)
    ask(daemon, "care_on", 60)
    daemon.on_command(ReportCommand(id="a", do="report", scale="nrs", value=9, by="patient"))
    await time.sleep(5.0)
    ask(daemon, "pause_alarms", 20)
    ask(daemon, "camera_off")
    await time.sleep(20.0)
    ask(daemon, "camera_on")
    ask(daemon, "resume")


async def _before(daemon: Daemon, time: clock.Clock) -> None:
    await time.sleep(8.0)
    ask(daemon, "camera_off")


@pytest.mark.models
def test_holds_and_reports_replay_bit_for_bit(tmp_path: Path) -> None:
    outcome = replay(record(settings(tmp_path, CAMERA, BAND), 60.0, _morning))
    assert (outcome.first, outcome.damage) == (None, "")
    assert outcome.recorded == outcome.replayed
    assert Condition.CAMERA_OFF in {alert.condition for alert in outcome.replayed}


def test_holds_of_before_a_restart_are_taken_up(tmp_path: Path) -> None:
    box = settings(tmp_path, CAMERA, BAND)
    record(box, 10.0, _before)
    outcome = replay(record(box, 20.0))
    assert (outcome.first, outcome.damage) == (None, "")


def test_alarms_of_the_box_itself_are_left_out(tmp_path: Path) -> None:
    """No broker is there: the session has `station_silent`, whose cause is not recorded."""
    box = settings(tmp_path, BAND)
    box = box.model_copy(update={"alarm": box.alarm.model_copy(update={"station_delay_s": 10.0})})
    outcome = replay(record(box, 40.0))
    assert outcome.first is None
    assert Condition.STATION_SILENT not in {alert.condition for alert in outcome.recorded}
