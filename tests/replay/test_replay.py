"""What was recorded gives the same results once more, in every bit; and what differs is found."""

from __future__ import annotations

import asyncio
import json
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from edge import clock, config
from edge.cli import main
from edge.daemon import Daemon
from edge.demo.nurse import Nurse
from edge.demo.setup import DELAYS, FACE_CLIP
from edge.errors import SessionError
from edge.publish.embedded import EmbeddedBroker, free_port
from edge.publish.payload import Acknowledge
from edge.recorder.session import Session, chain
from edge.sensors.replay import ReplayedBand, ReplayedFace
from edge.sensors.simulated.scene import DEMO_SCENE, Scene
from edge.sensors.wristband.e4 import E4Recording
from edge.types import Condition, Presence
from tests.replay.box import BAND, CAMERA, count, record, replay, settings
from tests.replay.troubled import write_troubled


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The whole built-in scene, with a nurse who acknowledges through a real broker."""
    folder = tmp_path_factory.mktemp("demo")

    async def nurse(daemon: Daemon, time: clock.Clock) -> None:
        del daemon
        one = Nurse(box.mqtt, time, lambda _: None, lambda _: None)
        listening.append(asyncio.create_task(one.run()))
        await one.ready()

    listening: list[asyncio.Task[None]] = []
    with EmbeddedBroker() as broker:
        box = settings(folder, CAMERA, BAND, port=broker.port)
        return record(box, Scene.load(DEMO_SCENE).duration_s - 0.5, nurse)


@pytest.mark.models
def test_the_demonstration_replays_bit_for_bit(demo: Path) -> None:
    outcome = replay(demo)
    assert outcome.first is None
    assert (outcome.assessments, outcome.notes, outcome.damage) == (count(demo, "tick"), [], "")
    assert outcome.recorded == outcome.replayed


def test_the_demonstration_holds_what_a_ward_sees(demo: Path) -> None:
    """Otherwise the comparison would prove little."""
    told = {(alert.condition, alert.presence) for alert in replay(demo).replayed}
    seen = {Condition.PAIN, Condition.CANNOT_ASSESS, Condition.FACE_LOST, Condition.BAND_LOST}
    assert {condition for condition, _ in told} == seen
    assert (Condition.PAIN, Presence.ACKNOWLEDGED) in told
    assert count(demo, "acknowledgement") == 2


def test_the_pace_does_not_matter(demo: Path) -> None:
    outcome = replay(demo, speed=200.0)
    assert (outcome.first, outcome.assessments) == (None, count(demo, "tick"))


def test_other_delays_show_what_would_have_changed(demo: Path, tmp_path: Path) -> None:
    outcome = replay(demo, settings(tmp_path, alarm=DELAYS.model_copy(update={"pain_delay_s": 1.0})))
    assert outcome.first is not None
    assert (outcome.first.what, outcome.first.recorded) == ("alert pain on", "none")
    # Whoever acknowledged the recorded alarm acknowledges the earlier one: its number is another.
    assert Presence.ACKNOWLEDGED in {alert.presence for alert in outcome.replayed if alert.condition == Condition.PAIN}


def test_one_changed_bit_of_one_sample_is_found(demo: Path, tmp_path: Path) -> None:
    changed = tmp_path / "changed.anodyne"
    shutil.copy(demo, changed)
    connection = sqlite3.connect(changed)
    found = "SELECT seq, samples FROM block WHERE channel = 'gsr_us' AND at_ns > 30e9 LIMIT 1"
    seq, samples = connection.execute(found).fetchone()
    values = np.frombuffer(samples, "<f4").copy()
    values[0] = np.nextafter(values[0], np.float32(9))
    connection.execute("UPDATE block SET samples = ? WHERE seq = ?", (values.tobytes(), seq))
    connection.commit()
    connection.close()
    first = replay(changed).first
    assert first is not None
    assert first.what == "estimate gsr"
    assert 30.0 <= first.at_s < 45.0


def test_the_command_says_identical_and_ends_with_0(demo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", str(demo)]) == 0
    assert capsys.readouterr().out.startswith(f"identical: {count(demo, 'tick')} assessments, ")


def test_the_command_names_the_first_difference_and_ends_with_1(
    demo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "box.toml").write_text("[alarm]\npain_delay_s = 1.0\n")
    assert main(["replay", str(demo), "--config", str(tmp_path / "box.toml")]) == 1
    told = capsys.readouterr().out
    assert "first at" in told
    assert "+" in {line[0] for line in told.splitlines()}


def test_the_command_prints_figures(demo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["replay", str(demo), "--json"])
    told = json.loads(capsys.readouterr().out)
    assert (told["identical"], told["differing"], told["damage"]) == (True, 0, "")


@pytest.mark.parametrize("speed", ["0", "fast", "-1", "nan"])
def test_a_speed_that_is_none_is_refused(speed: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["replay", "x.anodyne", "--speed", speed])
    assert "--speed" in capsys.readouterr().err


def test_a_file_that_is_no_session_ends_with_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "x.anodyne").write_text("nothing")
    assert main(["replay", str(tmp_path / "x.anodyne")]) == 2
    assert "no session of Anodyne" in capsys.readouterr().err


def test_lost_late_duplicate_and_broken_blocks_replay_bit_for_bit(tmp_path: Path) -> None:
    band = ReplayedBand(driver="replay", name="wrist", session=write_troubled(tmp_path / "troubled.anodyne"))
    session = record(settings(tmp_path, band), 60.0)
    assert count(session, "block") == count(tmp_path / "troubled.anodyne", "block")
    outcome = replay(session)
    assert (outcome.first, outcome.notes) == (None, [])
    assert outcome.estimates > 60


def test_a_recorded_patient_played_into_another_box_is_assessed_and_recorded_again(demo: Path, tmp_path: Path) -> None:
    face = ReplayedFace(driver="replay_face", name="camera", session=demo)
    band = ReplayedBand(driver="replay", name="band", session=demo)
    outcome = replay(record(settings(tmp_path, face, band), 60.0))
    assert (outcome.first, outcome.notes) == (None, [])
    assert [(alert.condition, alert.mode) for alert in outcome.replayed] == [(Condition.PAIN, "face+ppg+gsr")]


@pytest.fixture
def parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """A session of 90 seconds in several files."""
    monkeypatch.setattr("edge.recorder.recorder.PARTS", 100)  # of 10 MB
    monkeypatch.setattr("edge.recorder.recorder.HASTE", 100)  # virtual seconds pass faster than the thread's
    last = record(
        settings(tmp_path, BAND).model_copy(
            update={"recorder": config.Recorder(folder=tmp_path / "sessions", max_mb=10)}
        ),
        90.0,
    )
    return chain(last)


def test_a_session_in_parts_is_replayed_from_its_first(parts: list[Path]) -> None:
    assert len(parts) > 1
    outcome = replay(parts[-1])
    assert (outcome.first, outcome.notes) == (None, [])
    assert outcome.assessments == sum(count(path, "tick") for path in parts)


def test_a_part_alone_is_replayed_with_a_warning(parts: list[Path]) -> None:
    parts[0].unlink()
    [note] = replay(parts[1]).notes
    assert "the parts before this file are missing" in note


def test_alarms_that_an_earlier_run_left_behind_are_taken_up(tmp_path: Path) -> None:
    async def acknowledge(daemon: Daemon, time: clock.Clock) -> None:
        await time.sleep(7.0)
        daemon.on_command(
            Acknowledge(id="a", do="acknowledge", condition=Condition.CANNOT_ASSESS, by="nurse"),
        )

    alarm = DELAYS.model_copy(update={"acknowledge_timeout_s": 12.0})
    box = settings(tmp_path, alarm=alarm)
    record(box, 10.0, acknowledge)
    second = record(box, 30.0)
    with Session.open(second) as session:
        assert "cannot_assess" in session.facts.alarms
    outcome = replay(second)
    assert outcome.first is None
    assert [alert.presence for alert in outcome.replayed] == [Presence.ON]


def test_an_acknowledgement_that_named_nothing_is_replayed_as_such(tmp_path: Path) -> None:
    async def acknowledge(daemon: Daemon, time: clock.Clock) -> None:
        await time.sleep(2.0)
        with pytest.raises(Exception, match="no active alarm"):
            daemon.on_command(Acknowledge(id="a", do="acknowledge", episode=4711, by="nurse"))

    session = record(settings(tmp_path), 8.0, acknowledge)
    assert replay(session).first is None
    assert count(session, "acknowledgement") == 1


@pytest.mark.models
def test_a_real_wristband_recording_replays_bit_for_bit(tmp_path: Path, shared: Path) -> None:
    subject = shared / "data/stress-predict/Raw_data/S02"
    band = E4Recording(driver="e4_recording", name="e4", folder=subject, start_s=300.0)
    outcome = replay(record(settings(tmp_path, band), 120.0))
    assert (outcome.first, outcome.notes) == (None, [])
    assert outcome.estimates > 200


CONFIG = """
[box]
site = "test"
bed = "bed1"
state_dir = "{folder}"
validity = "test"

