"""V4L2 cameras: what is said when there is none."""

from __future__ import annotations

import os
from contextlib import aclosing
from pathlib import Path

import pytest

from edge.clock import SystemClock
from edge.errors import SensorError, SensorReason
from edge.sensors.camera.stanzas import V4l2Camera
from edge.sensors.camera.v4l2 import V4l2
from tests.sensors.camera.clips import write_clip


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
