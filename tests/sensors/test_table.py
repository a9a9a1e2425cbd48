"""The table of all sensors: every stanza opens its driver, and reading a configuration loads no heavy library."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest
from pydantic import TypeAdapter

from edge.clock import VirtualClock
from edge.config.keys import drivers
from edge.sensors.camera.gstreamer import GStreamer
from edge.sensors.camera.mjpeg import Mjpeg
from edge.sensors.camera.picamera2 import Picamera2
from edge.sensors.camera.rtsp import Rtsp
from edge.sensors.camera.v4l2 import V4l2
from edge.sensors.camera.video_file import VideoFile
from edge.sensors.replay import Player, ReplayedFace
from edge.sensors.simulated.band import ScenePlayer
from edge.sensors.simulated.face import FacePlayer, SimulatedFace
from edge.sensors.stanza import BandSection, CameraSection
from edge.sensors.table import Kind, Sensor
from edge.sensors.wristband.ble import BleDriver
from edge.sensors.wristband.e4 import E4
from edge.sensors.wristband.emotibit.recording import EmotiBitPlayer
from edge.sensors.wristband.serial.driver import SerialDriver

BLE = {"address": "C0:00:00:00:00:01"}
STANZAS: list[tuple[dict[str, object], type]] = [
    ({"driver": "v4l2"}, V4l2),
    ({"driver": "picamera2"}, Picamera2),
    ({"driver": "rtsp", "url": "rtsp://camera/stream"}, Rtsp),
    ({"driver": "mjpeg", "url": "http://camera/video.mjpg"}, Mjpeg),
    ({"driver": "gstreamer", "pipeline": "videotestsrc"}, GStreamer),
    ({"driver": "video_file", "path": Path("clip.mov")}, VideoFile),
    ({"driver": "ble_heart_rate", **BLE}, BleDriver),
    ({"driver": "ble_pulse_oximeter", **BLE}, BleDriver),
    ({"driver": "ble_polar", **BLE}, BleDriver),
    ({"driver": "ble_polar_strap", **BLE}, BleDriver),
    ({"driver": "ble_emotibit", **BLE}, BleDriver),
    ({"driver": "ble_uart", **BLE}, BleDriver),
    ({"driver": "shimmer3", "device": "/dev/rfcomm0"}, SerialDriver),
    ({"driver": "serial_lines", "usb_serial": "A50285BI", "columns": "ppg", "rate_hz": 50.0}, SerialDriver),
    ({"driver": "emotibit_recording", "file": Path("session.csv")}, EmotiBitPlayer),
    ({"driver": "e4_recording", "folder": Path("session")}, E4),
    ({"driver": "simulated_band"}, ScenePlayer),
    ({"driver": "replay", "session": Path("x.anodyne")}, Player),
    ({"driver": "replay_face", "session": Path("x.anodyne")}, Player),
    ({"driver": "simulated_face"}, FacePlayer),
]


@pytest.mark.parametrize(("values", "driver"), STANZAS, ids=lambda value: str(value))
def test_every_stanza_opens_its_driver(values: dict[str, object], driver: type) -> None:
    stanza: CameraSection | BandSection | ReplayedFace | SimulatedFace = TypeAdapter(Sensor).validate_python(
        {**values, "name": "it"}
    )
    opened = stanza.open(VirtualClock())
    assert isinstance(opened, driver)
    assert opened.name == "it"
    assert opened.stall_after_s > 0


def test_no_stanza_goes_untested() -> None:
    assert {str(values["driver"]) for values, _ in STANZAS} == set(drivers())
    assert len(drivers()) == len(get_args(Kind))


def test_libraries_for_radio_and_pictures_are_loaded_only_when_used() -> None:
    """A box with one recorded band carries neither OpenCV nor Bluetooth in its memory."""
    heavy = {"cv2", "bleak", "serial", "picamera2", "gi"}
    program = f"import sys; import edge.config, edge.sensors.care; print({heavy} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "set()"