[[sensor]]
name = "camera"
driver = "video_file"
path = "{clip}"
repeat = true

[[sensor]]
name = "band"
driver = "simulated_band"

[alarm]
blind_delay_s = 0.0
pain_on_score = 1.0
pain_off_score = 0.5
pain_delay_s = 1.0
sensor_delay_s = 0.0

[recorder]
folder = "{folder}/sessions"

[mqtt]
host = "127.0.0.1"
port = {port}
"""


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The session of a real box on the real clock that was killed ten seconds after it began."""
    folder = tmp_path_factory.mktemp("killed")
    (folder / "box.toml").write_text(CONFIG.format(folder=folder, clip=FACE_CLIP, port=free_port()))
    command = [sys.executable, "-m", "edge.cli", "run", "--config", str(folder / "box.toml")]
    box = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    deadline_s = time.monotonic() + 60.0
    while not (begun := list((folder / "sessions").glob("*.anodyne"))) and time.monotonic() < deadline_s:
        time.sleep(0.1)
    with pytest.raises(subprocess.TimeoutExpired):
        box.wait(10.0)
    box.send_signal(signal.SIGKILL)
    box.wait()
    [session] = begun
    (folder / "killed at").write_text(str(time.monotonic_ns()))
    return session


def test_a_killed_box_on_the_real_clock_replays_bit_for_bit(killed: Path) -> None:
    outcome = replay(killed)
    assert outcome.first is None
    assert outcome.assessments > 15  # about 45 where the machine is idle
    assert outcome.recorded
    assert ["has no end" in note for note in outcome.notes] == [True]


