"""The true Video4Linux2 driver under the true connection care, on the kernel's own virtual camera.

Not collected by the everyday suite: `make test-vm` runs it in a virtual machine, as root. The processor there is
emulated and slow, so the limits are those that a nurse cares for, not those of the driver alone.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import pwd
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from edge.clock import SystemClock
from edge.errors import SensorReason
from edge.sensors.backoff import Backoff
from edge.sensors.camera.placing import Placing
from edge.sensors.camera.stanzas import V4l2Camera
from edge.sensors.camera.v4l2 import V4l2
from edge.types import NS_PER_S, SensorState
from tests.sensors.camera.watching import Watch, refusal, watched
from tests.vm import vivid

ANODYNE = "/opt/anodyne/bin/anodyne"

PERIOD_MS = 1001 / 30
"""The camera's, which is NTSC's."""

FIRST = 20.0
"""Seconds for the first picture on an emulated processor."""


@pytest.fixture
def node() -> Iterator[Path]:
    """A camera at /dev/video0."""
    node = vivid.plug_in(0)
    yield node
    vivid.unload()


def camera(device: Path, **keys: object) -> V4l2:
    """The driver of this device."""
    stanza = V4l2Camera.model_validate({"driver": "v4l2", "name": "cam", "device": str(device), **keys})
    return V4l2(stanza, SystemClock())


async def flowing(watch: Watch, count: int = 5) -> None:
    """Wait until it streams and so many more pictures have come."""
    wanted = len(watch.frames) + count
    await watch.until(lambda: len(watch.frames) >= wanted and watch.state is SensorState.STREAMING, FIRST)


def why(watch: Watch) -> SensorReason | None:
    """The reason of its present state."""
    return watch.states[-1].reason


def descriptors() -> int:
    """Open file descriptors of this process."""
    return len(list(Path("/proc/self/fd").iterdir()))


def measured(text: str) -> None:
    """Leave a figure in the output."""
    print(f"MEASURED {text}")


async def test_pictures_are_gray_and_of_the_wanted_rate(node: Path) -> None:
    async with watched(camera(node, rate_hz=10.0)) as watch:
        await flowing(watch, 60)
    frames = watch.frames[-50:]
    assert {frame.pixels.shape for frame in frames} == {(480, 640)}
    assert {frame.pixels.dtype for frame in frames} == {np.dtype(np.uint8)}
    rate_hz = (len(frames) - 1) * NS_PER_S / (frames[-1].measured_ns - frames[0].measured_ns)
    measured(f"{rate_hz:.2f} pictures a second of 10 wanted")
    assert 5.0 <= rate_hz <= 10.5  # 9.96 where nothing else takes the emulated processor's time


async def test_as_many_pictures_as_the_camera_gives_if_all_are_wanted(node: Path) -> None:
    async with watched(camera(node, rate_hz=30.0, width_px=320, height_px=180)) as watch:
        await flowing(watch, 120)
    frames = watch.frames[-100:]
    rate_hz = (len(frames) - 1) * NS_PER_S / (frames[-1].measured_ns - frames[0].measured_ns)
    measured(f"{rate_hz:.2f} pictures a second of 30 wanted, {frames[-1].pixels.shape}")
    assert rate_hz > 12.0  # 21 to 25 where nothing else takes the processor's time


async def test_times_are_the_kernels(node: Path) -> None:
    """Of the start of exposure: before their arrival, and whole periods of the camera apart."""
    vivid.press(node, timestamp_source=1)  # the start of exposure, as cameras on USB stamp
    async with watched(camera(node, rate_hz=10.0)) as watch:
        await flowing(watch, 60)
    ages_ms = np.array(watch.ages_s[-50:]) * 1e3
    steps_ms = np.diff([frame.measured_ns for frame in watch.frames[-50:]]) / 1e6
    measured(f"age {np.median(ages_ms):.1f} ms, at most {ages_ms.max():.1f}; steps {np.median(steps_ms):.2f} ms")
    assert ages_ms.min() > 0.0
    assert np.median(ages_ms) < 150.0
    assert 3 * PERIOD_MS - 1.0 < np.median(steps_ms) < 5 * PERIOD_MS


async def test_the_kernels_stamp_is_believed_as_it_stands(node: Path) -> None:
    vivid.press(node, timestamp_source=1)
    source, clock, placing = camera(node).open_source(), SystemClock(), Placing()
    try:
        for _ in range(20):
            assert source.grab()
            stamp_ns, now_ns = source.stamp_ns(), clock.now_ns()
            assert stamp_ns is not None
            assert 0 <= now_ns - stamp_ns < 0.5 * NS_PER_S
            assert placing.place(stamp_ns, now_ns) == stamp_ns
    finally:
        source.release()


@pytest.mark.parametrize("pixels", ["auto", "yuyv", "grey"])
async def test_every_format_that_it_has_gives_pictures(node: Path, pixels: str) -> None:
    """Colour bars in the order of their luminance: it falls from left to right."""
    async with watched(camera(node, format=pixels)) as watch:
        await flowing(watch)
    bars = watch.frames[-1].pixels[400:450].mean(axis=0)[40::80]
    measured(f"{pixels}: {np.round(bars).astype(int).tolist()}")
    assert (np.diff(bars) < 0).all()


async def test_a_format_that_it_has_not_is_said(node: Path) -> None:
    error = await refusal(camera(node, format="mjpg"))
    assert error.reason is SensorReason.WRONG_DEVICE
    assert '"mjpg"' in error.message


@pytest.mark.parametrize("number", [0, 7])
async def test_a_camera_pulled_out_is_lost_and_found_again_under_any_number(node: Path, number: int) -> None:
    async with watched(camera(node), Backoff()) as watch:
        await flowing(watch, 30)
        vivid.pull_out()
        lost_s = await watch.until(lambda: watch.state is SensorState.LOST, 10.0)
        assert why(watch) is SensorReason.DISCONNECTED
        await asyncio.to_thread(vivid.unload)
        await asyncio.sleep(3.0)
        assert why(watch) is SensorReason.NOT_FOUND
        await asyncio.to_thread(vivid.plug_in, number)
        back_s = await watch.until(lambda: watch.state is SensorState.STREAMING, 10.0)
        await flowing(watch)
    measured(f"lost after {lost_s:.2f} s, streaming {back_s:.2f} s after it was back as /dev/video{number}")


@pytest.mark.usefixtures("node")
async def test_a_lasting_name_leads_to_the_new_number() -> None:
    """A restart of the program in between: only the link is left to go by."""
    vivid.unload()
    vivid.plug_in(5)
    async with watched(camera(vivid.BY_PATH)) as watch:
        await flowing(watch)


async def test_another_camera_under_the_old_number_is_not_taken(node: Path) -> None:
    driver = camera(node)
    async with watched(driver) as watch:
        await flowing(watch, 10)
        vivid.pull_out()
        await watch.until(lambda: watch.state is SensorState.LOST)
        await asyncio.to_thread(vivid.unload)
        await asyncio.to_thread(vivid.plug_in, 1, 2)  # the known one as /dev/video1, a second as /dev/video2
        await watch.until(lambda: watch.state is SensorState.STREAMING, 10.0)
        vivid.pull_out()
        await watch.until(lambda: watch.state is SensorState.LOST)
        count = len(watch.frames)
        await asyncio.sleep(4.0)
        assert len(watch.frames) == count  # the second one looks at another bed
        assert why(watch) is SensorReason.NOT_FOUND


async def test_a_camera_that_says_it_is_gone_is_lost(node: Path) -> None:
    """The module's button "disconnect": every call answers ENODEV while the node still stands."""
    async with watched(camera(node)) as watch:
        await flowing(watch, 10)
        vivid.press(node, disconnect=1)
        lost_s = await watch.until(lambda: watch.state is SensorState.LOST, 5.0)
        measured(f"lost after {lost_s:.2f} s")
        assert why(watch) is SensorReason.DISCONNECTED


