"""A camera whose library hangs while it is read: told in seconds, mended by a new start, never at the band's cost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from edge import clock, config
from edge.daemon import Daemon
from edge.errors import SensorReason
from edge.health.starts import Starts
from edge.health.systemd import Notifier
from edge.publish.embedded import free_port
from edge.sensors.camera.stanzas import Picamera2Camera
from edge.sensors.simulated.band import SimulatedBand
from edge.types import Alert, Assessment, Condition, Modality, Presence, SensorState, Validity
from tests.face.clip import demo_clip
from tests.peers.broker import until
from tests.peers.picamera2_fake import Device, Rig

CAMERA = Picamera2Camera(driver="picamera2", name="camera", width_px=320, height_px=240)
BAND = SimulatedBand(driver="simulated_band", name="band")

TOLD_WITHIN_S = 6.0
"""The stall limit of 2.2 s, the shortened delay of the alarm, and a busy machine."""


@dataclass(frozen=True)
class Heard(Notifier):
    """Counts how often it was fed."""

    fed: list[None] = field(default_factory=list)

    def alive(self) -> None:
        """Count."""
        self.fed.append(None)


class Box:
    """A daemon on the system's clock, with what it said."""

    def __init__(self, folder: Path, *sensors: Picamera2Camera | SimulatedBand, starts: Starts | None = None) -> None:
        """Build it."""
        self.assessments: list[Assessment] = []
        self.alerts: list[Alert] = []
        self.watchdog = Heard()
        settings = config.Config(
            box=config.Box(site="test", bed="bed1", state_dir=folder, validity=Validity.TEST),
            sensor=sensors,
            fusion=config.Fusion(tick_s=0.25),
            alarm=config.Alarm(blind_delay_s=1.0, sensor_delay_s=1.0),
            mqtt=config.Mqtt(host="127.0.0.1", port=free_port()),
        )
        self.daemon = Daemon(
            settings,
            clock.SystemClock(),
            notifier=self.watchdog,
            on_assessment=self.assessments.append,
            on_alert=self.alerts.append,
            reports=False,
            restarts=starts,
        )

    @property
    def camera(self) -> SensorState:
        """What the camera does."""
        return self.daemon.inputs["camera"].status.state

    @property
    def hung(self) -> bool:
        """Whether it is told that the camera hangs."""
        return self.daemon.inputs["camera"].status.reason is SensorReason.HUNG

    @property
    def mode(self) -> tuple[Modality, ...]:
        """What the newest assessment rests on."""
        return self.assessments[-1].mode if self.assessments else ()

    def raised(self, condition: Condition) -> bool:
        """Whether that alarm has been raised."""
        return any(alert.condition is condition and alert.presence is Presence.ON for alert in self.alerts)

    def starved(self) -> bool:
        """Whether an assessment was completed and the watchdog not fed; call it again to know."""
        return len(self.assessments) > len(self.watchdog.fed) + 4

    @asynccontextmanager
    async def living(self) -> AsyncIterator[None]:
        """Run it."""
        task = asyncio.create_task(self.daemon.run())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


@pytest.fixture
def rig(monkeypatch: pytest.MonkeyPatch) -> Iterator[Rig]:
    """A machine with a camera, and shorter waits than a bedside needs."""
    monkeypatch.setattr("edge.sensors.care.GIVE_UP_STALLED_S", 1.0)
    monkeypatch.setattr("edge.sensors.camera.capture.JOIN_S", 0.3)
    monkeypatch.setattr("edge.inputs.face.STUCK_S", 1.0)
    calm = demo_clip()[:100]
    rig = Rig([Device(picture=lambda number: calm[number % len(calm)])])
    rig.install(monkeypatch)
    yield rig
    rig.devices[0].hangs.clear()


async def test_with_no_band_the_bed_is_blind_within_seconds(tmp_path: Path, rig: Rig) -> None:
    box = Box(tmp_path, CAMERA)
    async with box.living():
        await until(lambda: Modality.FACE in box.mode, 20)
        assert not box.raised(Condition.CANNOT_ASSESS)
        rig.devices[0].hangs.set()
        await until(lambda: box.raised(Condition.CANNOT_ASSESS), TOLD_WITHIN_S)
        assert box.assessments[-1].verdict == "cannot_assess"


async def test_a_library_that_keeps_its_camera_hangs_and_is_not_another_program(tmp_path: Path, rig: Rig) -> None:
    box = Box(tmp_path, CAMERA, BAND)
    async with box.living():
        await until(lambda: set(box.mode) >= {Modality.FACE, Modality.PPG}, 60)
        rig.devices[0].hangs.set()
        await until(lambda: box.raised(Condition.FACE_LOST), TOLD_WITHIN_S)
        await until(lambda: box.hung, 20)
        await until(box.starved, 20)
        assert Modality.PPG in box.mode, "the wristband is watched all the while"
        rig.devices[0].hangs.clear()
        await until(lambda: box.camera is SensorState.STREAMING, 30)
        fed = len(box.watchdog.fed)
        await until(lambda: len(box.watchdog.fed) > fed + 4, 5)


async def test_one_that_hangs_again_after_the_new_start_does_not_cost_the_band_its_watch(
    tmp_path: Path, rig: Rig
) -> None:
    starts = Starts((), None, clock.SystemClock())
    assert starts.grant()
    box = Box(tmp_path, CAMERA, BAND, starts=starts)
    async with box.living():
        await until(lambda: box.camera is SensorState.STREAMING, 20)
        rig.devices[0].hangs.set()
        await until(lambda: box.hung, 20)
        done = len(box.assessments)
        await until(lambda: len(box.assessments) > done + 12, 20)
        assert not box.starved()
