"""USB and CSI cameras through Video4Linux2."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import cv2

from edge.clock import Clock
from edge.errors import SensorError, SensorReason
from edge.sensors.camera.capture import Capture
from edge.sensors.camera.stanzas import V4l2Camera
from edge.types import Frame

READ_TIMEOUT_S = 3
"""Longest wait of one read, whole seconds; OpenCV's own default is 10. Thirty periods of a 10 Hz camera."""

_FIND = "list the cameras with `v4l2-ctl --list-devices` or `ls /dev/v4l/by-id/` and correct `device`"


class V4l2:
    """A camera node such as /dev/video0, read in a thread; the newest picture wins.

    Args:
        config: its stanza.
        clock: stamps pictures without a time of their own.
    """

    def __init__(self, config: V4l2Camera, clock: Clock) -> None:
        """Open nothing yet."""
        self._config = config
        self._clock = clock

    @property
    def name(self) -> str:
        """Name from the configuration."""
        return self._config.name

    @property
    def stall_after_s(self) -> float:
        """Ten missed pictures, at least two seconds (the exposure of a cheap camera in the dark is up to one)."""
        return max(2.0, 10.0 / self._config.rate_hz)

    async def stream(self) -> AsyncIterator[Frame]:
        """Frames until the camera is gone.

        Raises:
            SensorError: NOT_FOUND (no such node), UNREADABLE (no permission, busy, or no picture), WRONG_DEVICE (not
                a camera), DISCONNECTED (unplugged).
        """
        size_px = (self._config.width_px, self._config.height_px)
        capture = Capture(self._clock, self._open, self._config.rate_hz, size_px)
        capture.start()
        try:
            while True:
                shot = await capture.newest()
                yield Frame(self.name, shot.pixels, shot.measured_ns, shot.index)
        finally:
            await capture.close()

    def _open(self) -> cv2.VideoCapture:
        device = self._config.device
        check_node(Path(device))
        os.environ.setdefault("OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT", str(READ_TIMEOUT_S))
        source = cv2.VideoCapture(device, cv2.CAP_V4L2)
        if not source.isOpened():
            raise SensorError(SensorReason.WRONG_DEVICE, f"{device} is not a camera that can be read: {_FIND}")
        source.set(cv2.CAP_PROP_FRAME_WIDTH, self._config.width_px)
        source.set(cv2.CAP_PROP_FRAME_HEIGHT, self._config.height_px)
        # The camera's own rate stays as it is: at a lower one most of them expose longer, and faces blur.
        source.set(cv2.CAP_PROP_BUFFERSIZE, 1)
        return source


def check_node(device: Path) -> None:
    """Say in plain words why a device node cannot be opened; OpenCV itself only says that it could not.

    Raises:
        SensorError: NOT_FOUND, WRONG_DEVICE or UNREADABLE.
    """
    try:
        mode = device.stat().st_mode
    except OSError as error:
        raise SensorError(SensorReason.NOT_FOUND, f"there is no camera at {device}: plug it in, or {_FIND}") from error
    if not stat.S_ISCHR(mode):
        raise SensorError(SensorReason.WRONG_DEVICE, f"{device} is not a camera but a file: {_FIND}")
    try:
        os.close(os.open(device, os.O_RDWR | os.O_NONBLOCK))
    except OSError as error:
        raise SensorError(SensorReason.UNREADABLE, _refusal(device, error)) from error


def _refusal(device: Path, error: OSError) -> str:
    match error.errno:
        case errno.EACCES | errno.EPERM:
            return f"no permission to open {device}: add the program's user to the group `video`"
        case errno.EBUSY:
            return f"{device} is in use by another program: stop that one (`fuser {device}` names it)"
        case _:
            return f"{device} cannot be opened ({error.strerror}): unplug the camera and plug it in again"
