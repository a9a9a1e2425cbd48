"""The true driver under the true connection care on the real picamera2 and libcamera's virtual camera.

Not collected by the everyday suite: `make test-picamera2` runs it in a Debian 13 root. The virtual camera is unpaced:
it would make 3,500 pictures in a second, and is held to about 400. Its pictures carry their number.
"""

from __future__ import annotations

import asyncio
import gc
import itertools
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from edge.clock import SystemClock
from edge.errors import SensorReason
from edge.sensors.camera.picamera2 import Picamera2
from edge.sensors.camera.stanzas import Picamera2Camera
from edge.sensors.care import supervise
from edge.types import NS_PER_S, Frame, SensorState, SensorStatus
from tests.picamera2 import pictures, signatures
from tests.picamera2.virtual_camera import CompletedRequest, VirtualPicamera2

pytestmark = pytest.mark.filterwarnings("ignore:setDaemon:DeprecationWarning")  # picamera2's own, on Python 3.13

JPEG_ERROR = 3.0
"""Mean absolute difference, in steps of brightness, that coding at quality 95 may leave."""


def stanza(**keys: object) -> Picamera2Camera:
    """A camera's stanza."""
    return Picamera2Camera.model_validate({"driver": "picamera2", "name": "bedside", **keys})


@dataclass
class Story:
    """What connection care told of one camera."""

    frames: list[Frame] = field(default_factory=list)
    arrived_ns: list[int] = field(default_factory=list)
    statuses: list[SensorStatus] = field(default_factory=list)
    status_ns: list[int] = field(default_factory=list)

    def on_frame(self, frame: Frame) -> None:
        """Keep a frame and when it came."""
        self.frames.append(frame)
        self.arrived_ns.append(time.monotonic_ns())

    def on_status(self, status: SensorStatus) -> None:
        """Keep a status and when it came."""
        self.statuses.append(status)
        self.status_ns.append(time.monotonic_ns())

    async def until(self, happened: Callable[[], bool], limit_s: float) -> None:
        """Wait for something to have happened."""
        async with asyncio.timeout(limit_s):
            while not happened():  # noqa: ASYNC110  # the condition is on what is recorded, not on one event
                await asyncio.sleep(0.01)


@asynccontextmanager
async def supervised(config: Picamera2Camera) -> AsyncIterator[Story]:
    """The driver under connection care, ended as the daemon ends it."""
    story = Story()
    driver = Picamera2(config, SystemClock())
    care = asyncio.ensure_future(supervise(driver, SystemClock(), story.on_frame, story.on_status))
    try:
        yield story
    finally:
        care.cancel()
        await asyncio.wait((care,))


def descriptors() -> int:
    """Open file descriptors of this process."""
    return len(list(Path("/proc/self/fd").iterdir()))


async def test_gray_pictures_arrive_as_they_were_played() -> None:
    async with supervised(stanza(rate_hz=30.0)) as story:
        await story.until(lambda: len(story.frames) >= 20, 10.0)
    for frame in story.frames:
        assert frame.pixels.shape == (480, 640)
        assert frame.pixels.dtype == np.uint8
        played = pictures.picture(pictures.number_of(frame.pixels)).astype(float)
        assert np.abs(frame.pixels - played).mean() < JPEG_ERROR
    assert len({pictures.number_of(frame.pixels) for frame in story.frames}) > 5
    assert [status.state for status in story.statuses] == [SensorState.CONNECTING, SensorState.STREAMING]


async def test_times_are_the_sensors_and_the_rate_is_the_wanted_one() -> None:
    async with supervised(stanza(rate_hz=20.0)) as story:
        await story.until(lambda: len(story.frames) >= 41, 10.0)
    measured = np.array([frame.measured_ns for frame in story.frames])
    age_ms = (np.array(story.arrived_ns) - measured) / 1e6
    assert (np.diff(measured) > 0).all()
    assert age_ms.min() > 0  # the camera's stamp, not the time of arrival
    assert np.median(age_ms) < 100
    assert 1.95 <= (measured[-1] - measured[0]) / NS_PER_S < 4.0  # 40 periods, or more where the machine is busy


async def test_the_newest_picture_wins() -> None:
    """A consumer that looks up only now and then sees the present, and the numbers show what it missed."""
    stream = Picamera2(stanza(rate_hz=30.0), SystemClock()).stream()
    indices = []
    async for frame in stream:
        assert time.monotonic_ns() - frame.measured_ns < 0.25 * NS_PER_S
        indices.append(frame.index)
        if len(indices) == 4:
            break
        await asyncio.sleep(0.5)
    await stream.aclose()  # type: ignore[attr-defined]  # every driver's stream is a generator
    assert all(later - earlier >= 4 for earlier, later in itertools.pairwise(indices))


@pytest.mark.parametrize("mode", ["video", "still"])
@pytest.mark.parametrize("exposure", ["auto", "night", "ir"])
async def test_every_way_of_exposing_starts(mode: str, exposure: str) -> None:
    async with supervised(stanza(mode=mode, exposure=exposure)) as story:
        await story.until(lambda: len(story.frames) >= 2, 10.0)


