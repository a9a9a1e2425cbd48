"""The stanzas of all cameras, apart from their drivers: those import OpenCV or picamera2, a configuration must not."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from edge.clock import Clock
from edge.section import FilePath
from edge.sensors.driver import Driver
from edge.sensors.stanza import CameraSection
from edge.types import Frame


class V4l2Camera(CameraSection):
    """A USB or CSI camera through Video4Linux2."""

    driver: Literal["v4l2"]
    """Always "v4l2"."""
    device: str = Field(default="/dev/video0", min_length=1)
    """Device node; prefer a stable one below /dev/v4l/by-id/."""

    def open(self, clock: Clock) -> Driver[Frame]:
        """Its driver."""
        from edge.sensors.camera.v4l2 import V4l2

        return V4l2(self, clock)


class VideoFileCamera(CameraSection):
    """A recorded video as a camera."""

    driver: Literal["video_file"]
    """Always "video_file"."""
    path: FilePath = Field(examples=["clip.mp4"])
    """The video; any format that OpenCV reads."""
    pace: Literal["recorded", "fast"] = "recorded"
    """"recorded": at the recording's own pace on the box's clock; "fast": as fast as frames can be processed,
    their times still those of the recording."""
    repeat: bool = False
    """Start again at the end instead of ending."""

    def open(self, clock: Clock) -> Driver[Frame]:
        """Its driver."""
        from edge.sensors.camera.video_file import VideoFile

        return VideoFile(self, clock)
