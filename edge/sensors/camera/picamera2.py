"""Raspberry Pi cameras through picamera2: the luminance plane goes to the networks as it comes from the sensor.

The camera's image processor writes YUV 4:2:0 in the size that was asked for; its first plane is the gray picture. It
is copied once, out of the camera's buffer, and nothing is converted.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray

from edge.clock import Clock
from edge.errors import SensorError, SensorReason
from edge.sensors.camera import picamera2_api as api
from edge.sensors.camera import picamera2_setup as setup
from edge.sensors.camera.newest import NewestFrame
from edge.sensors.camera.stanzas import Picamera2Camera
from edge.types import NS_PER_S, Frame

log = logging.getLogger(__name__)

BUFFERS = 4
"""Pictures in the making: one is exposed, one is read out, one is processed, one is copied here. At 640x480 that is
1.8 MB; picamera2's own six for video are meant for encoders that lag behind."""

POLL_S = 0.25
"""How often the thread looks whether it is to stop."""

SILENCE_S = 10.0
"""A camera without a picture for this long is given up: fifty of the longest frames at night. libcamera keeps trying
for ever when the ribbon cable has come loose."""

JOIN_S = 10.0
"""Longest wait for the thread at the end; stopping a camera takes up to two frames, releasing it tenths of a second."""

STAMP_AGE_S = 1.0
"""A time stamp is believed if it is at most this old: five of the longest frames at night."""

EARLY_SHARE = 0.1
"""A picture may come this share of a period early and still be due: sensors round their frame length."""

BUSY = ("Device or resource busy", "unexpected code: -16", "in use by another process")
"""How libcamera and picamera2, of several versions, say that somebody else holds the camera (EBUSY is 16)."""


class Picamera2:
    """A CSI camera of a Raspberry Pi, read in a thread of its own; the newest picture wins.

    Args:
        config: its stanza.
        clock: gives the time that the camera's time stamps are compared with.
    """

    def __init__(self, config: Picamera2Camera, clock: Clock) -> None:
        """Open nothing and import nothing yet."""
        self._config = config
        self._clock = clock
        self._reader: _Reader | None = None

    @property
    def name(self) -> str:
        """Name from the configuration."""
        return self._config.name

    @property
    def stall_after_s(self) -> float:
        """Ten missed pictures, at least two seconds (ten of the longest frames at night) and at most three."""
        return min(3.0, max(2.0, 10.0 / self._config.rate_hz))

    async def stream(self) -> AsyncIterator[Frame]:
        """Frames until the camera fails.

        Raises:
            SensorError: NOT_INSTALLED (no picamera2, not retryable), NOT_FOUND (no such camera), IN_USE (by another
                program, or by a thread of this one that hangs), UNREADABLE (libcamera refuses), WRONG_DEVICE (no
                luminance plane, not retryable), TIMED_OUT (no pictures: a loose ribbon cable).
        """
        if self._reader is not None and self._reader.hangs:
            raise SensorError(
                SensorReason.IN_USE,
                "the camera's driver hangs and does not let go: restart the box if this stays (`dmesg` may say why)",
            )
        reader = self._reader = _Reader(self._config, self._clock)
        reader.start()
        try:
            while True:
                yield await reader.frames.get()
        finally:
            await reader.close()


class _Reader:
    """The thread that opens, reads and releases one camera."""

    def __init__(self, config: Picamera2Camera, clock: Clock) -> None:
        self.frames = NewestFrame()
        self._config = config
        self._clock = clock
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"camera {config.name}", daemon=True)
        self._pace = _Pace(config.rate_hz)
        self._index = 0
        self._previous: NDArray[np.uint8] | None = None

    @property
    def hangs(self) -> bool:
        """Whether the thread was told to end and has not."""
        return self._stop.is_set() and self._thread.is_alive()

    def start(self) -> None:
        """Open the camera and read it, in the thread."""
        self._thread.start()

    async def close(self) -> None:
        """Stop the thread and wait until the camera is released."""
        self._stop.set()
        await self._clock.in_thread(self._thread.join, JOIN_S)
        if self._thread.is_alive():
            log.error("%s: the camera's driver does not let go of the camera", self._config.name)

    def _run(self) -> None:
        try:
            api.load()
            with _opened(self._config) as camera:
                layout = _started(camera, self._config)
                self._read(camera, layout)
        except (RuntimeError, OSError) as error:
            self.frames.fail(_refused(error))
        except Exception as error:  # noqa: BLE001  # whatever it is, the consumer gets it from `frames`
            self.frames.fail(error)

    def _read(self, camera: api.Camera, layout: setup.Layout) -> None:
        """Follow the camera. The next picture is asked for before this one is looked at, so that none is missed."""
        job: api.Job | None = camera.capture_request(wait=False)
        try:
            seen_ns = self._clock.now_ns()
            while not self._stop.is_set():
                request = _finished(camera, job, POLL_S)
                if request is None:
                    self._check_silence(seen_ns)
                    continue
                seen_ns, job = self._clock.now_ns(), None
                try:
                    job = camera.capture_request(wait=False)
                    self._look(request, layout, seen_ns)
                finally:
                    request.release()
        finally:
            _forget(camera, job)

    def _check_silence(self, seen_ns: int) -> None:
        silent_s = (self._clock.now_ns() - seen_ns) / NS_PER_S
        if silent_s >= SILENCE_S:
            raise SensorError(
                SensorReason.TIMED_OUT,
                f"the camera has given no picture for {silent_s:.0f} s: switch the box off and check the ribbon cable",
            )

    def _look(self, request: api.Request, layout: setup.Layout, now_ns: int) -> None:
        """Hand on a picture that is due. One that repeats the last is held back: a sensor's noise never repeats."""
        measured_ns = exposed_ns(request.get_metadata().get("SensorTimestamp"), now_ns, _suspended_ns())
        if not self._pace.due(measured_ns):
            return
        pixels = api.read(request, layout.luma)
        previous, self._previous = self._previous, pixels
        if previous is not None and np.array_equal(previous, pixels) and pixels.min() != pixels.max():
            return
        self.frames.put(Frame(self._config.name, pixels, measured_ns, self._index))
        self._index += 1


