"""The stanzas of all cameras, apart from their drivers: those import OpenCV or picamera2, a configuration must not."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field, field_validator

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
    """Device node; prefer a stable one below /dev/v4l/by-id/, which names the camera and not its number."""
    format: Literal["auto", "mjpg", "yuyv", "grey"] = "auto"
    """How the camera sends its pictures: "auto" lets OpenCV choose; "mjpg" for many pixels over USB 2; "yuyv" for none
    of JPEG's losses; "grey" for infrared cameras that have no colour."""

    def open(self, clock: Clock) -> Driver[Frame]:
        """Its driver."""
        from edge.sensors.camera.v4l2 import V4l2

        return V4l2(self, clock)


class Picamera2Camera(CameraSection):
    """A CSI camera of a Raspberry Pi through picamera2, which comes with the system (python3-picamera2)."""

    driver: Literal["picamera2"]
    """Always "picamera2"."""
    camera: int | str = Field(
        default=0,
        json_schema_extra={"wanted": "a whole number of at least 0, or a part of the model or identity in quotes"},
    )
    """Which camera: its number in `rpicam-hello --list-cameras`, or a part of its model or identity ("imx708")."""
    mode: Literal["video", "still"] = "video"
    """"video": the sensor's smallest mode that sees its whole field; "still": its largest, with the strongest noise
    reduction, for a camera far from the face; few sensors reach 10 Hz so."""
    exposure: Literal["auto", "night", "ir"] = "auto"
    """"auto": a steady rate and short exposures; "night": exposures up to 0.2 s, and the rate may fall to 5 Hz; "ir":
    the same for a NoIR camera under an infrared lamp, without white balance."""
    rotation: Literal[0, 180] = Field(default=0, json_schema_extra={"wanted": "0 or 180"})
    """180 if the camera hangs upside down, degrees."""
    hflip: bool = False
    """Exchange left and right."""
    vflip: bool = False
    """Exchange top and bottom."""
    tuning: str | None = Field(default=None, pattern=r"^[A-Za-z0-9_.-]+\.json$", examples=["imx219_noir.json"])
    """Tuning file of the system, where libcamera does not find the right one by itself (older NoIR modules)."""

    @field_validator("camera")
    @classmethod
    def _names_one(cls, camera: int | str) -> int | str:
        if camera == "" or (isinstance(camera, int) and camera < 0):
            raise ValueError("is no camera: give its number from 0 on, or a part of its model")
        return camera

    def open(self, clock: Clock) -> Driver[Frame]:
        """Its driver."""
        from edge.sensors.camera.picamera2 import Picamera2

        return Picamera2(self, clock)


class GStreamerCamera(CameraSection):
    """A GStreamer pipeline as a camera, above all on a Jetson."""

    driver: Literal["gstreamer"]
    """Always "gstreamer"."""
    pipeline: str = Field(examples=["nvarguscamerasrc ! nvvidconv ! video/x-raw,format=GRAY8,width=640,height=480"])
    """The pipeline as for gst-launch-1.0, without a sink; gray pictures need no conversion any more."""

    @field_validator("pipeline")
    @classmethod
    def _open_ended(cls, pipeline: str) -> str:
        trimmed = pipeline.strip().removesuffix("!").rstrip()
        last = trimmed.rpartition("!")[2].split()
        if not last:
            raise ValueError("is empty: write at least the source's element")
        if last[0].endswith("sink"):
            raise ValueError(f"ends in {last[0]}: leave the sink out, the program brings its own")
        return trimmed

    def open(self, clock: Clock) -> Driver[Frame]:
        """Its driver."""
        from edge.sensors.camera.gstreamer import GStreamer

        return GStreamer(self, clock)


class VideoFileCamera(CameraSection):
    """A recorded video as a camera."""

    live: ClassVar[bool] = False

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
