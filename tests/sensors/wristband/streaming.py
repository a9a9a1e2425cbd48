"""Helpers that play bands and read drivers."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager

import numpy as np

from edge.clock import SystemClock
from edge.errors import SensorReason
from edge.sensors.backoff import Backoff
from edge.sensors.care import supervise
from edge.sensors.driver import Driver
from edge.sensors.wristband.uart_frame import BandFrame, FrameType, encode
from edge.timeline import Timeline
from edge.types import Channel, SampleBlock, SensorState, SensorStatus

PPG_HZ = 64.0
GSR_HZ = 4.0
US = 1_000_000


async def take(
    driver: Driver[SampleBlock],
    enough: Callable[[list[SampleBlock]], bool],
    play: Coroutine[None, None, None] | None = None,
) -> list[SampleBlock]:
    """The blocks of one connection until there are enough, while the band plays."""
    blocks: list[SampleBlock] = []
    playing = None if play is None else asyncio.ensure_future(play)
    stream = driver.stream()
    try:
        async with asyncio.timeout(20):
            async for block in stream:
                blocks.append(block)
                if enough(blocks):
                    return blocks
    finally:
        await close(stream)
        if playing is not None:
            playing.cancel()
            await asyncio.wait((playing,))
    return blocks


async def close(stream: AsyncIterator[SampleBlock]) -> None:
    """End a connection as care does."""
    await stream.aclose()  # type: ignore[attr-defined]  # every driver's stream is a generator


def count(blocks: list[SampleBlock], channel: Channel) -> int:
    """Samples of one channel."""
    return sum(len(block.values) for block in blocks if block.channel is channel)


def ppg_frame(first: int, samples: int = 16) -> bytes:
    """Samples `first`, `first`+1, … of a PPG whose value is its own number."""
    values = np.arange(first, first + samples, dtype=np.float32)
    time_us = round(first / PPG_HZ * US) % 2**32
    return encode(BandFrame(FrameType.PPG, first % 2**16, time_us, PPG_HZ, values))


def gsr_frame(first: int, samples: int = 4) -> bytes:
    """Samples of a skin conductance of 2 µS that rises by a nanosiemens per sample."""
    values = np.asarray(2.0 + 1e-3 * np.arange(first, first + samples), np.float32)
    time_us = round(first / GSR_HZ * US) % 2**32
    return encode(BandFrame(FrameType.GSR, first % 2**16, time_us, GSR_HZ, values))


class Watched:
    """A band under care, and everything that was told about it.

    Args:
        name: the band's name in the configuration.
    """

    def __init__(self, name: str) -> None:
        """Nothing has been told."""
        self.name = name
        self.timeline = Timeline()
        self.blocks = 0
        self.statuses: list[SensorStatus] = []
        self._changed = asyncio.Event()

    @property
    def states(self) -> list[tuple[SensorState, SensorReason | None]]:
        """States and reasons in their order; what was told twice, once."""
        told = [(status.state, status.reason) for status in self.statuses]
        return [pair for index, pair in enumerate(told) if index == 0 or told[index - 1] != pair]

    @property
    def status(self) -> SensorStatus:
        """The newest status."""
        return self.statuses[-1]

    def on_item(self, block: SampleBlock) -> None:
        """Take a block."""
        self.timeline.push(block)
        self.blocks += 1
        self._changed.set()

    def on_status(self, status: SensorStatus) -> None:
        """Take a status."""
        self.statuses.append(status)
        self._changed.set()

    async def until(self, true: Callable[[], bool]) -> None:
        """Wait until something is true that only a block or a status can make true."""
        while not true():
            self._changed.clear()
            await self._changed.wait()

    async def until_state(self, state: SensorState, reason: SensorReason | None = None) -> SensorStatus:
        """Wait for this state and reason; the value is the status."""
        await self.until(lambda: self.states[-1:] == [(state, reason)])
        return self.status

    async def until_samples(self, samples: int) -> None:
        """Wait for this many PPG samples in the timeline."""
        await self.until(lambda: self.samples() >= samples)

    def samples(self) -> int:
        """PPG samples in the timeline."""
        newest_ns = self.timeline.newest_ns(self.name, Channel.PPG)
        window = None if newest_ns is None else self.timeline.window(self.name, Channel.PPG, newest_ns + 1, 100.0)
        return 0 if window is None else len(window.values)


@asynccontextmanager
async def watched(
    driver: Driver[SampleBlock], backoff: Backoff | None = None, within_s: float = 20.0
) -> AsyncIterator[Watched]:
    """The driver under care for as long as the block runs."""
    band = Watched(driver.name)
    chance = random.Random(1)  # noqa: S311  # jitter only
    care = asyncio.ensure_future(
        supervise(driver, SystemClock(), band.on_item, band.on_status, backoff=backoff, rng=chance)
    )
    try:
        try:
            async with asyncio.timeout(within_s):
                yield band
        except TimeoutError as error:
            raise AssertionError(f"{within_s:g} s have passed: {band.statuses}") from error
    finally:
        care.cancel()
        await asyncio.wait((care,))
