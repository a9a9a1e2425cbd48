"""Raspberry Pi cameras through picamera2: the luminance plane goes to the networks as it comes from the sensor.

The camera's image processor writes YUV 4:2:0 in the size that was asked for; its first plane is the gray picture. It
is copied once, out of the camera's buffer, and nothing is converted.
"""

from __future__ import annotations

import logging
from concurrent.futures import CancelledError

import numpy as np
from numpy.typing import NDArray

from edge.clock import Clock
from edge.errors import SensorError, SensorReason
from edge.sensors.camera import picamera2_api as api
from edge.sensors.camera import picamera2_setup as setup
from edge.sensors.camera.live import LiveCamera
from edge.sensors.camera.stanzas import Picamera2Camera

log = logging.getLogger(__name__)

BUFFERS = 4
"""Pictures in the making: one is exposed, one is read out, one is processed, one is copied here. At 640x480 that is
1.8 MB; picamera2's own six for video are meant for encoders that lag behind."""

POLL_S = 0.5
"""Longest wait for one picture before the thread looks whether it is to stop: over twice the longest frame at night."""

BUSY = ("Device or resource busy", "unexpected code: -16", "in use by another process")
"""How libcamera and picamera2, of several versions, say that somebody else holds the camera (EBUSY is 16)."""


class Picamera2(LiveCamera):
    """A CSI camera of a Raspberry Pi.

    Opening it may also raise NOT_INSTALLED (no picamera2; not retryable), NOT_FOUND (no such camera or tuning file),
    IN_USE (by another program), UNREADABLE (libcamera refuses) and WRONG_DEVICE (no luminance plane; not retryable).

    Args:
        config: its stanza.
        clock: gives the time that the camera's time stamps are compared with.
    """

    def __init__(self, config: Picamera2Camera, clock: Clock) -> None:
        """Open nothing and import nothing yet."""
        super().__init__(config, clock)
        self._config = config

    def open_source(self) -> RequestSource:
        """Acquire the camera, set it up, and let pictures flow."""
        api.load()
        try:
            number = setup.find_camera(api.attached(), self._config.camera)
            camera = api.open_camera(number, self._config.tuning)
        except (RuntimeError, OSError) as error:
            raise _refused(error) from error
        try:
            return RequestSource(camera, self._start(camera))
        except (RuntimeError, OSError) as error:
            _close(camera)
            raise _refused(error) from error
        except Exception:
            _close(camera)
            raise

    def _start(self, camera: api.Camera) -> setup.Layout:
        """Configure the camera and start it; the answer is where its luminance will lie."""
        config = self._config
        size_px = (config.width_px & ~1, config.height_px & ~1)
        modes = camera.sensor_modes if "ColorFilterArrangement" in camera.camera_properties else ()
        still = config.mode == "still"
        hflip, vflip = config.hflip != (config.rotation == 180), config.vflip != (config.rotation == 180)
        create = camera.create_still_configuration if still else camera.create_video_configuration
        wanted = create(
            main={"size": size_px, "format": setup.WANTED_FORMAT},
            raw=None,
            sensor=setup.sensor_mode(modes, size_px, config.rate_hz, finest=still),
            transform=api.transform(hflip=hflip, vflip=vflip),
            colour_space=api.full_range(),
            buffer_count=BUFFERS,
            controls=setup.controls(config.exposure, config.rate_hz, camera.camera_controls, api.exposure_mode),
            display=None,
            encode=None,
            queue=False,
        )
        camera.configure(wanted)
        layout = setup.layout(camera.camera_configuration(), hflip=hflip, vflip=vflip)
        camera.start()
        return layout


class RequestSource:
    """A started camera as a source of pictures.

    picamera2 hands out each picture as a request, whose buffers the camera lacks until it is released. The next one
    is asked for before this one is looked at, so that none is missed; each is released at the latest with the next.

    Args:
        camera: started; closed by `release`.
        layout: where the luminance lies.
    """

    def __init__(self, camera: api.Camera, layout: setup.Layout) -> None:
        """Ask for the first picture."""
        self._camera = camera
        self._layout = layout
        self._request: api.Request | None = None
        self._job: api.Job | None = camera.capture_request(wait=False)

    def grab(self) -> bool:
        """Wait for the next picture.

        Raises:
            SensorError: DISCONNECTED, libcamera has given up.
        """
        self._give_back()
        try:
            self._request = self._finished()
            if self._request is None:
                return False
            self._job = None
            self._job = self._camera.capture_request(wait=False)
        except (RuntimeError, OSError) as error:
            raise SensorError(
                SensorReason.DISCONNECTED, f"libcamera has stopped ({error}): check the camera's ribbon cable"
            ) from error
        return True

    def stamp_ns(self) -> int | None:
        """The kernel's time of the frame's start.

        libcamera's documentation names CLOCK_BOOTTIME for it; the kernel's drivers (and libcamera's virtual camera)
        use CLOCK_MONOTONIC, as this box does. The two differ by the time that the box was suspended: none.
        """
        stamp = None if self._request is None else self._request.get_metadata().get("SensorTimestamp")
        return stamp if isinstance(stamp, int) else None

    def retrieve(self) -> NDArray[np.uint8] | None:
        """The luminance, (height, width)."""
        if self._request is None:
            return None
        pixels = api.read(self._request, self._layout.luma)
        self._give_back()
        return pixels

    def release(self) -> None:
        """Withdraw what was asked for, give back what is held, and close the camera."""
        try:
            self._give_back()
            self._camera.cancel_all_and_flush()
            self._request = self._finished()  # a picture may have come at the last moment
            self._give_back()
        except CancelledError:
            log.debug("the picture that was asked for is withdrawn")
        finally:
            _close(self._camera)

    def _finished(self) -> api.Request | None:
        """The picture that was asked for, or None if it has not come in this time."""
        if self._job is None:
            return None
        try:
            return self._camera.wait(self._job, timeout=POLL_S)
        except TimeoutError:
            return None

    def _give_back(self) -> None:
        request, self._request = self._request, None
        if request is not None:
            request.release()


def _close(camera: api.Camera) -> None:
    """Stop and release a camera; that this fails must not hide why it is closed."""
    try:
        camera.close()
    except (RuntimeError, OSError) as error:
        log.warning("the camera could not be released: %s", error)


def _refused(error: Exception) -> SensorError:
    """Why libcamera refuses: picamera2 wraps its reasons several times, and the innermost says most."""
    texts = []
    inner: BaseException | None = error
    while inner is not None:
        texts.append(str(inner))
        inner = inner.__cause__ or inner.__context__
    if any(sign in text for text in texts for sign in BUSY):
        return SensorError(
            SensorReason.IN_USE,
            "another program is using the camera: stop it (`sudo fuser /dev/media*` names it), for only one can",
        )
    return SensorError(
        SensorReason.UNREADABLE,
        f"libcamera cannot open the camera ({texts[-1]}): check that `rpicam-hello` shows a picture, else its cable",
    )
