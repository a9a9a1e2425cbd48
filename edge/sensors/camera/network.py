"""The stanzas of cameras in the network; their drivers import OpenCV, a configuration must not."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, field_validator

from edge.clock import Clock
from edge.section import FilePath, Info
from edge.sensors.driver import Driver
from edge.sensors.stanza import CameraSection
from edge.types import Frame


def _address(url: str) -> str:
    """An address with a host and without a login."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host or any(character.isspace() for character in url):
        raise ValueError("is no address: write it as the camera's manual does, with host and path")
    if "@" in parts.netloc:
        raise ValueError("holds a user or password: move them to `username` and `password_file`")
    return url


RtspUrl = Annotated[
    str,
    Field(
        pattern=r"^rtsp://",
        json_schema_extra={"wanted": 'an address that begins with "rtsp://", in quotes'},
        examples=["rtsp://192.168.1.20/stream2"],
    ),
    AfterValidator(_address),
]
"""Address of an RTSP stream."""

HttpUrl = Annotated[
    str,
    Field(
        pattern=r"^https?://",
        json_schema_extra={"wanted": 'an address that begins with "http://" or "https://", in quotes'},
        examples=["http://192.168.1.20/video.mjpg"],
    ),
    AfterValidator(_address),
]
"""Address of an MJPEG stream."""


class NetworkSection(CameraSection):
    """Keys that every camera in the network has."""

    username: str | None = Field(default=None, min_length=1, examples=["anodyne"])
    """User name, where the camera wants one."""
    password_file: FilePath | None = Field(default=None, examples=["/etc/anodyne/camera-password"])
    """File whose first line is the password (mode 0600), never the password itself; goes with `username`."""

    @field_validator("password_file")
    @classmethod
    def _has_user(cls, password_file: Path | None, info: Info) -> Path | None:
        if password_file is not None and info.data.get("username", "") is None:
            raise ValueError("is given without username: add username")
        return password_file


class RtspCamera(NetworkSection):
    """A network camera over RTSP."""

    driver: Literal["rtsp"]
    """Always "rtsp"."""
    url: RtspUrl
    """Address of the stream, without user and password; take the camera's second, smaller stream."""
    transport: Literal["tcp", "udp"] = "tcp"
    """"tcp": complete pictures, late on a bad network; "udp": timely pictures, damaged on a bad network."""

    def open(self, clock: Clock) -> Driver[Frame]:
        """Its driver."""
        from edge.sensors.camera.rtsp import Rtsp

        return Rtsp(self, clock)


class MjpegCamera(NetworkSection):
    """A network camera that sends JPEG pictures over HTTP (multipart/x-mixed-replace)."""

    driver: Literal["mjpeg"]
    """Always "mjpeg"."""
    url: HttpUrl
    """Address of the stream, without user and password; a page or a single picture is none."""
    ca_file: FilePath | None = Field(default=None, examples=["/etc/anodyne/cameras.pem"])
    """Certificate of the camera or its authority, for https; default: the system's."""

    def open(self, clock: Clock) -> Driver[Frame]:
        """Its driver."""
        from edge.sensors.camera.mjpeg import Mjpeg

        return Mjpeg(self, clock)
