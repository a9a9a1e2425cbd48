"""From stanza to driver."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from edge.clock import VirtualClock
from edge.config import E4Recording, HeartRateBand, NordicUartBand, V4l2Camera, VideoFileCamera
from edge.sensors import factory
from edge.sensors.camera.v4l2 import V4l2
from edge.sensors.camera.video_file import VideoFile
from edge.sensors.wristband.e4 import E4
from edge.sensors.wristband.heart_rate import HeartRate
from edge.sensors.wristband.nordic_uart import NordicUart

ADDRESS = "C0:00:00:00:00:01"


@pytest.mark.parametrize(
    ("config", "driver"),
    [
        (V4l2Camera(driver="v4l2", name="cam"), V4l2),
        (VideoFileCamera(driver="video_file", name="cam", path=Path("clip.mov")), VideoFile),
    ],
)
def test_every_camera_stanza_has_its_driver(config: V4l2Camera | VideoFileCamera, driver: type) -> None:
    camera = factory.camera(config, VirtualClock())
    assert isinstance(camera, driver)
    assert camera.name == "cam"
    assert camera.stall_after_s > 0


@pytest.mark.parametrize(
    ("config", "driver"),
    [
        (HeartRateBand(driver="ble_heart_rate", name="band", address=ADDRESS), HeartRate),
        (NordicUartBand(driver="ble_uart", name="band", address=ADDRESS), NordicUart),
        (E4Recording(driver="e4_recording", name="band", folder=Path("session")), E4),
    ],
)
def test_every_band_stanza_has_its_driver(config: HeartRateBand | NordicUartBand | E4Recording, driver: type) -> None:
    band = factory.band(config, VirtualClock())
    assert isinstance(band, driver)
    assert band.name == "band"
    assert band.stall_after_s > 0


def test_libraries_for_radio_and_pictures_are_loaded_only_when_used() -> None:
    """A box with one recorded band carries neither OpenCV nor Bluetooth in its memory."""
    program = "import sys; from edge.sensors import care, factory; print({'cv2', 'bleak'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "set()"
