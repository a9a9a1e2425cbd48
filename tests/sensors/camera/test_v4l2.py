"""V4L2 cameras: what is said when there is none, and the capture thread that reads them, on real files."""

from __future__ import annotations

import os
from contextlib import aclosing
from pathlib import Path

import cv2
import pytest

from edge.clock import SystemClock
from edge.errors import SensorError, SensorReason
from edge.sensors.camera.capture import Capture
from edge.sensors.camera.stanzas import V4l2Camera
from edge.sensors.camera.v4l2 import V4l2
from tests.sensors.camera.clips import SIZE_PX, number_of, write_clip


async def refusal(device: Path) -> SensorError:
    """The error of opening this device."""
    camera = V4l2(V4l2Camera(driver="v4l2", name="cam", device=str(device)), SystemClock())
    stream = camera.stream()
    async with aclosing(stream):  # type: ignore[type-var]  # every driver's stream is a generator
        with pytest.raises(SensorError) as raised:
            await anext(stream)
    return raised.value


async def test_a_missing_camera_is_not_found_and_tried_again(tmp_path: Path) -> None:
    error = await refusal(tmp_path / "video0")
    assert error.reason is SensorReason.NOT_FOUND
    assert error.retryable
    assert "plug it in" in error.message


async def test_a_file_is_not_a_camera(tmp_path: Path) -> None:
    error = await refusal(write_clip(tmp_path / "clip.avi", 3))
    assert error.reason is SensorReason.WRONG_DEVICE
    assert "not a camera but a file" in error.message


async def test_another_device_is_not_a_camera() -> None:
    error = await refusal(Path(os.devnull))
    assert error.reason is SensorReason.WRONG_DEVICE
    assert "v4l2-ctl --list-devices" in error.message


async def test_a_node_without_its_device_is_unreadable(tmp_path: Path) -> None:
    """A node whose driver is gone, as after pulling out a camera whose node somebody still holds."""
    node = tmp_path / "video0"
    try:
        os.mknod(node, 0o20600, os.makedev(81, 250))
    except PermissionError:
        pytest.skip("making a device node needs root")
    error = await refusal(node)
    assert error.reason is SensorReason.UNREADABLE
    assert "unplug the camera" in error.message or "permission" in error.message


def capture_of(path: Path, rate_hz: float = 1000.0) -> Capture:
    """A capture of a file that is read as fast as it goes."""
    return Capture(SystemClock(), lambda: cv2.VideoCapture(str(path)), rate_hz, SIZE_PX)


async def test_the_newest_picture_wins_and_the_end_is_told(tmp_path: Path) -> None:
    """Nobody waits while the thread reads: only the last picture is left."""
    capture = capture_of(write_clip(tmp_path / "clip.avi", 40), rate_hz=100_000.0)
    capture.start()
    await SystemClock().sleep(0.5)
    shot = await capture.newest()
    assert number_of(shot.pixels) == 39
    assert shot.index == 39
    with pytest.raises(SensorError, match="cable and power") as raised:
        await capture.newest()
    assert raised.value.reason is SensorReason.DISCONNECTED
    await capture.close()


async def test_a_fast_source_is_thinned(tmp_path: Path) -> None:
    capture = capture_of(write_clip(tmp_path / "clip.avi", 200), rate_hz=1.0)
    capture.start()
    assert number_of((await capture.newest()).pixels) == 0
    with pytest.raises(SensorError):
        await capture.newest()  # 200 pictures took less than a second, so no second one was due
    await capture.close()


async def test_a_frozen_source_falls_silent(tmp_path: Path) -> None:
    capture = capture_of(write_clip(tmp_path / "clip.avi", 40, still=True), rate_hz=100_000.0)
    capture.start()
    first = await capture.newest()
    assert first.index == 0
    with pytest.raises(SensorError):
        await capture.newest()
    await capture.close()


async def test_pictures_are_stamped_on_the_boxs_clock(tmp_path: Path) -> None:
    clock = SystemClock()
    before_ns = clock.now_ns()
    capture = capture_of(write_clip(tmp_path / "clip.avi", 5))
    capture.start()
    shot = await capture.newest()
    assert before_ns < shot.measured_ns <= clock.now_ns()
    await capture.close()


async def test_closing_releases_the_source(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "clip.avi", 2000)
    capture = capture_of(path)
    capture.start()
    await capture.newest()
    assert str(path) in _open_files()
    await capture.close()
    assert str(path) not in _open_files()


def _open_files() -> set[str]:
    """Paths that this process holds open."""
    found = set()
    for entry in Path("/proc/self/fd").iterdir():
        try:
            found.add(str(entry.readlink()))
        except FileNotFoundError:
            continue  # the listing's own descriptor
    return found
