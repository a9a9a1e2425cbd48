"""Safe mode of the true daemon process: a stage that fails at every start, and what the nurse gets to know of it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from edge.clock import SystemClock
from edge.config import Mqtt
from edge.health.starts import Starts
from edge.launch import KEPT_FILE
from edge.publish.payload import Acknowledge, HealthMessage, ReplyMessage, StateMessage
from edge.publish.topics import Topics
from edge.stages import Stage
from edge.types import Absence, Condition, Modality, Presence, Verdict
from tests.peers.broker import Mosquitto, Station, mosquitto, station, until

__all__ = ["mosquitto"]

KILLS = "import os\nos.abort()\n"
"""A camera library that takes the whole process with it when it is loaded."""

BOX = """
[box]
site = "ward"
bed = "bed"
state_dir = "state"
validity = "test"
safe_mode_s = {again}
{more}
[alarm]
blind_delay_s = 0.5

[mqtt]
host = "127.0.0.1"
port = {port}

[annunciator]
file = "bursts.jsonl"
"""

CAMERA = '\n[[sensor]]\ndriver = "picamera2"\nname = "cam"\n'


class Box:
    """A box on disk that is started as the service manager starts it.

    Args:
        folder: for everything.
        mqtt: its broker.
        again_s: `safe_mode_s`.
    """

    def __init__(self, folder: Path, mqtt: Mqtt, again_s: float = 600.0) -> None:
        """Nothing runs yet."""
        self.folder = folder
        self._mqtt = mqtt
        self._again_s = again_s
        self._begun_ms = 0
        self.state = folder / "state"
        self.state.mkdir()
        (folder / "lib").mkdir()
        self.configure(CAMERA)

    def configure(self, sensors: str = "", more: str = "") -> None:
        """Write the configuration."""
        text = BOX.format(port=self._mqtt.port, again=self._again_s, more=more)
        (self.folder / "box.toml").write_text(text + sensors)

    def break_library(self) -> None:
        """From now on loading the camera's library kills the process."""
        (self.folder / "lib" / "libcamera.py").write_text(KILLS)

    def start(self, *, managed: bool = True) -> subprocess.Popen[str]:
        """One start; `managed`: by a service manager."""
        environment = {
            **self._environment(),
            "STATE_DIRECTORY": str(self.state),
            "NOTIFY_SOCKET": str(self.folder / "manager"),  # nobody listens there: what matters is that it is named
        }
        if not managed:
            del environment["NOTIFY_SOCKET"]
        return subprocess.Popen(
            [sys.executable, "-m", "edge.cli", "run", "--config", str(self.folder / "box.toml")],
            env=environment,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, command: str) -> subprocess.CompletedProcess[str]:
        """A command beside the daemon."""
        words = [sys.executable, "-m", "edge.cli", command, "--config", str(self.folder / "box.toml")]
        return subprocess.run(words, env=self._environment(), capture_output=True, text=True, check=False, timeout=60)

    def _environment(self) -> dict[str, str]:
        root = Path(__file__).parents[1]
        return {**os.environ, "PYTHONPATH": f"{root}:{self.folder / 'lib'}"}

    def fail(self, times: int = 3) -> list[int]:
        """Start until it has ended by itself so often; the exit codes."""
        codes = []
        for _ in range(times):
            with self.start() as process:
                codes.append(process.wait(60))
        return codes

    def reasons(self, heard: Station) -> list[str] | None:
        """Reasons of the newest state that a station has heard of this start; None before there is one."""
        states = [one for one in heard.messages("state") if isinstance(one, StateMessage)]
        mine = [one.reasons for one in states if one.wall_ms >= self._begun_ms]
        return mine[-1] if mine else None

    def has_failed(self, stage: Stage) -> None:
        """Note three bad starts, the last at this stage, as the true ones would have."""
        for _ in range(3):
            starts = Starts.open([self.state], SystemClock())
            starts.begin()
            starts.reached(stage)
            starts.close()

    @contextmanager
    def running(self, *, managed: bool = True) -> Iterator[subprocess.Popen[str]]:
        """A start that goes on; ended as the service manager does."""
        self._begun_ms = time.time_ns() // 1_000_000
        with self.start(managed=managed) as process:
            try:
                yield process
            finally:
                process.send_signal(signal.SIGTERM)
                process.communicate(timeout=30)


@pytest.fixture
def box(tmp_path: Path, mosquitto: Mosquitto) -> Box:
    """A box whose one sensor is a camera of a Raspberry Pi."""
    return Box(tmp_path, mosquitto.mqtt())


