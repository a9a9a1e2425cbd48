"""The thread that reads a live source, and the driver around it, through every way in which a source can freeze."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import aclosing

import pytest

from edge.clock import SystemClock
from edge.errors import SensorReason
from edge.sensors.camera import capture
from edge.sensors.camera.live import HUNG_AT_MOST
from edge.types import Frame, SensorState
from tests.sensors.camera.scripted import ScriptedCamera
from tests.sensors.camera.side_by_side import SideBySide
from tests.sensors.camera.watching import BUSY_MS, NOTICED_S, refusal, watched


@pytest.fixture
def camera() -> Iterator[ScriptedCamera]:
    """A camera; whatever hangs in it is freed at the end."""
    made = ScriptedCamera()
    yield made
    made.source.hang = made.hang_open = False
    made.source.freed.set()


waiting = SideBySide()


def threads(name: str = "cam") -> int:
    """Threads of the camera of this name that are alive."""
    return sum(thread.name == f"camera {name}" for thread in threading.enumerate())


async def noticed_s(fault: str) -> float:
    """Seconds until this fault of a camera is noticed; it goes on without a new connection when the fault is over."""
    camera = ScriptedCamera(name=fault)
    async with watched(camera) as watch:
        await watch.pictures(3)
        setattr(camera.source, fault, True)
        seconds = await watch.until_noticed()
        assert watch.state is SensorState.STALLED
        setattr(camera.source, fault, False)
        camera.source.freed.set()
        await watch.until(lambda: watch.state is SensorState.STREAMING)
        assert camera.opened == 1
    return seconds


@waiting
async def test_every_kind_of_frozen_source_is_noticed_within_three_seconds() -> None:
    """A read that never returns; buffered pictures of then; the same picture for ever; time stamps that stand."""
    faults = ("hang", "old", "same", "standing")
    assert max(await asyncio.gather(*map(noticed_s, faults))) < NOTICED_S


@waiting
async def test_a_source_that_gives_nothing_new_is_connected_anew() -> None:
    camera = ScriptedCamera(name="side")
    async with watched(camera) as watch:
        await watch.pictures(3)
        camera.source.standing = True
        await watch.until(lambda: watch.state is SensorState.LOST)
        assert watch.states[-1].reason is SensorReason.NO_DATA
        camera.source.standing = False
        await watch.until(lambda: watch.state is SensorState.STREAMING)
        assert camera.opened == 2
        assert camera.source.released == 1


@waiting
async def test_the_end_of_a_source_is_told() -> None:
    camera = ScriptedCamera(name="side")
    camera.source.ended = True
    error = await refusal(camera)
    assert error.reason is SensorReason.DISCONNECTED
    assert "cable and power" in error.message
    assert error.retryable
    assert camera.source.released == 1


@waiting
async def test_a_slow_consumer_gets_the_newest_picture() -> None:
    """Its frames are as young at the end as at the beginning."""
    camera = ScriptedCamera(name="side")
    ages_ms = []
    clock = SystemClock()
    stream = camera.stream()
    async with aclosing(stream):  # type: ignore[type-var]  # every driver's stream is a generator
        async for frame in stream:
            await asyncio.sleep(0.35)  # while it looks at one picture, ten more come
            ages_ms.append((clock.now_ns() - frame.measured_ns) / 1e6 - 350)
            if len(ages_ms) == 5:
                break
    assert max(ages_ms) < BUSY_MS


@waiting
async def test_only_pictures_that_are_due_are_decoded() -> None:
    camera = ScriptedCamera(name="side")
    async with watched(camera) as watch:
        await watch.pictures(11)
    assert camera.source.decoded < camera.source.grabs / 2


async def test_hung_threads_are_left_to_themselves_and_are_few(
    camera: ScriptedCamera, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ten connections whose library hangs in opening: three threads at most, and none when it lets go."""
    monkeypatch.setattr(capture, "FIRST_PICTURE_S", 0.05)
    monkeypatch.setattr(capture, "JOIN_S", 0.05)
    before = threads()
    camera.hang_open = True
    reasons = [(await refusal(camera)).reason for _ in range(10)]
    assert reasons == [SensorReason.TIMED_OUT] * HUNG_AT_MOST + [SensorReason.HUNG] * (10 - HUNG_AT_MOST)
    assert threads() - before == HUNG_AT_MOST
    camera.hang_open = False
    camera.source.freed.set()
    for _ in range(100):
        await asyncio.sleep(0.01)
        if threads() == before:
            break
    assert threads() == before
    assert camera.source.released == HUNG_AT_MOST


async def test_a_camera_that_lets_go_can_be_used_again(camera: ScriptedCamera, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capture, "FIRST_PICTURE_S", 0.3)
    monkeypatch.setattr(capture, "JOIN_S", 0.05)
    camera.source.hang = True
    for _ in range(HUNG_AT_MOST + 1):
        await refusal(camera)
    camera.source.hang = False
    camera.source.freed.set()
    await asyncio.sleep(0.2)
    frame: Frame = await anext(camera.stream())
    assert frame.index == 0


async def test_a_hundred_connections_leave_nothing_behind(camera: ScriptedCamera) -> None:
    before = threads()
    camera.source.period_s = 0.002
    for _ in range(100):
        stream = camera.stream()
        async with aclosing(stream):  # type: ignore[type-var]  # every driver's stream is a generator
            await anext(stream)
    assert threads() == before
    assert camera.opened == camera.source.released == 100


async def test_two_cameras_do_not_wait_for_each_other(camera: ScriptedCamera) -> None:
    other = ScriptedCamera()
    camera.source.hang = True
    try:
        async with watched(camera), watched(other) as watch:
            await watch.pictures(5)
            camera.source.hang = False
            camera.source.freed.set()
    finally:
        other.source.freed.set()