async def test_a_fatal_error_of_the_stream_is_noticed_and_the_camera_opened_anew(node: Path) -> None:
    async with watched(camera(node)) as watch:
        await flowing(watch, 10)
        vivid.press(node, inject_fatal_streaming_error=1)
        noticed_s = await watch.until_noticed()
        count = len(watch.frames)
        back_s = await watch.until(lambda: watch.state is SensorState.STREAMING and len(watch.frames) > count, 15.0)
        await flowing(watch)
    measured(f"noticed after {noticed_s:.2f} s as {watch.states[-2].reason}, streaming {back_s:.2f} s later")
    assert noticed_s < 3.0


async def test_a_damaged_buffer_is_left_out(node: Path) -> None:
    async with watched(camera(node)) as watch:
        await flowing(watch, 10)
        for _ in range(3):
            vivid.press(node, inject_v4l2_buf_flag_error=1)
        await flowing(watch, 20)
    assert watch.reasons(SensorState.LOST) == []
    assert watch.reasons(SensorState.STALLED) == []


async def test_half_of_the_pictures_lost_changes_nothing_but_the_rate(node: Path) -> None:
    async with watched(camera(node, rate_hz=30.0, width_px=320, height_px=180)) as watch:
        await flowing(watch, 10)
        vivid.press(node, percentage_of_dropped_buffers=50)
        await flowing(watch, 60)
    assert watch.reasons(SensorState.LOST) == []
    times_ns = [frame.measured_ns for frame in watch.frames]
    assert all(later > earlier for earlier, later in itertools.pairwise(times_ns))


