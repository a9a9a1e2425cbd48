"""What a camera under supervision does, on the system's clock."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import aclosing, asynccontextmanager, contextmanager
from pathlib import Path

from edge.clock import SystemClock
from edge.errors import SensorError, SensorReason
from edge.sensors.backoff import Backoff
from edge.sensors.care import supervise
from edge.sensors.driver import Driver
from edge.types import NS_PER_S, Frame, SensorState, SensorStatus
from tests.peers.process import PeerProcess

BUSY_MS = 800
"""A picture is younger than this even where the machine is busy with other tests; how young it is when there is time is
measured by `anodyne bench camera`."""

NOTICED_S = 5.0
"""Within this time a frozen camera is to be noticed."""

QUICK = Backoff(first_s=0.05, cap_s=0.2)
"""Waits between attempts that do not hold a test up."""


class Watch:
    """Frames and states, as the daemon gets them."""

    def __init__(self) -> None:
        self.frames: list[Frame] = []
        self.ages_s: list[float] = []
        self.states: list[SensorStatus] = []
        self._clock = SystemClock()
        self._changed = asyncio.Event()

    def take(self, frame: Frame) -> None:
        """A frame has come."""
        self.frames.append(frame)
        self.ages_s.append((self._clock.now_ns() - frame.measured_ns) / NS_PER_S)
        self._changed.set()

    def hear(self, status: SensorStatus) -> None:
        """The state has changed."""
        self.states.append(status)
        self._changed.set()

    @property
    def state(self) -> SensorState:
        """The present state."""
        return self.states[-1].state

    def reasons(self, state: SensorState) -> list[SensorReason | None]:
        """The reasons of all times that it was in this state."""
        return [status.reason for status in self.states if status.state is state]

    async def until(self, true: Callable[[], bool], seconds: float = 10.0) -> float:
        """Wait for a condition; the answer is the seconds that it took."""
        begun_ns = self._clock.now_ns()
        async with asyncio.timeout(seconds):
            while not true():
                self._changed.clear()
                await self._changed.wait()
        return (self._clock.now_ns() - begun_ns) / NS_PER_S

    async def pictures(self, count: int) -> None:
        """Wait for so many more frames."""
        wanted = len(self.frames) + count
        await self.until(lambda: len(self.frames) >= wanted)

    async def until_noticed(self) -> float:
        """Seconds until it is no longer taken as streaming."""
        return await self.until(lambda: self.state is not SensorState.STREAMING)


@asynccontextmanager
async def watched(camera: Driver[Frame], backoff: Backoff = QUICK) -> AsyncIterator[Watch]:
    """A camera under supervision."""
    watch = Watch()
    care = asyncio.ensure_future(
        supervise(camera, SystemClock(), watch.take, watch.hear, backoff=backoff, rng=random.Random(1))  # noqa: S311  # jitter
    )
    try:
        yield watch
    finally:
        care.cancel()
        await asyncio.wait((care,))


async def refusal(camera: Driver[Frame]) -> SensorError:
    """The error that ends the first connection."""
    try:
        async with asyncio.timeout(20):
            async for _ in camera.stream():
                pass
    except SensorError as error:
        return error
    raise AssertionError("the camera ended without an error")


def rising(numbers: list[int]) -> bool:
    """Whether frames come in order, each once; a busy machine may miss a few."""
    return numbers == sorted(set(numbers)) and numbers[-1] < 2 * len(numbers)


def password(folder: Path, text: str) -> Path:
    """A password file."""
    path = folder / "password"
    path.write_text(text + "\n")
    path.chmod(0o600)
    return path


@contextmanager
def served(start: Callable[[], PeerProcess]) -> Iterator[PeerProcess]:
    """A server of one test alone."""
    made = start()
    try:
        yield made
    finally:
        made.kill()


async def look(driver: Driver[Frame], count: int) -> list[tuple[Frame, float]]:
    """So many frames and their ages in milliseconds."""
    found = []
    stream = driver.stream()
    async with aclosing(stream):  # type: ignore[type-var]  # every driver's stream is a generator
        async for frame in stream:
            found.append((frame, (time.monotonic_ns() - frame.measured_ns) / 1e6))
            if len(found) == count:
                break
    return found
