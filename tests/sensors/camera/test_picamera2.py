"""The driver picamera2 against a stand-in with the documented API; `make test-picamera2` runs it on the real one."""

from __future__ import annotations

import asyncio
import gc
import logging
import sys
import threading
import time
import types
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from edge.clock import SystemClock
from edge.errors import SensorError, SensorReason
from edge.sensors.camera.picamera2 import Picamera2
from edge.sensors.camera.stanzas import Picamera2Camera
from edge.sensors.care import supervise
from edge.types import NS_PER_S, Frame, SensorState, SensorStatus
from tests.peers import picamera2_fake
from tests.peers.picamera2_fake import Device, Rig
from tests.picamera2 import pictures, signatures


@pytest.fixture
def rig(monkeypatch: pytest.MonkeyPatch) -> Rig:
    """A machine with one camera, as fast as its stanza wants."""
    rig = Rig()
    rig.install(monkeypatch)
    return rig


@asynccontextmanager
async def streaming(**keys: object) -> AsyncIterator[AsyncIterator[Frame]]:
    """The frames of one connection; the camera is released at the end."""
    values = {"driver": "picamera2", "name": "bedside", "rate_hz": 30.0, **keys}
    stream = Picamera2(Picamera2Camera.model_validate(values), SystemClock()).stream()
    try:
        yield stream
    finally:
        await stream.aclose()  # type: ignore[attr-defined]  # every driver's stream is a generator


async def refusal(**keys: object) -> SensorError:
    """Why the camera cannot be opened."""
    async with streaming(**keys) as stream:
        with pytest.raises(SensorError) as raised:
            await anext(stream)
    return raised.value


def test_the_stand_in_has_the_signatures_of_the_package() -> None:
    classes = {
        "Picamera2": picamera2_fake.Picamera2,
        "CompletedRequest": picamera2_fake.CompletedRequest,
        "MappedArray": picamera2_fake.MappedArray,
    }
    assert signatures.table(classes) == signatures.recorded()


@pytest.mark.parametrize("pixel_format", ["YUV420", "NV12"])
@pytest.mark.parametrize("width_px", [640, 600])
async def test_the_luminance_arrives_unchanged_and_without_padding(rig: Rig, pixel_format: str, width_px: int) -> None:
    rig.devices[0].format = pixel_format
    async with streaming(width_px=width_px) as stream:
        frame = await anext(stream)
    assert frame.pixels.dtype == np.uint8
    np.testing.assert_array_equal(frame.pixels, pictures.picture(pictures.number_of(frame.pixels))[:, :width_px])


async def test_frames_carry_the_sensors_time(rig: Rig) -> None:
    stamps: list[int] = []

    def stamp(now_ns: int) -> int:
        stamps.append(now_ns - 35_000_000)
        return stamps[-1]

    rig.devices[0].stamp = stamp
    async with streaming() as stream:
        frames = [await anext(stream) for _ in range(5)]
    assert [frame.measured_ns for frame in frames] == stamps[:5]


async def test_frames_without_a_time_carry_that_of_their_arrival(rig: Rig) -> None:
    rig.devices[0].stamp = None
    before_ns = time.monotonic_ns()
    async with streaming() as stream:
        frame = await anext(stream)
    assert before_ns < frame.measured_ns <= time.monotonic_ns()


async def test_the_newest_picture_wins_and_numbers_tell_of_the_missed_ones(rig: Rig) -> None:
    rig.devices[0].rate_hz = 30.0
    async with streaming() as stream:
        first = await anext(stream)
        await SystemClock().sleep(0.5)
        second = await anext(stream)
    assert second.index - first.index > 3
    assert second.measured_ns - first.measured_ns > 0.3 * NS_PER_S


async def test_a_camera_of_ten_times_the_rate_is_thinned(rig: Rig) -> None:
    rig.devices[0].rate_hz = 100.0
    async with streaming(rate_hz=10.0) as stream:
        frames = [await anext(stream) for _ in range(8)]
    assert (frames[-1].measured_ns - frames[0].measured_ns) / NS_PER_S >= 0.7 - 0.02
    assert frames[-1].index < 10


async def test_every_buffer_is_given_back(rig: Rig) -> None:
    rig.devices[0].rate_hz = 200.0
    async with streaming(rate_hz=30.0) as stream:
        for _ in range(5):
            await anext(stream)
    assert rig.opened[0].held == set()


