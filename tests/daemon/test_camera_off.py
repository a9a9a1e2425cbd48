"""Camera off is a hard state: no handle is held, not after a restart either; the lamp shows what is so."""

from __future__ import annotations

import asyncio
import gc
import shutil
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from time import sleep

import gpiozero
import numpy as np
import pytest
from gpiozero.pins.mock import MockFactory
from numpy.typing import NDArray

from edge import clock as clocks
from edge import config
from edge.alarm.standing import Standing
from edge.bundle import Bundle
from edge.cli.sensors import camera_off
from edge.daemon import STORE_FILE, Daemon
from edge.demo.setup import DELAYS, FACE_CLIP
from edge.errors import ConfigError, StoreError, StoreReason
from edge.face import FaceEstimator
from edge.inputs import CameraInput
from edge.publish.commands import Done
from edge.publish.embedded import free_port
from edge.publish.payload import ControlCommand
from edge.recorder.recorder import NotRecording
from edge.sensors.camera.live import LiveCamera
from edge.sensors.camera.source import Source
from edge.sensors.camera.stanzas import V4l2Camera, VideoFileCamera
from edge.store import Store
from edge.types import NS_PER_S, Absence, Assessment, Modality, SensorState, Validity
from tests.peers.broker import until

LAMP = 25


class Box:
    """A daemon on a virtual clock that looks through a clip of its own, and has a lamp."""

    def __init__(self, folder: Path, lit_while: str = "off") -> None:
        self.clip = folder / "clip.webm"
        if not self.clip.exists():
            shutil.copy(FACE_CLIP, self.clip)
        camera = VideoFileCamera(driver="video_file", name="camera", path=self.clip, width_px=320, height_px=240)
        self.clock = clocks.VirtualClock()
        self.assessments: list[Assessment] = []
        self.settings = config.Config(
            box=config.Box(site="test", bed="bed1", state_dir=folder, validity=Validity.TEST),
            sensor=(camera,),
            fusion=config.Fusion(tick_s=0.5),
            alarm=DELAYS,
            camera_light=config.CameraLight.model_validate({"pin": LAMP, "lit_while": lit_while}),
            mqtt=config.Mqtt(host="127.0.0.1", port=free_port()),
        )

    def live(self, *steps: tuple[float, Callable[[Daemon], None]]) -> None:
        """Let virtual time pass; each step comes so long after the one before."""

        async def run() -> None:
            daemon = Daemon(self.settings, self.clock, on_assessment=self.assessments.append, reports=False)
            task = asyncio.create_task(daemon.run())
            for seconds, step in steps:
                await self.clock.sleep(seconds)
                step(daemon)
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

        clocks.run(self.clock, run())

    def is_open(self) -> bool:
        """Whether this process has the camera open."""
        links = set()
        for descriptor in Path("/proc/self/fd").iterdir():
            with suppress(OSError):
                links.add(descriptor.readlink())
        return self.clip in links


def ask(do: str) -> Callable[[Daemon], None]:
    """A nurse's command."""

    def step(daemon: Daemon) -> None:
        daemon.on_command(ControlCommand.model_validate({"id": f"{do}-1", "do": do, "by": "Ruth"}))

    return step


def test_switched_off_the_device_is_closed_and_the_lamp_shows_it(tmp_path: Path, pins: MockFactory) -> None:
    box = Box(tmp_path)
    seen: list[tuple[bool, bool, str | None]] = []

    def look(daemon: Daemon) -> None:
        status = daemon.inputs["camera"].status
        seen.append((box.is_open(), bool(pins.pin(LAMP).state), status.reason))

    box.live((10, look), (1, ask("camera_off")), (3, look), (600, look), (1, ask("camera_on")), (5, look))
    off = (False, True, "switched_off")
    assert seen == [(True, False, None), off, off, (True, False, None)]
    missing = {one.missing.get(Modality.FACE) for one in box.assessments[26:1200]}
    assert missing == {Absence.CAMERA_OFF}
    assert Modality.FACE in box.assessments[-1].mode