class _Pace:
    """Thins a source that is faster than wanted; the image processor's own rate is set as well, but not all heed it."""

    def __init__(self, rate_hz: float) -> None:
        self._period_ns = round(NS_PER_S / rate_hz)
        self._due_ns = 0

    def due(self, measured_ns: int) -> bool:
        """Whether a picture of this moment is wanted."""
        if measured_ns < self._due_ns - EARLY_SHARE * self._period_ns:
            return False
        in_phase_ns = self._due_ns + self._period_ns
        self._due_ns = in_phase_ns if in_phase_ns > measured_ns else measured_ns + self._period_ns
        return True


def exposed_ns(stamp_ns: object, now_ns: int, suspended_ns: int) -> int:
    """When a picture was exposed, on the monotonic clock.

    libcamera's `SensorTimestamp` is the kernel's time of the frame's start. Its documentation names CLOCK_BOOTTIME;
    the kernel's drivers (and libcamera's virtual camera) use CLOCK_MONOTONIC. The two differ by the time that the box
    has been suspended, which on a Raspberry Pi is none. Here either is taken, and the present if neither makes sense.

    Args:
        stamp_ns: the time stamp, if there is one.
        now_ns: the present on the monotonic clock.
        suspended_ns: how far CLOCK_BOOTTIME is ahead of it.
    """
    if isinstance(stamp_ns, int):
        for candidate_ns in (stamp_ns, stamp_ns - suspended_ns):
            if 0 <= now_ns - candidate_ns <= STAMP_AGE_S * NS_PER_S:
                return candidate_ns
    return now_ns


def _suspended_ns() -> int:
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME) - time.clock_gettime_ns(time.CLOCK_MONOTONIC)


@contextmanager
def _opened(config: Picamera2Camera) -> Iterator[api.Camera]:
    """The camera, acquired; released at the end whatever happens."""
    number = setup.find_camera(api.attached(), config.camera)
    camera = api.open_camera(number, config.tuning)
    try:
        yield camera
    finally:
        try:
            camera.close()
        except (RuntimeError, OSError) as error:
            log.warning("%s: the camera could not be released: %s", config.name, error)


def _started(camera: api.Camera, config: Picamera2Camera) -> setup.Layout:
    """Configure the camera and let pictures flow."""
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
        controls=setup.controls(
            config.exposure,
            config.rate_hz,
            camera.camera_controls,
            api.exposure_mode("Short"),
            api.exposure_mode("Long"),
        ),
        display=None,
        encode=None,
        queue=False,
    )
    camera.configure(wanted)
    camera.start()
    return setup.layout(camera.camera_configuration(), hflip=hflip, vflip=vflip)


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


def _finished(camera: api.Camera, job: api.Job | None, timeout_s: float) -> api.Request | None:
    """The picture that was asked for, or None if it has not come in this time or none was asked for."""
    if job is None:
        return None
    try:
        return camera.wait(job, timeout=timeout_s)
    except TimeoutError:
        return None


def _forget(camera: api.Camera, job: api.Job | None) -> None:
    """Withdraw what was asked for; a picture that came at the last moment is given back."""
    camera.cancel_all_and_flush()
    try:
        request = _finished(camera, job, POLL_S)
    except CancelledError:
        return
    if request is not None:
        request.release()