async def test_libcamera_is_asked_to_turn_the_picture() -> None:
    """The virtual camera promises to and does not (libcamera 0.4.0), so that only the asking can be seen here."""
    async with supervised(stanza(rotation=180, hflip=True)) as story:
        await story.until(lambda: len(story.frames) >= 1, 10.0)
        transform = VirtualPicamera2.opened[-1].camera_configuration()["transform"]
    assert (bool(transform.hflip), bool(transform.vflip)) == (False, True)


async def test_closing_releases_the_camera_and_it_can_be_opened_again() -> None:
    async with supervised(stanza()) as story:
        await story.until(lambda: len(story.frames) >= 1, 10.0)
        camera = VirtualPicamera2.opened[-1]
    assert not camera.is_open
    again = VirtualPicamera2(0)  # another program could have it now
    again.close()


async def test_fifty_connections_leave_nothing_behind() -> None:
    await _connect_once()
    VirtualPicamera2.opened.clear()
    gc.collect()
    before = descriptors()
    for _ in range(50):
        await _connect_once()
        VirtualPicamera2.opened.clear()
    gc.collect()
    assert descriptors() <= before + 2  # libcamera's manager is made anew while the last one's thread ends
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("camera")]


async def _connect_once() -> None:
    stream = Picamera2(stanza(rate_hz=30.0), SystemClock()).stream()
    await anext(stream)
    await stream.aclose()  # type: ignore[attr-defined]  # every driver's stream is a generator


async def test_a_silent_camera_is_noticed_within_three_seconds_and_opened_anew() -> None:
    """The sensor stops in the middle: no request comes back any more, as with a ribbon cable that has come loose."""
    async with supervised(stanza()) as story:
        await story.until(lambda: len(story.frames) >= 10, 10.0)
        silent_ns = _starve(VirtualPicamera2.opened[-1])
        count = len(story.frames)
        await story.until(lambda: story.statuses[-1].state is SensorState.STALLED, 5.0)
        assert story.status_ns[-1] - silent_ns < 3.0 * NS_PER_S
        await story.until(lambda: story.statuses[-1].state is SensorState.LOST, 15.0)
        assert story.statuses[-1].reason is SensorReason.DISCONNECTED
        await story.until(lambda: len(story.frames) >= count + 10, 5.0)
    assert story.statuses[-1].state is SensorState.STREAMING


def _starve(camera: VirtualPicamera2) -> int:
    """Keep every buffer from the camera from now on; the answer is when it had none left."""
    held: list[CompletedRequest] = []

    def hold(request: CompletedRequest) -> None:
        request.acquire()
        held.append(request)

    camera.pre_callback = hold
    deadline = time.monotonic() + 2.0
    while len(held) < 4 and time.monotonic() < deadline:
        time.sleep(0.005)
    assert len(held) == 4
    return time.monotonic_ns()


async def test_a_camera_in_use_is_said_to_be_and_leaks_nothing(caplog: pytest.LogCaptureFixture) -> None:
    other = VirtualPicamera2(0)
    try:
        async with supervised(stanza()) as story:
            await story.until(lambda: len(story.statuses) >= 2, 5.0)
            assert (story.statuses[1].state, story.statuses[1].reason) == (SensorState.LOST, SensorReason.IN_USE)
            before = descriptors()
            for _ in range(20):
                await _refused_once()
            gc.collect()
            assert descriptors() <= before
    finally:
        other.close()
    assert [record.name for record in caplog.records if record.levelname != "DEBUG"] == ["edge.sensors.care"]


async def _refused_once() -> None:
    stream = Picamera2(stanza(), SystemClock()).stream()
    with pytest.raises(Exception, match="another program is using the camera"):
        await anext(stream)


async def test_a_camera_that_is_not_there_is_not_found() -> None:
    async with supervised(stanza(camera="imx708")) as story:
        await story.until(lambda: len(story.statuses) >= 2, 5.0)
    assert story.statuses[1].reason is SensorReason.NOT_FOUND
    assert "virtual bedside camera" in story.statuses[1].detail


async def test_a_camera_is_found_by_a_part_of_its_model() -> None:
    async with supervised(stanza(camera="bedside")) as story:
        await story.until(lambda: len(story.frames) >= 1, 10.0)


async def test_two_cameras_run_side_by_side() -> None:
    async with supervised(stanza(camera="bedside")) as one, supervised(stanza(camera="ward", name="ward")) as other:
        await one.until(lambda: min(len(one.frames), len(other.frames)) >= 20, 10.0)
        models = {camera.camera_properties["Model"] for camera in VirtualPicamera2.opened[-2:]}
    assert models == {"virtual bedside camera", "virtual ward camera"}
    assert {frame.sensor for frame in other.frames} == {"ward"}


def test_the_signatures_are_those_on_record() -> None:
    """The everyday suite holds its stand-in against this record, so the record must be the package's."""
    assert signatures.from_package()["classes"] == signatures.recorded()