def test_it_is_never_opened_by_the_next_start(tmp_path: Path, pins: MockFactory) -> None:
    Box(tmp_path).live((5, ask("camera_off")), (3, lambda _: None))
    box = Box(tmp_path, lit_while="on")
    seen: list[tuple[bool, bool]] = []
    looks = [(0.05, lambda _: seen.append((box.is_open(), bool(pins.pin(LAMP).state))))] * 100
    box.live(*looks)
    assert set(seen) == {(False, False)}
    assert {one.missing[Modality.FACE] for one in box.assessments} == {Absence.CAMERA_OFF}
    assert camera_off(tmp_path / STORE_FILE)


def test_a_disk_that_refuses_to_keep_it_is_told_to_who_asked(
    tmp_path: Path, pins: MockFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    del pins
    said: list[object] = []

    def refuse(_store: Store, _standing: Standing) -> None:
        raise StoreError(StoreReason.FULL, "the disk is full")

    def refuse_file(_path: Path, _data: bytes) -> None:
        raise OSError(28, "No space left on device")

    def ask_off(daemon: Daemon) -> None:
        said.append(daemon.on_command(ControlCommand.model_validate({"id": "a", "do": "camera_off", "by": "Ruth"})))

    monkeypatch.setattr("edge.alarm.manager.standings.save", refuse)
    monkeypatch.setattr("edge.camera_state.replace", refuse_file)
    Box(tmp_path).live((5, ask_off))
    monkeypatch.undo()
    Box(tmp_path).live((5, ask_off))
    assert said == [
        Done("camera off until switched on; the disk refused: a restart forgets it"),
        Done("camera off until switched on"),
    ]


def test_commands_beside_the_daemon_respect_it(tmp_path: Path, pins: MockFactory) -> None:
    del pins
    assert not camera_off(tmp_path / STORE_FILE)
    Box(tmp_path).live((5, ask("camera_off")))
    Box(tmp_path).live((5, ask("camera_on")))
    assert not camera_off(tmp_path / STORE_FILE)
    (tmp_path / STORE_FILE).write_bytes(b"spoilt")
    assert camera_off(tmp_path / STORE_FILE)


class HangingSource:
    """A camera library that hangs in its first picture until it is released from outside."""

    def __init__(self, let_go: threading.Event) -> None:
        self._let_go = let_go

    def grab(self) -> bool:
        """Hang."""
        self._let_go.wait(60)
        return False

    def stamp_ns(self) -> int | None:
        """No time."""
        return None

    def retrieve(self) -> NDArray[np.uint8] | None:
        """No picture."""
        return None

    def release(self) -> None:
        """Close."""


class HangingCamera(LiveCamera):
    """A camera with such a library."""

    let_go = threading.Event()

    def open_source(self) -> Source:
        """Open it."""
        return HangingSource(self.let_go)


async def test_a_library_that_does_not_let_go_is_not_called_closed() -> None:
    time = clocks.SystemClock()
    driver = HangingCamera(V4l2Camera(driver="v4l2", name="camera", device="/dev/video9"), time)
    camera = CameraInput(driver, FaceEstimator(Bundle.load()), time, NotRecording())
    following = asyncio.create_task(camera.follow())
    await asyncio.sleep(0.5)
    camera.switch(off=True)
    await asyncio.sleep(6.0)
    assert camera.status.state is SensorState.LOST
    assert driver.holds_device
    assert not camera.let_go
    assert camera.stuck(time.now_ns()) is None
    assert "does not let go" in str(camera.stuck(time.now_ns() + 30 * NS_PER_S))
    anew = CameraInput(HangingCamera(driver._section, time), FaceEstimator(Bundle.load()), time, NotRecording())
    anew.switch(off=True)
    assert not anew.let_go, "built anew, for other models, in the same process"
    driver.let_go.set()
    await until(lambda: camera.let_go and anew.let_go, 10)
    assert camera.stuck(time.now_ns() + 30 * NS_PER_S) is None
    following.cancel()
    await asyncio.wait({following})


class NoisySource:
    """A camera library that gives noise, thirty times a second."""

    def __init__(self) -> None:
        self._random = np.random.default_rng(1)

    def grab(self) -> bool:
        """Wait for the next one."""
        sleep(1 / 30)
        return True

    def stamp_ns(self) -> int | None:
        """No time."""
        return None

    def retrieve(self) -> NDArray[np.uint8] | None:
        """The picture."""
        return self._random.integers(0, 256, SHAPE, np.uint8)

    def release(self) -> None:
        """Close."""


class NoisyCamera(LiveCamera):
    """A camera with such a library."""

    def open_source(self) -> Source:
        """Open it."""
        return NoisySource()


SHAPE = (240, 322)
"""Of its pictures, height and width; nothing else in this process has it."""


def pictures_in_memory() -> int:
    """Pictures of that shape which some object still holds."""
    gc.collect()
    held = (one for holder in gc.get_objects() for one in gc.get_referents(holder))
    return len({id(one) for one in held if isinstance(one, np.ndarray) and one.shape == SHAPE})


async def test_switched_off_no_picture_is_left_in_memory() -> None:
    time = clocks.SystemClock()
    section = V4l2Camera(driver="v4l2", name="camera", device="/dev/video9", width_px=SHAPE[1], height_px=SHAPE[0])
    driver = NoisyCamera(section, time)
    camera = CameraInput(driver, FaceEstimator(Bundle.load()), time, NotRecording())
    tasks = {asyncio.create_task(camera.follow()), asyncio.create_task(camera.run())}
    await until(lambda: camera.status.state is SensorState.STREAMING and pictures_in_memory() > 0, 20)
    camera.switch(off=True)
    await until(lambda: camera.let_go, 10)
    await asyncio.sleep(1.0)
    assert pictures_in_memory() == 0
    assert driver._captures == []  # one may hold a picture that nobody has fetched
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)


