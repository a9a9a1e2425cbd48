"""Helpers that play bands and read drivers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine

import numpy as np

from edge.sensors.driver import Driver
from edge.sensors.wristband.uart_frame import BandFrame, FrameType, encode
from edge.types import Channel, SampleBlock

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