async def test_a_picture_that_comes_at_the_last_moment_is_given_back(rig: Rig) -> None:
    rig.devices[0].late = True
    async with streaming() as stream:
        await anext(stream)
    assert rig.opened[0].held == set()


async def test_closing_while_no_picture_comes_is_quick_and_releases(rig: Rig) -> None:
    async with streaming() as stream:
        await anext(stream)
        rig.devices[0].frozen.set()
        closing_ns = time.monotonic_ns()
    assert time.monotonic_ns() - closing_ns < 1.5 * NS_PER_S
    assert not rig.opened[0].is_open


async def test_a_frozen_camera_is_noticed_within_three_seconds_and_opened_anew(rig: Rig) -> None:
    statuses: list[tuple[SensorState, SensorReason | None, int]] = []
    changed = asyncio.Event()

    def on_status(status: SensorStatus) -> None:
        statuses.append((status.state, status.reason, time.monotonic_ns()))
        changed.set()

    async def reached(state: SensorState) -> None:
        while statuses[-1][0] is not state:
            changed.clear()
            await changed.wait()

    stanza = Picamera2Camera(driver="picamera2", name="bedside")
    frames: list[Frame] = []
    care = asyncio.ensure_future(supervise(Picamera2(stanza, SystemClock()), SystemClock(), frames.append, on_status))
    await asyncio.sleep(0)
    await reached(SensorState.STREAMING)
    rig.devices[0].frozen.set()
    await reached(SensorState.STALLED)
    assert statuses[-1][2] - frames[-1].measured_ns < 3.0 * NS_PER_S
    await reached(SensorState.LOST)
    assert statuses[-1][1] is SensorReason.DISCONNECTED
    rig.devices[0].frozen.clear()
    await reached(SensorState.STREAMING)
    care.cancel()
    await asyncio.wait((care,))
    assert len(rig.opened) == 2
    assert not any(camera.is_open for camera in rig.opened)


async def test_a_hundred_connections_leave_nothing_behind(rig: Rig) -> None:
    rig.devices[0].rate_hz = 1000.0
    before = _left()
    for _ in range(100):
        async with streaming() as stream:
            await anext(stream)
    rig.opened.clear()
    gc.collect()
    left = _left()
    assert left[0] <= before[0]
    assert left[1] == before[1]


async def test_a_busy_camera_is_in_use_and_leaks_no_descriptor(rig: Rig) -> None:
    rig.devices[0].busy = True
    before = _left()
    for _ in range(20):
        error = await refusal()
        assert (error.reason, error.retryable) == (SensorReason.IN_USE, True)
    gc.collect()
    left = _left()
    assert left[0] <= before[0]
    assert left[1] == before[1]


def _left() -> tuple[int, int]:
    """Open descriptors, and threads of cameras."""
    threads = [thread for thread in threading.enumerate() if "camera" in thread.name]
    return len(list(Path("/proc/self/fd").iterdir())), len(threads)


async def test_a_camera_that_is_not_there_is_not_found_and_tried_again(rig: Rig) -> None:
    rig.devices.clear()
    error = await refusal()
    assert (error.reason, error.retryable) == (SensorReason.NOT_FOUND, True)
    assert "it sees: none" in error.message


async def test_a_libcamera_that_cannot_look_for_cameras_is_tried_again(rig: Rig) -> None:
    """As libcamera says it in a root without media devices and without udev."""
    rig.manager_fault = RuntimeError("Failed to start CameraManager: No such device")
    error = await refusal()
    assert (error.reason, error.retryable) == (SensorReason.UNREADABLE, True)
    assert "Failed to start CameraManager" in error.message


async def test_without_picamera2_the_reader_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "libcamera", types.ModuleType("libcamera"))
    monkeypatch.setitem(sys.modules, "picamera2", None)
    error = await refusal()
    assert (error.reason, error.retryable) == (SensorReason.NOT_INSTALLED, False)
    assert "apt install python3-picamera2" in error.message
    assert "--system-site-packages" in error.message


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("import a_package_that_is_not_there", "No module named 'a_package_that_is_not_there'"),
        ("raise ValueError('numpy.dtype size changed')", "does not fit this environment's numpy"),
    ],
)
async def test_a_picamera2_that_does_not_import_says_why(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, fault: str, said: str
) -> None:
    """As when the environment's numpy is of another major version than the system's."""
    del rig
    monkeypatch.delitem(sys.modules, "picamera2")
    (tmp_path / "picamera2.py").write_text(fault)
    monkeypatch.syspath_prepend(tmp_path)
    error = await refusal()
    assert (error.reason, error.retryable) == (SensorReason.NOT_INSTALLED, False)
    assert said in error.message