def test_the_lamps_pin_is_its_own() -> None:
    with pytest.raises(ConfigError, match="something else uses"):
        config.loads("[button]\npin = 25\n[camera_light]\npin = 25\n", "box.toml")


class PinError(Exception):
    """What a library below gpiozero raises (lgpio's errors have no other class)."""


class FailingLamp:
    """A pin that is busy, or fails from its third use on, until it is mended."""

    mended = False

    def __init__(self, pin: int) -> None:
        if pin != LAMP:
            raise PinError("GPIO busy")
        self._uses = 0

    @property
    def value(self) -> float:
        """Never asked."""
        raise NotImplementedError

    @value.setter
    def value(self, _: float) -> None:
        self._uses += 1
        if self._uses > 2 and not FailingLamp.mended:
            raise PinError("bad handle")

    def close(self) -> None:
        """It refuses that, too."""
        raise PinError("bad handle")


@pytest.mark.parametrize(("pin", "words"), [(LAMP, "does not answer"), (LAMP + 1, "cannot be taken")])
def test_a_pin_that_fails_in_its_own_way_costs_the_lamp_and_not_the_box(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pin: int, words: str
) -> None:
    monkeypatch.setattr(gpiozero, "DigitalOutputDevice", FailingLamp)
    monkeypatch.setattr(FailingLamp, "mended", False)
    box = Box(tmp_path)
    box.settings = box.settings.model_copy(update={"camera_light": config.CameraLight(pin=pin)})
    faults: list[str] = []

    def mend(daemon: Daemon) -> None:
        faults.append(daemon.fittings.fault())
        FailingLamp.mended = True

    box.live((10, mend), (70, lambda daemon: faults.append(daemon.fittings.fault())))
    assert words in faults[0]
    assert (faults[1] == "") is (pin == LAMP)
    assert len(box.assessments) > 150


def test_without_the_pin_the_box_lives_and_says_so(tmp_path: Path, pins: MockFactory) -> None:
    del pins
    faults: list[str] = []
    taken = gpiozero.LED(LAMP)
    Box(tmp_path).live((5, lambda daemon: faults.append(daemon.fittings.fault())))
    taken.close()
    assert "lamp cannot be taken" in faults[0]
