"""Network cameras over RTSP (RFC 2326), through the FFmpeg that comes with OpenCV."""

from __future__ import annotations

import os
import socket
import threading
import time
from urllib.parse import urlsplit

import cv2

from edge.clock import Clock
from edge.errors import SensorError, SensorReason
from edge.sensors.camera.capture import READ_TIMEOUT_S
from edge.sensors.camera.live import LiveCamera
from edge.sensors.camera.login import Login, read_login, unreachable, with_login
from edge.sensors.camera.network import RtspCamera
from edge.sensors.camera.rtsp_describe import RTSP_PORT, find_fault
from edge.sensors.camera.source import OpenCvSource, Source

OPEN_TIMEOUT_S = 5
"""Longest wait for a camera to begin: FFmpeg looks at about a second of the stream, and many cameras wait for their
next key picture, up to 2 s by default."""

OPTIONS = "OPENCV_FFMPEG_CAPTURE_OPTIONS"
"""The only way to hand OpenCV's FFmpeg an option; read while a stream is being opened."""

_opening = threading.Lock()
"""One at a time: the options stand in the environment."""


class Rtsp(LiveCamera):
    """A network camera.

    Args:
        config: its stanza.
        clock: the box's.
    """

    def __init__(self, config: RtspCamera, clock: Clock) -> None:
        """Open nothing yet."""
        super().__init__(config, clock)
        self._config = config

    def open_source(self) -> Source:
        """Connect and wait for the stream's beginning.

        Raises:
            SensorError: NOT_FOUND (no such host, port or path), UNREADABLE (the login is refused), TIMED_OUT (nothing
                answers), WRONG_DEVICE (what answers gives no video).
        """
        config = self._config
        login = read_login(config.username, config.password_file)
        _resolve(config.url)
        capture = _open(with_login(config.url, login), config.transport)
        if not capture.isOpened():
            raise self._fault(login)
        return _RtspSource(capture)

    def _fault(self, login: Login | None) -> SensorError:
        """OpenCV says only that it could not: ask the camera again, and tell what it says."""
        return find_fault(self._config.url, login) or SensorError(
            SensorReason.WRONG_DEVICE,
            f"the camera at {urlsplit(self._config.url).hostname} answers, but its stream cannot be played over "
            f"{self._config.transport}: try the other `transport`, and H.264 or MJPEG in the camera's settings",
        )


class _RtspSource(OpenCvSource):
    """FFmpeg hands out one last picture when its time-out strikes, and nothing ever after."""

    def __init__(self, capture: cv2.VideoCapture) -> None:
        super().__init__(capture, stamped=True)

    def grab(self) -> bool:
        """Wait for the next picture."""
        began_s = time.monotonic()
        grabbed = super().grab()
        if time.monotonic() - began_s >= READ_TIMEOUT_S:
            raise SensorError(
                SensorReason.TIMED_OUT,
                f"the camera has sent nothing for {READ_TIMEOUT_S} s: check its power and network cable",
            )
        return grabbed


def _resolve(url: str) -> None:
    """Look the host up first: inside FFmpeg nothing bounds that, and its failure looks like any other."""
    host, port = urlsplit(url).hostname or "", urlsplit(url).port or RTSP_PORT
    try:
        socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise unreachable(f"{host}:{port}", error) from error


def _open(url: str, transport: str) -> cv2.VideoCapture:
    """A capture, open or not. OpenCV's own messages are kept from the log: the driver says it better."""
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    if not _opening.acquire(timeout=2 * OPEN_TIMEOUT_S):
        raise SensorError(SensorReason.TIMED_OUT, "another camera's connection hangs: check the network")
    try:
        os.environ[OPTIONS] = f"rtsp_transport;{transport}"
        parameters = {
            cv2.CAP_PROP_OPEN_TIMEOUT_MSEC: 1000 * OPEN_TIMEOUT_S,
            cv2.CAP_PROP_READ_TIMEOUT_MSEC: 1000 * READ_TIMEOUT_S,
            cv2.CAP_PROP_N_THREADS: 1,  # each further thread keeps a picture back
        }
        flat = [number for pair in parameters.items() for number in pair]
        return cv2.VideoCapture(url, cv2.CAP_FFMPEG, flat)
    finally:
        os.environ.pop(OPTIONS, None)
        _opening.release()