@pytest.mark.parametrize("method", ["acquire", "configure", "start"])
async def test_a_camera_that_libcamera_refuses_is_closed_again(rig: Rig, method: str) -> None:
    rig.devices[0].refuses = (method, RuntimeError("the tea is cold"))
    error = await refusal()
    assert (error.reason, error.retryable) == (SensorReason.UNREADABLE, True)
    assert "the tea is cold" in error.message
    assert not any(camera.is_open for camera in rig.opened)


async def test_a_camera_that_fails_while_it_streams_is_disconnected_and_closed(rig: Rig) -> None:
    async with streaming() as stream:
        await anext(stream)
        rig.devices[0].refuses = ("capture_request", RuntimeError("the tea is cold"))
        with pytest.raises(SensorError, match="the tea is cold") as raised:
            await _last_of(stream)
    assert raised.value.reason is SensorReason.DISCONNECTED
    assert not rig.opened[0].is_open


async def _last_of(stream: AsyncIterator[Frame]) -> None:
    async for _ in stream:
        continue


async def test_a_camera_that_does_not_let_go_is_logged(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    rig.devices[0].refuses = ("close", RuntimeError("the tea is cold"))
    with caplog.at_level(logging.WARNING):
        async with streaming() as stream:
            await anext(stream)
    assert "could not be released: the tea is cold" in caplog.text


async def test_a_usb_camera_is_sent_to_the_other_driver(rig: Rig) -> None:
    rig.devices[0] = Device(model="UVC", properties={}, controls=(), format="MJPEG")
    error = await refusal()
    assert (error.reason, error.retryable) == (SensorReason.WRONG_DEVICE, False)
    assert "driver v4l2" in error.message
    assert not rig.opened[0].is_open


@pytest.mark.parametrize("turns", [True, False], ids=["by the camera", "by the driver"])
@pytest.mark.parametrize(
    ("keys", "back"),
    [
        ({"rotation": 180}, lambda pixels: pixels[::-1, ::-1]),
        ({"hflip": True}, lambda pixels: pixels[:, ::-1]),
        ({"rotation": 180, "hflip": True}, lambda pixels: pixels[::-1]),
    ],
    ids=["180 degrees", "mirrored", "both"],
)
async def test_pictures_are_turned(
    rig: Rig, turns: bool, keys: dict[str, object], back: Callable[[NDArray[np.uint8]], NDArray[np.uint8]]
) -> None:
    rig.devices[0].turns = turns
    async with streaming(**keys) as stream:
        frame = await anext(stream)
    played = back(frame.pixels)
    np.testing.assert_array_equal(played, pictures.picture(pictures.number_of(played)))


async def test_a_tuning_file_is_handed_on(rig: Rig) -> None:
    rig.tunings["imx219_noir.json"] = {"version": 2.0}
    async with streaming(tuning="imx219_noir.json") as stream:
        await anext(stream)
    assert rig.opened[0].tuning == {"version": 2.0}


async def test_a_missing_tuning_file_is_said_to_be(rig: Rig) -> None:
    del rig
    error = await refusal(tuning="imx219_noir.json")
    assert (error.reason, error.retryable) == (SensorReason.NOT_FOUND, False)
    assert "imx219_noir.json" in error.message


@pytest.mark.parametrize("mode", ["video", "still"])
async def test_only_what_is_needed_is_asked_of_the_camera(rig: Rig, mode: str) -> None:
    """No raw stream, no second stream, no queue, few buffers, full-range luminance, and only controls that it has."""
    rig.devices[0].controls = ("FrameDurationLimits",)
    async with streaming(mode=mode, rate_hz=10.0) as stream:
        await anext(stream)
    asked = rig.opened[0].asked
    colour_space = asked["colour_space"]
    assert isinstance(colour_space, picamera2_fake.ColorSpace)
    assert colour_space.name == "sYCC"
    assert asked["use_case"] == mode
    assert {key: asked[key] for key in ("raw", "lores", "queue", "buffer_count", "controls", "sensor")} == {
        "raw": None,
        "lores": None,
        "queue": False,
        "buffer_count": 4,
        "controls": {"FrameDurationLimits": (100_000, 100_000)},
        "sensor": None,
    }
