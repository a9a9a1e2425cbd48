"""A stand-in for the packages picamera2 and libcamera: the documented API that the driver calls, and nothing more.

Its signatures are held against a record of the real package's (tests/picamera2/signatures.json). A camera makes
pictures in a thread, at the rate that its controls ask for, as long as it has buffers; it keeps count of what was not
given back.
"""

from __future__ import annotations

import itertools
import os
import sys
import threading
import time
import types
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass, field
from functools import cache
from typing import ClassVar

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.picamera2 import pictures

STRIDE_ALIGN = 64
"""Rows of a Raspberry Pi's image processor begin at multiples of this."""

PI_CONTROLS = ("FrameDurationLimits", "AeEnable", "AeExposureMode", "AwbEnable", "ColourGains", "NoiseReductionMode")
"""Some of what a colour camera on a Raspberry Pi advertises."""


_picture = cache(pictures.picture)  # drawing one takes longer than a camera's period


@dataclass
class Device:
    """One camera that is plugged in, and how it behaves.

    Attributes:
        model, id: as libcamera tells them.
        properties: fixed properties; a Raspberry Pi's camera has ColorFilterArrangement.
        modes: what `sensor_modes` lists.
        controls: names of the advertised controls.
        format: what the image processor gives, whatever was asked for.
        turns: whether it can turn pictures itself.
        rate_hz: pictures per second; None for what the controls ask for.
        stamp: from the present to the SensorTimestamp; None for no time stamp.
        picture: the n-th picture, (height, width) uint8.
        busy: whether another program holds it.
        refuses: the method that fails, and how.
        frozen: makes no more pictures while set.
        late: completes what was asked for at the moment that it is withdrawn.
        hangs: waiting for a picture does not end while set, whatever its time-out.
    """

    model: str = "imx219"
    id: str = "/base/soc/i2c0mux/i2c@1/imx219@10"
    properties: Mapping[str, object] = field(default_factory=lambda: {"ColorFilterArrangement": 0})
    modes: Sequence[Mapping[str, object]] = ()
    controls: tuple[str, ...] = PI_CONTROLS
    format: str = "YUV420"
    turns: bool = True
    rate_hz: float | None = None
    stamp: Callable[[int], int] | None = lambda now_ns: now_ns - 20_000_000
    picture: Callable[[int], NDArray[np.uint8]] = lambda number: _picture(number % 17)
    busy: bool = False
    refuses: tuple[str, Exception] | None = None
    frozen: threading.Event = field(default_factory=threading.Event)
    late: bool = False
    hangs: threading.Event = field(default_factory=threading.Event)


@dataclass
class Rig:
    """The machine: what is plugged in, and every camera object that was made.

    Attributes:
        devices: in picamera2's order.
        tunings: tuning files of the system.
        opened: camera objects, oldest first.
        manager_fault: why libcamera cannot even look for cameras.
    """

    devices: list[Device] = field(default_factory=lambda: [Device()])
    tunings: dict[str, dict[str, object]] = field(default_factory=dict)
    opened: list[Picamera2] = field(default_factory=list)
    manager_fault: Exception | None = None

    def install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Let this process import the stand-ins until the end of the test."""
        monkeypatch.setattr(Picamera2, "rig", self, raising=False)
        package = types.ModuleType("picamera2")
        package.__dict__.update(Picamera2=Picamera2, MappedArray=MappedArray, CompletedRequest=CompletedRequest)
        library = types.ModuleType("libcamera")
        library.__dict__.update(Transform=Transform, ColorSpace=ColorSpace, controls=controls)
        monkeypatch.setitem(sys.modules, "picamera2", package)
        monkeypatch.setitem(sys.modules, "libcamera", library)


class Transform:
    """libcamera's."""

    def __init__(self, hflip: bool | int = False, vflip: bool | int = False) -> None:
        """Which sides are exchanged."""
        self.hflip = bool(hflip)
        self.vflip = bool(vflip)


class ColorSpace:
    """libcamera's."""

    def __init__(self, name: str) -> None:
        """One of libcamera's colour spaces."""
        self.name = name

    @staticmethod
    def Sycc() -> ColorSpace:  # noqa: N802  # libcamera's name
        """That of JPEG files."""
        return ColorSpace("sYCC")


class controls:  # noqa: N801  # libcamera's name
    """libcamera's."""

    class AeExposureModeEnum:
        """Weighs exposure time against gain."""

        Short = "short"
        Long = "long"


