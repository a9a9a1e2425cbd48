"""USB and CSI cameras through Video4Linux2."""

from __future__ import annotations

import errno
import fcntl
import logging
import os
import stat
import struct
from pathlib import Path

import cv2

from edge.clock import Clock
from edge.errors import SensorError, SensorReason
from edge.sensors.camera.capture import READ_TIMEOUT_S
from edge.sensors.camera.live import LiveCamera
from edge.sensors.camera.source import OpenCvSource, Source
from edge.sensors.camera.stanzas import V4l2Camera
from edge.sensors.camera.v4l2_node import KnownNode

log = logging.getLogger(__name__)

LOOK_S = 0.5
"""Time between two looks for a camera that is unplugged."""

SETTLE_S = 0.3
"""Time that udev takes to give a new node its group and its links."""

BUFFERS = 3
"""One that the camera fills, one that is full, one that is read: with a single one the camera has nowhere to put the
picture that begins meanwhile and leaves it out (measured on the kernel's `vivid`, emulated processor, 640x480: 18 of 30
pictures a second with one buffer, 24 with two, 25 with three or four). Pictures do not grow old in them: the reading
thread empties them faster than any camera fills them."""

_REQBUFS = 0xC0145608
"""VIDIOC_REQBUFS of <linux/videodev2.h>: _IOWR('V', 8, struct v4l2_requestbuffers), 20 bytes."""

_NO_BUFFERS = struct.pack("<3I8x", 0, 1, 1)
"""None, for capture, in the kernel's memory: changes nothing, and is refused while another program has some."""

_FIND = "list the cameras with `v4l2-ctl --list-devices` or `ls /dev/v4l/by-id/` and correct `device`"


class V4l2(LiveCamera):
    """A camera node such as /dev/video0, read in a thread; the newest picture wins.

    Args:
        config: its stanza.
        clock: stamps pictures without a time of their own.
    """

    def __init__(self, config: V4l2Camera, clock: Clock) -> None:
        """Open nothing yet."""
        super().__init__(config, clock)
        self._config = config
        self._node = KnownNode(Path(config.device))

    def open_source(self) -> Source:
        """Find the camera and open it.

        Raises:
            SensorError: NOT_FOUND (no such node), AMBIGUOUS (two of a kind have come back), UNREADABLE (no permission),
                IN_USE (by another program), WRONG_DEVICE (not a camera, or without pictures of the wanted format).
        """
        node = self._node.locate()
        check_node(node)
        source = _open(node)
        try:
            self._set_up(source, node)
        except SensorError:
            source.release()
            raise
        self._node.remember(node)
        return OpenCvSource(source, stamped=True)

    async def until_back(self) -> None:
        """Return when the camera, having been unplugged, is there again; never if it has been there all the time."""
        while await self._clock.in_thread(self._node.present):
            await self._clock.sleep(LOOK_S)
        while not await self._clock.in_thread(self._node.present):
            await self._clock.sleep(LOOK_S)
        await self._clock.sleep(SETTLE_S)

    def _set_up(self, source: cv2.VideoCapture, node: Path) -> None:
        if self._config.format != "auto":
            wanted = cv2.VideoWriter.fourcc(*self._config.format.upper())
            source.set(cv2.CAP_PROP_FOURCC, wanted)
            if int(source.get(cv2.CAP_PROP_FOURCC)) != wanted:
                raise SensorError(
                    SensorReason.WRONG_DEVICE,
                    f'{node} gives no pictures of the format "{self._config.format}": `v4l2-ctl -d {node} '
                    "--list-formats` lists those it gives; correct `format`",
                )
        source.set(cv2.CAP_PROP_FRAME_WIDTH, self._config.width_px)
        source.set(cv2.CAP_PROP_FRAME_HEIGHT, self._config.height_px)
        # The camera's own rate stays as it is: at a lower one most of them expose longer, and faces blur.
        source.set(cv2.CAP_PROP_BUFFERSIZE, BUFFERS)


def _open(node: Path) -> cv2.VideoCapture:
    os.environ.setdefault("OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT", str(READ_TIMEOUT_S))
    # Its complaints go past the log, at every attempt that meets a camera in use; the errors here say it once.
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    source = cv2.VideoCapture(str(node), cv2.CAP_V4L2)
    if not source.isOpened():
        check_free(node)
        raise SensorError(SensorReason.WRONG_DEVICE, f"{node} is not a camera that can be read: {_FIND}")
    return source


def check_node(device: Path) -> None:
    """Say in plain words why a device node cannot be opened; OpenCV itself only says that it could not.

    Raises:
        SensorError: NOT_FOUND, WRONG_DEVICE, IN_USE or UNREADABLE.
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
        reason = SensorReason.IN_USE if error.errno == errno.EBUSY else SensorReason.UNREADABLE
        raise SensorError(reason, _refusal(device, error)) from error


def check_free(device: Path) -> None:
    """Ask whether another program takes the pictures: any may open a node, only one may have its buffers.

    Raises:
        SensorError: IN_USE.
    """
    try:
        descriptor = os.open(device, os.O_RDWR | os.O_NONBLOCK)
        try:
            fcntl.ioctl(descriptor, _REQBUFS, _NO_BUFFERS)
        finally:
            os.close(descriptor)
    except OSError as error:
        if error.errno == errno.EBUSY:
            raise SensorError(SensorReason.IN_USE, _refusal(device, error)) from error
        log.debug("%s: asked for no buffers: %s", device, error)


def _refusal(device: Path, error: OSError) -> str:
    match error.errno:
        case errno.EACCES | errno.EPERM:
            return f"no permission to open {device}: add the program's user to the group `video`"
        case errno.EBUSY:
            return f"{device} is in use by another program: stop that one (`fuser {device}` names it)"
        case _:
            return f"{device} cannot be opened ({error.strerror}): unplug the camera and plug it in again"
