"""From a configuration stanza to its driver. Libraries for radio and cameras are imported only where they are used."""

from __future__ import annotations

from edge.clock import Clock
from edge.config import (
    Band,
    Camera,
    E4Recording,
    HeartRateBand,
    NordicUartBand,
    SimulatedBand,
    V4l2Camera,
    VideoFileCamera,
)
from edge.sensors.driver import Driver
from edge.types import Frame, SampleBlock


def camera(config: Camera, clock: Clock) -> Driver[Frame]:
    """The driver of a camera stanza. Nothing is opened before its `stream` runs."""
    match config:
        case V4l2Camera():
            from edge.sensors.camera.v4l2 import V4l2

            return V4l2(config, clock)
        case VideoFileCamera():
            from edge.sensors.camera.video_file import VideoFile

            return VideoFile(config, clock)


def band(config: Band, clock: Clock) -> Driver[SampleBlock]:
    """The driver of a wristband stanza. Nothing is opened before its `stream` runs."""
    match config:
        case HeartRateBand():
            from edge.sensors.wristband.heart_rate import HeartRate

            return HeartRate(config, clock)
        case NordicUartBand():
            from edge.sensors.wristband.nordic_uart import NordicUart

            return NordicUart(config, clock)
        case E4Recording():
            from edge.sensors.wristband.e4 import E4

            return E4(config, clock)
        case SimulatedBand():
            from edge.sensors.simulated.band import SimulatedBand as Simulated

            return Simulated(config, clock)