async def test_a_camera_that_gives_no_pictures_any_more_is_noticed_within_three_seconds(node: Path) -> None:
    async with watched(camera(node)) as watch:
        await flowing(watch, 10)
        vivid.press(node, percentage_of_dropped_buffers=100)
        noticed_s = await watch.until_noticed()
        await watch.until(lambda: watch.state is SensorState.LOST, 15.0)
        vivid.press(node, percentage_of_dropped_buffers=0)
        back_s = await watch.until(lambda: watch.state is SensorState.STREAMING, 20.0)
    measured(f"noticed after {noticed_s:.2f} s, back {back_s:.2f} s after pictures came again")
    assert noticed_s < 3.0


async def test_a_camera_that_repeats_its_picture_is_noticed_within_three_seconds(node: Path) -> None:
    async with watched(camera(node)) as watch:
        await flowing(watch, 10)
        vivid.press(node, osd_text_mode=2)  # without its clock every picture is the same
        noticed_s = await watch.until_noticed()
        await watch.until(lambda: watch.state is SensorState.LOST, 10.0)
        assert "very same picture" in watch.states[-1].detail
        vivid.press(node, osd_text_mode=0)
        await flowing(watch)
    measured(f"noticed after {noticed_s:.2f} s")
    assert noticed_s < 3.0


async def test_a_covered_lens_is_not_a_frozen_camera(node: Path) -> None:
    async with watched(camera(node)) as watch:
        vivid.press(node, osd_text_mode=2, test_pattern=5)
        await flowing(watch, 60)
    assert watch.reasons(SensorState.STALLED) == []
    assert watch.frames[-1].pixels.max() == watch.frames[-1].pixels.min()


async def test_a_camera_that_another_program_reads_is_in_use_and_taken_once_it_is_free(node: Path) -> None:
    with vivid.streaming_elsewhere(node):
        error = await refusal(camera(node))
        assert error.reason is SensorReason.IN_USE
        assert f"fuser {node}" in error.message
    async with watched(camera(node)) as watch:
        await flowing(watch)


async def test_a_user_outside_the_group_video_is_told_so(node: Path) -> None:
    os.seteuid(pwd.getpwnam("stranger").pw_uid)
    try:
        error = await refusal(camera(node))
    finally:
        os.seteuid(0)
    assert error.reason is SensorReason.UNREADABLE
    assert "group `video`" in error.message


async def test_twenty_connections_leave_nothing_behind(node: Path) -> None:
    await _connect_once(node)
    before = descriptors()
    for _ in range(20):
        await _connect_once(node)
    assert descriptors() <= before


async def _connect_once(node: Path) -> None:
    stream = camera(node, width_px=320, height_px=180).stream()
    await anext(stream)
    await stream.aclose()  # type: ignore[attr-defined]  # every driver's stream is a generator


@pytest.mark.usefixtures("node")
async def test_what_scan_prints_works(tmp_path: Path) -> None:
    found = json.loads(await _said("scan", "--seconds", "1", "--json"))
    (offer,) = next(chapter for chapter in found if chapter["kind"] == "camera")["found"]
    assert offer["title"].startswith("vivid at /dev/video0")
    assert offer["keys"] == {"device": str(vivid.BY_PATH)}
    config = tmp_path / "anodyne.toml"
    config.write_text(
        f'[box]\nsite = "vm"\nbed = "1"\nstate_dir = "{tmp_path}"\n[mqtt]\nhost = "127.0.0.1"\n\n{offer["stanza"]}\n'
    )
    print(config.read_text())
    report = json.loads(await _said("sensors", "--config", str(config), "--once", "--json", "--seconds", "25"))
    (sensor,) = report["sensors"]
    measured(f"anodyne sensors: {json.dumps(sensor)[:600]}")
    assert sensor["state"] == "streaming"


async def _said(*arguments: str) -> str:
    process = await asyncio.create_subprocess_exec(ANODYNE, *arguments, stdout=asyncio.subprocess.PIPE)
    output, _ = await process.communicate()
    return output.decode()