async def test_a_box_whose_camera_library_kills_it_says_that_it_cannot_assess_and_why(
    box: Box, mosquitto: Mosquitto
) -> None:
    box.break_library()
    assert box.fail() == [-signal.SIGABRT] * 3
    async with station(mosquitto.mqtt(), Topics("ward", "bed")) as ward:
        with box.running() as process:
            await until(lambda: ward.alerts(), 90)
            assert box.reasons(ward) == ["safe_mode", "at_opening"]
            state = ward.messages("state")[-1]
            assert isinstance(state, StateMessage)
            assert state.verdict is Verdict.CANNOT_ASSESS
            assert state.missing == {Modality.FACE: Absence.SAFE_MODE}
            alert = ward.alerts()[-1]
            health = ward.messages("health")[-1]
            assert isinstance(health, HealthMessage)
            assert health.safe_mode is not None
            assert "3 starts failed, the last while opening the sensors" in health.safe_mode
            assert (alert.condition, alert.presence) == (Condition.CANNOT_ASSESS, Presence.ON)
            assert alert.reasons[:2] == ["safe_mode", "at_opening"]
            ward.subscriber.send(
                "ward", "bed", Acknowledge(id="a1", do="acknowledge", condition=Condition.CANNOT_ASSESS, by="nurse")
            )
            await until(lambda: ward.messages("reply"), 10)
            reply = ward.messages("reply")[-1]
            assert isinstance(reply, ReplyMessage)
            assert reply.ok
            assert process.poll() is None


def test_the_doctor_has_told_of_failed_starts_before_the_library_kills_it_too(box: Box) -> None:
    box.break_library()
    box.has_failed(Stage.OPENING)
    told = box.run("doctor")
    assert told.returncode == -signal.SIGABRT
    assert "3 starts failed, the last while opening the sensors" in told.stdout


async def test_after_the_declared_time_the_whole_box_is_tried_again(tmp_path: Path, mosquitto: Mosquitto) -> None:
    box = Box(tmp_path, mosquitto.mqtt(), again_s=5.0)
    box.break_library()
    box.has_failed(Stage.OPENING)
    assert box.fail(times=2) == [0, -signal.SIGABRT]  # five seconds of safe mode, then a trial
    async with station(mosquitto.mqtt(), Topics("ward", "bed")) as ward:
        with box.running():
            await until(lambda: box.reasons(ward) == ["safe_mode", "at_opening"], 90)
    (tmp_path / "lib" / "libcamera.py").unlink()  # mended; and the stop by a person has cleared the record
    async with station(mosquitto.mqtt(), Topics("ward", "bed")) as ward:
        with box.running():
            await until(lambda: box.reasons(ward) == [], 90)


async def test_without_a_service_manager_the_box_starts_itself_anew(tmp_path: Path, mosquitto: Mosquitto) -> None:
    box = Box(tmp_path, mosquitto.mqtt(), again_s=5.0)
    box.has_failed(Stage.OPENING)
    async with station(mosquitto.mqtt(), Topics("ward", "bed")) as ward:
        with box.running(managed=False) as process:
            await until(lambda: box.reasons(ward) == ["safe_mode", "at_opening"], 90)
            await until(lambda: box.reasons(ward) == [], 90)
            assert process.poll() is None


async def test_a_spoilt_configuration_is_told_through_the_broker_of_the_one_that_last_worked(
    box: Box, mosquitto: Mosquitto
) -> None:
    box.configure()
    with box.running():
        await until((box.state / KEPT_FILE).exists, 90)
    box.configure(more="bedd = 1")
    box.has_failed(Stage.CONFIG)
    async with station(mosquitto.mqtt(), Topics("ward", "bed")) as ward:
        with box.running():
            await until(lambda: ward.alerts(), 90)
            assert box.reasons(ward) == ["safe_mode", "at_config"]
    box.configure()
    async with station(mosquitto.mqtt(), Topics("ward", "bed")) as ward:
        with box.running():
            await until(lambda: box.reasons(ward) == [], 90)


async def test_a_state_folder_that_cannot_be_used_is_told_from_memory(
    box: Box, mosquitto: Mosquitto, tmp_path: Path
) -> None:
    (box.state / "anodyne.sqlite3").mkdir()  # no file, and not to be replaced by one
    box.has_failed(Stage.STORE)
    async with station(mosquitto.mqtt(), Topics("ward", "bed")) as ward:
        with box.running():
            await until(lambda: Condition.STORAGE_FAILING in {one.condition for one in ward.alerts()}, 90)
            await until(lambda: Condition.CANNOT_ASSESS in {one.condition for one in ward.alerts()}, 90)
            assert box.reasons(ward) == ["safe_mode", "at_store"]
    assert (tmp_path / "bursts.jsonl").exists()