def test_a_killed_box_loses_no_more_than_its_last_second(killed: Path) -> None:
    with Session.open(killed) as session:
        _, end_ns = session.span_ns()
    killed_ns = int((killed.parents[1] / "killed at").read_text())
    assert (killed_ns - end_ns) / 1e9 < 4.0  # 1 to 2 where the machine is idle: a second, a tick, the kill


def test_a_log_cut_by_a_power_failure_replays_as_far_as_it_goes(killed: Path, tmp_path: Path) -> None:
    for suffix in ("", "-wal"):
        shutil.copy(killed.with_name(killed.name + suffix), tmp_path / f"cut.anodyne{suffix}")
    with (tmp_path / "cut.anodyne-wal").open("r+b") as log:
        log.truncate(killed.with_name(killed.name + "-wal").stat().st_size * 2 // 3)
    outcome = replay(tmp_path / "cut.anodyne")
    assert outcome.first is None
    assert 10 < outcome.assessments < replay(killed).assessments


def test_a_damaged_session_is_replayed_up_to_the_damage(demo: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut.anodyne"
    cut.write_bytes(demo.read_bytes()[: demo.stat().st_size * 2 // 3])
    outcome = replay(cut)
    assert outcome.first is None
    assert "the file is damaged" in outcome.damage
    assert 100 < outcome.assessments < count(demo, "tick")


def complaint(session: Path) -> str:
    """What is said of a session that cannot be replayed, or not to its end."""
    try:
        return replay(session).damage
    except SessionError as error:
        return error.message


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE block SET sensor = 'nobody'",
        "UPDATE meta SET value = '[fusion' WHERE key = 'settings'",
        "UPDATE meta SET value = '{\"pain\": 1}' WHERE key = 'alarms'",
        "UPDATE meta SET value = '{\"pain\": \"1\"}' WHERE key = 'alarms'",
        "UPDATE acknowledgement SET target = 'everything'",
    ],
)
def test_a_session_that_makes_no_sense_is_refused(demo: Path, tmp_path: Path, change: str) -> None:
    path = tmp_path / "odd.anodyne"
    shutil.copy(demo, path)
    connection = sqlite3.connect(path)
    connection.execute(change)
    connection.commit()
    connection.close()
    assert "damaged" in complaint(path)


def test_another_bundle_is_named(demo: Path, tmp_path: Path) -> None:
    path = tmp_path / "other.anodyne"
    shutil.copy(demo, path)
    connection = sqlite3.connect(path)
    connection.execute("UPDATE meta SET value = '0.0.9 ff' WHERE key = 'bundle'")
    connection.commit()
    connection.close()
    [note] = replay(path).notes
    assert "recorded with model bundle 0.0.9" in note
