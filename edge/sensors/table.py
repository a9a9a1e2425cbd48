"""Every sensor there is. Adding one is a file with its stanza and its driver, and its line here."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from edge.sensors.camera.network import MjpegCamera, RtspCamera
from edge.sensors.camera.stanzas import GStreamerCamera, Picamera2Camera, V4l2Camera, VideoFileCamera
from edge.sensors.replay import ReplayedBand, ReplayedFace
from edge.sensors.simulated.band import SimulatedBand
from edge.sensors.simulated.face import SimulatedFace
from edge.sensors.wristband.e4 import E4Recording
from edge.sensors.wristband.emotibit.band import EmotiBitBand
from edge.sensors.wristband.emotibit.recording import EmotiBitRecording
from edge.sensors.wristband.heart_rate import HeartRateBand
from edge.sensors.wristband.nordic_uart import NordicUartBand
from edge.sensors.wristband.polar.band import PolarBand, PolarStrap
from edge.sensors.wristband.pulse_oximeter import PulseOximeterBand
from edge.sensors.wristband.serial.lines import LineBand
from edge.sensors.wristband.serial.shimmer import Shimmer3Band

Camera = (
    V4l2Camera  # USB and CSI cameras
    | Picamera2Camera  # CSI cameras of a Raspberry Pi
    | RtspCamera  # network cameras
    | MjpegCamera  # network cameras that send JPEG over HTTP
    | GStreamerCamera  # pipelines; the cameras of a Jetson
    | VideoFileCamera  # recorded videos
)
"""Any camera stanza."""

Band = (
    HeartRateBand  # Heart Rate Service
    | PulseOximeterBand  # Pulse Oximeter Service
    | PolarBand  # Polar Verity Sense and OH1
    | PolarStrap  # Polar H10
    | EmotiBitBand  # EmotiBit over Bluetooth
    | NordicUartBand  # docs/band-protocol.md
    | Shimmer3Band  # Shimmer3 GSR+ over its Bluetooth serial port
    | LineBand  # microcontrollers that print lines, docs/serial.md
    | EmotiBitRecording  # sessions from the memory card of an EmotiBit
    | E4Recording  # exported sessions of the Empatica E4
    | SimulatedBand  # the demonstration's patient
    | ReplayedBand  # recorded sessions
)
"""Any wristband stanza."""

Kind = Camera | Band | ReplayedFace | SimulatedFace
"""Any stanza; of a recorded face there are estimates, of a simulated one readings, and no pictures: no cameras."""

Sensor = Annotated[Kind, Field(discriminator="driver")]
"""Any `[[sensor]]` stanza, told apart by its `driver`."""
