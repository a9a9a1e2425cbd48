"""The door to picamera2 and libcamera: what of them is used, with types, and why they may not be there.

Both come from the system, not from a package index (libcamera's Python binding belongs to the libcamera that the
system runs). They are imported when the first camera is opened, which takes a Raspberry Pi a second or two.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from edge.errors import SensorError, SensorReason

_INSTALL = (
    "on a Raspberry Pi install it with `sudo apt install python3-picamera2` and make the virtual environment of "
    "Anodyne with `--system-site-packages`; elsewhere use the driver v4l2"
)


class Transform(Protocol):
    """Which way libcamera turns the picture."""

    @property
    def hflip(self) -> bool | int:
        """Left and right exchanged."""
        ...

    @property
    def vflip(self) -> bool | int:
        """Top and bottom exchanged."""
        ...


class Request(Protocol):
    """One finished picture; its buffers belong to the camera until they are released."""

    def get_metadata(self) -> Mapping[str, object]:
        """What libcamera tells of the picture."""
        ...

    def release(self) -> None:
        """Give the buffers back to the camera."""
        ...


class Job(Protocol):
    """A request that was asked for and has not come yet."""


class Camera(Protocol):
    """The part of `picamera2.Picamera2` that is used."""

    @property
    def camera_controls(self) -> Mapping[str, object]:
        """Controls that this camera advertises, each with (least, greatest, default)."""
        ...

    @property
    def camera_properties(self) -> Mapping[str, object]:
        """Fixed properties."""
        ...

    @property
    def sensor_modes(self) -> Sequence[Mapping[str, object]]:
        """Read-out modes of the sensor; asking for them reconfigures the camera."""
        ...

    def create_video_configuration(self, **settings: object) -> dict[str, object]:
        """A configuration for a steady rate."""
        ...

    def create_still_configuration(self, **settings: object) -> dict[str, object]:
        """A configuration for the best single picture."""
        ...

    def configure(self, camera_config: dict[str, object]) -> None:
        """Set the camera up; libcamera may adjust what was asked for."""
        ...

    def camera_configuration(self) -> Mapping[str, object]:
        """The configuration as adjusted."""
        ...

    def start(self) -> None:
        """Let pictures flow."""
        ...

    def capture_request(self, *, wait: Literal[False]) -> Job:
        """Ask for the next picture."""
        ...

    def wait(self, job: Job, timeout: float) -> Request:
        """Wait for what was asked for; TimeoutError when it takes longer."""
        ...

    def cancel_all_and_flush(self) -> None:
        """Forget every picture that was asked for."""
        ...

    def close(self) -> None:
        """Stop and release the camera."""
        ...


def load() -> None:
    """Import the libraries.

    Raises:
        SensorError: NOT_INSTALLED, not retryable: they are missing, or do not fit the packages beside them.
    """
    try:
        import libcamera
        import picamera2  # noqa: F401  # only to see whether it is there
    except ImportError as error:
        missing = error.name in ("picamera2", "libcamera")
        what = f"{error.name} is not installed" if missing else f"picamera2 cannot be used ({error})"
        raise SensorError(SensorReason.NOT_INSTALLED, f"{what}: {_INSTALL}", retryable=False) from error
    except ValueError as error:
        # "numpy.dtype size changed": the system's compiled packages were built for another numpy.
        raise SensorError(
            SensorReason.NOT_INSTALLED,
            f"picamera2 does not fit this environment's numpy {np.__version__} ({error}): install the numpy that the "
            "system has (`/usr/bin/python3 -c 'import numpy; print(numpy.__version__)'`)",
            retryable=False,
        ) from error
    del libcamera
    # What it logs as errors it raises as well; a busy camera would have a line in the journal with every attempt.
    logging.getLogger("picamera2.picamera2").setLevel(logging.CRITICAL)


def attached() -> list[Mapping[str, object]]:
    """All cameras that libcamera sees, in picamera2's order: `Model`, `Id`, `Location`, `Rotation`."""
    from picamera2 import Picamera2

    return list(Picamera2.global_camera_info())


def open_camera(number: int, tuning: str | None) -> Camera:
    """Acquire a camera.

    A constructor of picamera2 that fails leaves its pipe open; with a try every half minute a busy camera would use up
    the process's descriptors in a day, so the pipe is closed here.

    Args:
        number: place in `attached()`.
        tuning: name of a tuning file of the system, such as "imx219_noir.json".

    Raises:
        RuntimeError: picamera2 or libcamera refuses.
        SensorError: NOT_FOUND, there is no such tuning file.
    """
    from picamera2 import Picamera2

    camera = Picamera2.__new__(Picamera2)
    try:
        camera.__init__(number, tuning=None if tuning is None else _tuning(tuning))
    except Exception:
        if hasattr(camera, "notifymeread"):
            camera.notifymeread.close()
            os.close(camera.notifyme_w)
        raise
    opened: Camera = camera
    return opened


def _tuning(name: str) -> object:
    from picamera2 import Picamera2

    try:
        tuning: object = Picamera2.load_tuning_file(name)
    except RuntimeError as error:
        raise SensorError(
            SensorReason.NOT_FOUND,
            f"there is no tuning file {name}: the names are those below /usr/share/libcamera/ipa/rpi",
            retryable=False,
        ) from error
    return tuning


def transform(*, hflip: bool, vflip: bool) -> Transform:
    """A turn of the picture; both flips together turn it by 180 degrees."""
    from libcamera import Transform as LibcameraTransform

    turn: Transform = LibcameraTransform(hflip=hflip, vflip=vflip)
    return turn


def full_range() -> object:
    """The colour space whose luminance runs from 0 to 255, as in JPEG files; video's runs from 16 to 235."""
    from libcamera import ColorSpace

    space: object = ColorSpace.Sycc()
    return space


def exposure_mode(name: Literal["Short", "Long"]) -> object:
    """How libcamera's exposure control weighs exposure time against gain."""
    from libcamera import controls

    modes: dict[str, object] = {
        "Short": controls.AeExposureModeEnum.Short,
        "Long": controls.AeExposureModeEnum.Long,
    }
    return modes[name]


def read(request: Request, copy: Callable[[NDArray[np.uint8]], NDArray[np.uint8]]) -> NDArray[np.uint8]:
    """What `copy` takes from the bytes of a picture, (n,) uint8, where they lie: it must not keep a view of them."""
    from picamera2 import MappedArray

    # No name for the array itself: picamera2 cannot unmap a buffer that is still referred to.
    with MappedArray(request, "main", reshape=False, write=False) as view:
        copied: NDArray[np.uint8] = copy(view.array)
    return copied