class CompletedRequest:
    """One picture in a buffer."""

    def __init__(self, camera: Picamera2, buffer: NDArray[np.uint8], metadata: dict[str, object]) -> None:
        """Held by its camera's queue until it is handed out."""
        self.buffer = buffer
        self._camera = camera
        self._metadata = metadata
        self._uses = 1

    def acquire(self) -> None:
        """One more user."""
        self._uses += 1

    def release(self) -> None:
        """One user less; the last one gives the buffer back."""
        self._uses -= 1
        if self._uses < 0:
            raise RuntimeError("CompletedRequest: lock now has negative ref_count")
        if self._uses == 0:
            self._camera.held.discard(self)

    def get_metadata(self) -> dict[str, object]:
        """What is known of the picture."""
        if self._uses == 0:
            raise AssertionError("the request was given back already")
        return self._metadata


class MappedArray:
    """A picture's bytes where they lie."""

    def __init__(self, request: CompletedRequest, stream: str, reshape: bool = True, write: bool = True) -> None:
        """Only the whole main buffer, for reading."""
        assert (stream, reshape, write) == ("main", False, False)
        self._request = request
        self._array: NDArray[np.uint8] | None = None

    def __enter__(self) -> MappedArray:
        """Map."""
        self._array = self._request.buffer
        return self

    def __exit__(self, exc_type: object, exc_value: object, exc_traceback: object) -> None:
        """Unmap: the memory is somebody else's from now on."""
        self._array = None

    @property
    def array(self) -> NDArray[np.uint8] | None:
        """The bytes, (n,) uint8."""
        return self._array


class Job:
    """A picture that was asked for."""

    def __init__(self) -> None:
        """Not there yet."""
        self.future: Future[CompletedRequest] = Future()


