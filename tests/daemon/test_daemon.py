"""The daemon joined together, on a virtual clock: what fails is said, what is raised stays."""

from __future__ import annotations

import asyncio
import shutil
from contextlib import suppress
from pathlib import Path

import pytest

from edge import clock, config
from edge.bundle import installed_folder
from edge.daemon import STORE_FILE, Daemon
from edge.demo.setup import DELAYS, FACE_CLIP
from edge.errors import BundleError, BundleReason, StoreError
from edge.publish.embedded import EmbeddedBroker, free_port
from edge.publish.payload import AlertMessage
from edge.publish.subscriber import Received, Subscriber
from edge.sensors.camera.stanzas import VideoFileCamera
from edge.sensors.simulated.band import SimulatedBand
from edge.sensors.table import Band, Camera
from edge.store import Store
from edge.types import Absence, Alert, Assessment, Condition, Modality, Presence, Validity, Verdict

CAMERA = VideoFileCamera(driver="video_file", name="camera", path=FACE_CLIP, width_px=320, height_px=240)
BAND = SimulatedBand(driver="simulated_band", name="band")


class Watched:
    """A daemon with everything that it said."""

    def __init__(
        self,
        state_dir: Path,
        *sensors: Camera | Band,
        port: int | None = None,
        time: clock.Clock | None = None,
    ) -> None:
        self.clock = time or clock.VirtualClock()
        self.assessments: list[Assessment] = []
        self.alerts: list[Alert] = []
        settings = config.Config(
            box=config.Box(site="test", bed="bed1", state_dir=state_dir, validity=Validity.TEST),
            sensor=sensors,
            fusion=config.Fusion(tick_s=0.5),
            alarm=DELAYS,
            mqtt=config.Mqtt(host="127.0.0.1", port=port or free_port()),
        )
        self.daemon = Daemon(settings, self.clock, on_assessment=self.assessments.append, on_alert=self.alerts.append)

    async def live(self, seconds: float) -> None:
        """Let virtual time pass."""
        task = asyncio.create_task(self.daemon.run())
        passed = asyncio.create_task(self.clock.sleep(seconds))
        await asyncio.wait({task, passed}, return_when=asyncio.FIRST_COMPLETED)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    def run(self, seconds: float) -> None:
        """Run for a stretch of virtual time and stop."""
        clock.run(self.clock, self.live(seconds))


def waiting(state_dir: Path) -> int:
    store = Store.open(state_dir / STORE_FILE)
    with store.transaction() as cursor:
        (count,) = cursor.execute("SELECT count(*) FROM outbox").fetchone()
    store.close()
    return int(count)


def test_a_box_without_sensors_cannot_assess_and_alarms(tmp_path: Path) -> None:
    box = Watched(tmp_path)
    box.run(8.0)
    assert {one.verdict for one in box.assessments} == {Verdict.CANNOT_ASSESS}
    assert [alert.condition for alert in box.alerts] == [Condition.CANNOT_ASSESS]
    assert box.assessments[-1].missing[Modality.FACE] is Absence.NOT_CONFIGURED


def test_a_camera_that_is_not_there_leaves_the_band_to_speak(tmp_path: Path) -> None:
    box = Watched(tmp_path, CAMERA.model_copy(update={"path": tmp_path / "none.webm"}), BAND)
    box.run(35.0)
    last = box.assessments[-1]
    assert Modality.FACE not in last.mode
    assert last.verdict is not Verdict.CANNOT_ASSESS
    assert last.missing[Modality.FACE] is Absence.SENSOR_LOST
    assert Condition.FACE_LOST in {alert.condition for alert in box.alerts}


def test_a_video_without_frames_is_a_lost_camera_not_a_crash(tmp_path: Path) -> None:
    empty = tmp_path / "empty.webm"
    empty.write_bytes(FACE_CLIP.read_bytes()[:400])
    box = Watched(tmp_path, CAMERA.model_copy(update={"path": empty}))
    box.run(4.0)
    assert box.assessments[-1].missing[Modality.FACE] is Absence.SENSOR_LOST
    assert box.assessments[-1].verdict is Verdict.CANNOT_ASSESS


def test_the_first_assessment_comes_within_three_seconds(tmp_path: Path) -> None:
    box = Watched(tmp_path, CAMERA, BAND)
    box.run(3.0)
    assert any(one.score is not None for one in box.assessments)


def test_what_no_broker_takes_waits_and_is_delivered_by_the_next_run(tmp_path: Path) -> None:
    first = Watched(tmp_path)
    first.run(8.0)
    raised = {alert.id for alert in first.alerts}
    assert raised
    assert waiting(tmp_path) >= len(raised)

    heard: list[Received] = []

    async def second() -> None:
        with EmbeddedBroker() as broker:
            box = Watched(tmp_path, port=broker.port, time=clock.SystemClock())

            def hear(received: Received) -> None:
                heard.append(received)
                subscriber.confirm(received, "station")

            subscriber = Subscriber(config.Mqtt(host="127.0.0.1", port=broker.port), hear)
            listening = asyncio.create_task(subscriber.run())
            await subscriber.ready.wait()
            await box.live(3.0)
            listening.cancel()
            await asyncio.wait({listening})

    clock.run(clock.SystemClock(), second())
    delivered = {one.message.id for one in heard if isinstance(one.message, AlertMessage)}
    assert raised <= delivered
    assert waiting(tmp_path) == 0


def test_an_alarm_is_still_on_after_a_restart(tmp_path: Path) -> None:
    Watched(tmp_path).run(8.0)
    again = Watched(tmp_path)
    again.run(0.5)
    assert [(alert.condition, alert.presence) for alert in again.alerts][:1] == [(Condition.CANNOT_ASSESS, Presence.ON)]


def test_a_changed_model_is_refused_before_anything_starts(tmp_path: Path) -> None:
    bundle = tmp_path / "models"
    shutil.copytree(installed_folder(), bundle)
    with (bundle / "face_au.tflite").open("r+b") as file:
        file.seek(2000)
        file.write(b"\x00" * 16)
    settings = config.Config(models=config.Models(bundle=bundle), box=config.Box(state_dir=tmp_path))
    with pytest.raises(BundleError, match="install the bundle again") as refused:
        Daemon(settings, clock.VirtualClock())
    assert refused.value.reason is BundleReason.HASH


def test_a_damaged_state_file_is_set_aside_and_the_bed_is_watched(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / STORE_FILE).write_bytes(b"power went out" * 1000)
    box = Watched(tmp_path)
    box.run(8.0)
    assert [alert.condition for alert in box.alerts] == [Condition.STORAGE_FAILING, Condition.CANNOT_ASSESS]
    assert (tmp_path / f"{STORE_FILE}.damaged-1").exists()
    assert "kept as" in caplog.text


def test_a_state_folder_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="mounted read-write"):
        Watched(tmp_path / "file")
