"""What the doctor says of cameras, recordings and the Bluetooth adapter."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from edge.config import Config
from edge.health import devices
from edge.health.findings import Grade
from edge.sensors.camera.stanzas import Picamera2Camera, V4l2Camera, VideoFileCamera
from edge.sensors.replay import ReplayedBand, ReplayedFace
from edge.sensors.wristband.e4 import E4Recording
from edge.sensors.wristband.emotibit.recording import EmotiBitRecording
from edge.sensors.wristband.heart_rate import HeartRateBand
from tests.peers.ble_radio import Air
from tests.peers.bluez import BlueZ, private_bus
from tests.peers.picamera2_fake import Device, Rig

BAND = HeartRateBand(driver="ble_heart_rate", name="strap", address="AA:BB:CC:DD:EE:FF")


@pytest.fixture
def bus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A system bus without anybody on it."""
    if shutil.which("dbus-daemon") is None:
        pytest.skip("no dbus-daemon: install the package dbus")
    with private_bus(tmp_path) as address:
        monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", address)
        yield address


@pytest.fixture
async def bluez(bus: str) -> AsyncIterator[BlueZ]:
    """BlueZ with one adapter on that bus."""
    radio, _ = Air().device("box", "F0:00:00:00:00:02")
    await radio.power_on()
    service = BlueZ(radio, bus)
    await service.start()
    yield service
    await service.stop()


async def test_an_adapter_that_is_on_is_fine(bluez: BlueZ) -> None:  # noqa: ARG001 - it answers on the bus
    finding = await asyncio.to_thread(devices.bluetooth, Config(sensor=(BAND,)))
    assert (finding.grade, finding.text) == (Grade.OK, "hci0")


async def test_an_adapter_that_is_switched_off_is_an_error_where_a_band_needs_it(bluez: BlueZ) -> None:
    bluez.set_powered(on=False)
    finding = await asyncio.to_thread(devices.bluetooth, Config(sensor=(BAND,)))
    assert (finding.grade, "switched off" in finding.text) == (Grade.ERROR, True)


def test_a_bus_without_bluez_is_only_a_warning_where_no_band_needs_it(bus: str) -> None:  # noqa: ARG001 - environment
    assert devices.bluetooth(Config()).grade is Grade.WARNING


def test_no_bus_at_all_is_an_error_where_a_band_needs_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", f"unix:path={tmp_path / 'none'}")
    assert devices.bluetooth(Config(sensor=(BAND,))).grade is Grade.ERROR


def test_a_camera_node_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    camera = V4l2Camera(driver="v4l2", name="bedside", device=str(tmp_path / "video7"))
    (finding,) = devices.cameras(Config(sensor=(camera,)))
    assert (finding.name, finding.grade) == ("camera bedside", Grade.ERROR)


def test_a_camera_that_libcamera_sees_is_fine(monkeypatch: pytest.MonkeyPatch) -> None:
    Rig([Device(model="imx708_noir")]).install(monkeypatch)
    (finding,) = devices.cameras(Config(sensor=(Picamera2Camera(driver="picamera2", name="bedside"),)))
    assert (finding.name, finding.grade, finding.text) == ("camera bedside", Grade.OK, "imx708_noir")


def test_a_camera_that_libcamera_does_not_see_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    Rig([]).install(monkeypatch)
    (finding,) = devices.cameras(Config(sensor=(Picamera2Camera(driver="picamera2", name="bedside"),)))
    assert (finding.grade, "ribbon cable" in finding.text) == (Grade.ERROR, True)


def test_a_recording_that_is_there_is_fine(tmp_path: Path) -> None:
    (tmp_path / "clip.mp4").write_bytes(b"")
    camera = VideoFileCamera(driver="video_file", name="clip", path=tmp_path / "clip.mp4")
    (finding,) = devices.recordings(Config(sensor=(camera,)))
    assert finding.grade is Grade.OK


@pytest.mark.parametrize(("there", "grade"), [(True, Grade.OK), (False, Grade.ERROR)])
def test_every_kind_of_recording_is_looked_for(tmp_path: Path, there: bool, grade: Grade) -> None:
    path = tmp_path / "recorded"
    if there:
        path.write_text("")
    stanzas = (
        E4Recording(driver="e4_recording", name="a", folder=path),
        EmotiBitRecording(driver="emotibit_recording", name="b", file=path),
        ReplayedBand(driver="replay", name="c", session=path),
        ReplayedFace(driver="replay_face", name="d", session=path),
    )
    assert [finding.grade for finding in devices.recordings(Config(sensor=stanzas))] == [grade] * len(stanzas)