class Picamera2:
    """The camera class."""

    rig: ClassVar[Rig]

    def __init__(
        self,
        camera_num: int = 0,
        verbose_console: object = None,
        tuning: object = None,
        allocator: object = None,
    ) -> None:
        """Acquire. As in the real one, the pipe stays open if that fails."""
        del verbose_console, allocator
        reader, self.notifyme_w = os.pipe2(os.O_NONBLOCK)
        self.notifymeread = os.fdopen(reader, "rb")
        if camera_num >= len(self.rig.devices):
            raise RuntimeError(f"No camera number {camera_num} found")
        self.device = self.rig.devices[camera_num]
        try:
            self._acquire()
        except Exception as error:
            raise RuntimeError("Camera __init__ sequence did not complete.") from error
        self.tuning = tuning
        self.is_open = True
        self.held: set[CompletedRequest] = set()
        self.asked: dict[str, object] = {}
        self._given: dict[str, object] = {}
        self._jobs: list[Job] = []
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self.device.busy = True
        self.rig.opened.append(self)

    @staticmethod
    def global_camera_info() -> list[dict[str, object]]:
        """All cameras."""
        if Picamera2.rig.manager_fault is not None:
            raise Picamera2.rig.manager_fault
        return [
            {"Model": device.model, "Id": device.id, "Location": 2, "Rotation": 0, "Num": number}
            for number, device in enumerate(Picamera2.rig.devices)
        ]

    @staticmethod
    def load_tuning_file(tuning_file: str, dir: str | None = None) -> dict[str, object]:  # noqa: A002  # its name
        """A file of the system."""
        del dir
        if tuning_file not in Picamera2.rig.tunings:
            raise RuntimeError("Tuning file not found")
        return Picamera2.rig.tunings[tuning_file]

    @property
    def camera_controls(self) -> dict[str, tuple[object, object, object]]:
        """What may be set."""
        return dict.fromkeys(self.device.controls, (0, 1, None))

    @property
    def camera_properties(self) -> Mapping[str, object]:
        """What is fixed."""
        return self.device.properties

    @property
    def sensor_modes(self) -> Sequence[Mapping[str, object]]:
        """The sensor's read-out modes; only a Raspberry Pi's camera has any."""
        assert "ColorFilterArrangement" in self.device.properties
        return self.device.modes

    def create_video_configuration(
        self,
        main: dict[str, object] = {},  # noqa: B006  # as in the real one
        lores: object = None,
        raw: object = {},
        transform: Transform = Transform(),  # noqa: B008 - as the real one declares it
        colour_space: ColorSpace | None = None,
        buffer_count: int = 6,
        controls: dict[str, object] = {},  # noqa: B006 - as the real one declares it
        display: str | None = "main",
        encode: str | None = "main",
        queue: bool = True,
        sensor: object = {},
        use_case: str = "video",
    ) -> dict[str, object]:
        """For a steady rate."""
        given = {"main": main, "lores": lores, "raw": raw, "transform": transform, "colour_space": colour_space}
        rest = {"display": display, "encode": encode, "queue": queue, "sensor": sensor, "use_case": use_case}
        return given | rest | {"buffer_count": buffer_count, "controls": controls}

    def create_still_configuration(
        self,
        main: dict[str, object] = {},  # noqa: B006 - as the real one declares it
        lores: object = None,
        raw: object = {},
        transform: Transform = Transform(),  # noqa: B008 - as the real one declares it
        colour_space: ColorSpace = ColorSpace.Sycc(),  # noqa: B008 - as the real one declares it
        buffer_count: int = 1,
        controls: dict[str, object] = {},  # noqa: B006 - as the real one declares it
        display: str | None = None,
        encode: str | None = None,
        queue: bool = True,
        sensor: object = {},
        use_case: str = "still",
    ) -> dict[str, object]:
        """For single pictures."""
        return self.create_video_configuration(
            main, lores, raw, transform, colour_space, buffer_count, controls, display, encode, queue, sensor, use_case
        )

    def configure(self, camera_config: dict[str, object] | None = None) -> None:
        """Take the configuration, adjusted to what the camera can do."""
        self._refuse("configure")
        assert camera_config is not None
        assert self._thread is None, "Camera must be stopped before configuring"
        self.asked = camera_config
        wanted = camera_config["controls"]
        assert isinstance(wanted, dict)
        for name in wanted:
            if name not in self.device.controls:
                raise RuntimeError(f"Control {name} is not advertised by libcamera")
        main = camera_config["main"]
        assert isinstance(main, dict)
        width, height = main["size"]
        if width % 2 or height % 2:
            raise RuntimeError("width and height should be even")
        stride = -(-width // STRIDE_ALIGN) * STRIDE_ALIGN
        adjusted = {"format": self.device.format, "size": (width, height), "stride": stride}
        transform = camera_config["transform"] if self.device.turns else Transform()
        self._given = camera_config | {"main": adjusted, "transform": transform}

    def camera_configuration(self) -> dict[str, object]:
        """As adjusted."""
        return self._given

    def start(self, config: object = None, show_preview: object = False) -> None:
        """Let pictures flow."""
        del config, show_preview
        self._refuse("start")
        self._stop.clear()
        self._thread = threading.Thread(target=self._run, name="fake camera", daemon=True)
        self._thread.start()

    def capture_request(self, wait: bool | None = None, signal_function: object = None, flush: object = None) -> Job:
        """Ask for the next picture; only without waiting here."""
        del signal_function, flush
        assert wait is False
        self._refuse("capture_request")
        job = Job()
        with self._lock:
            self._jobs.append(job)
        return job

    def wait(self, job: Job, timeout: float | None = None) -> CompletedRequest:
        """Wait for what was asked for."""
        while self.device.hangs.is_set():
            time.sleep(0.01)
        return job.future.result(timeout)

    def cancel_all_and_flush(self) -> None:
        """Withdraw all."""
        with self._lock:
            jobs, self._jobs = self._jobs, []
        for job in jobs:
            if self.device.late:
                job.future.set_result(self._request(0))
            else:
                job.future.set_exception(CancelledError())

    def stop(self) -> None:
        """Stop pictures."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def close(self) -> None:
        """Stop and release."""
        if not self.is_open:
            return
        self.stop()
        self.is_open = False
        self.device.busy = False
        self.notifymeread.close()
        os.close(self.notifyme_w)
        self._refuse("close")

    def _acquire(self) -> None:
        if self.device.busy:
            raise RuntimeError("Failed to acquire camera: Device or resource busy")
        self._refuse("acquire")

    def _refuse(self, method: str) -> None:
        if self.device.refuses is not None and self.device.refuses[0] == method:
            raise self.device.refuses[1]

    def _run(self) -> None:
        period_s = 1.0 / (self.device.rate_hz or self._wanted_hz())
        for number in itertools.count():
            if self._stop.wait(period_s):
                return
            with self._lock:
                buffers = self._given["buffer_count"]
                assert isinstance(buffers, int)
                if self._jobs and not self.device.frozen.is_set() and len(self.held) < buffers:
                    self._jobs.pop(0).future.set_result(self._request(number))

    def _wanted_hz(self) -> float:
        wanted = self.asked["controls"]
        assert isinstance(wanted, dict)
        return 1e6 / wanted["FrameDurationLimits"][0] if "FrameDurationLimits" in wanted else 30.0

    def _request(self, number: int) -> CompletedRequest:
        main = self._given["main"]
        assert isinstance(main, dict)
        (width, height), stride = main["size"], main["stride"]
        turn = self._given["transform"]
        assert isinstance(turn, Transform)
        buffer = np.full((height * 3 // 2, stride), 99, np.uint8)
        gray = self.device.picture(number)[:height, :width]
        buffer[:height, :width] = gray[:: -1 if turn.vflip else 1, :: -1 if turn.hflip else 1]
        stamp = {} if self.device.stamp is None else {"SensorTimestamp": self.device.stamp(time.monotonic_ns())}
        request = CompletedRequest(self, buffer.reshape(-1), {**stamp})
        self.held.add(request)
        return request
