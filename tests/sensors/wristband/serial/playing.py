"""Drivers and protocols at work: short waits, the blocks of one connection, and what went wrong with it."""

from __future__ import annotations

import asyncio
import gc
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pytest

from edge.clock import SystemClock
from edge.errors import DecodeError, SensorError
from edge.sensors.wristband.serial.driver import SerialDriver
from edge.sensors.wristband.serial.lines import LineBand
from edge.sensors.wristband.serial.protocol import Chunk, SerialProtocol
from edge.sensors.wristband.serial.shimmer import Shimmer3, Shimmer3Band
from edge.types import NS_PER_S, Channel, SampleBlock
from tests.sensors.wristband.streaming import close


def line_band(device: str | None = "/dev/none", **keys: object) -> LineBand:
    """A stanza with 50 lines per second."""
    usual = {"driver": "serial_lines", "name": "grove", "device": device, "columns": "ppg", "rate_hz": 50.0}
    return LineBand.model_validate({**usual, **keys})


def driver_of(config: LineBand | Shimmer3Band, first_s: float = 5.0) -> SerialDriver:
    """Its driver, less patient than on a ward."""
    driver = SerialDriver(config, config.protocol(), SystemClock())
    driver.first_s = first_s
    driver.garbled_s = 0.3
    return driver


def shimmer_driver(node: str, rate_hz: float = 64.0, **keys: object) -> SerialDriver:
    """The driver of a Shimmer3 on this node."""
    usual = {"driver": "shimmer3", "name": "shimmer", "device": node, "rate_hz": rate_hz}
    driver = driver_of(Shimmer3Band.model_validate({**usual, **keys}), first_s=5.0)
    assert isinstance(driver.protocol, Shimmer3)
    driver.protocol.quiet_s = 0.05
    return driver


def impatient(driver: SerialDriver) -> SerialDriver:
    """A Shimmer3's driver that soon gives up waiting for an answer or a sample."""
    assert isinstance(driver.protocol, Shimmer3)
    driver.protocol.answer_s = driver.first_s = 0.5
    return driver


async def port_open(driver: SerialDriver) -> None:
    """Wait until the driver listens."""
    await until(lambda: driver.link is not None and driver.link._port is not None)


async def failure(driver: SerialDriver, within_s: float = 10.0) -> SensorError:
    """How a connection ends; whatever it yields before is dropped."""
    with pytest.raises(SensorError) as raised:
        await _exhaust(driver, within_s)
    return raised.value


async def _exhaust(driver: SerialDriver, within_s: float) -> None:
    stream = driver.stream()
    try:
        async with asyncio.timeout(within_s):
            async for _ in stream:
                pass
    finally:
        await close(stream)


async def until(condition: Callable[[], bool], within_s: float = 5.0) -> None:
    """Wait for something that other tasks bring about."""
    end_s = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < end_s, "it never happened"
        await asyncio.sleep(0.01)


def decoded(
    protocol: SerialProtocol, pieces: Iterable[bytes], every_s: float = 0.02, start_s: float = 100.0
) -> list[SampleBlock | DecodeError]:
    """What a protocol makes of pieces that arrive one after the other."""
    found: list[SampleBlock | DecodeError] = []
    for number, piece in enumerate(pieces):
        found += protocol.decode(Chunk(piece, round((start_s + number * every_s) * NS_PER_S)))
    return found


def blocks_of(found: Iterable[SampleBlock | DecodeError], channel: Channel) -> list[SampleBlock]:
    """The blocks of one channel."""
    return [each for each in found if isinstance(each, SampleBlock) and each.channel is channel]


def values_of(found: Iterable[SampleBlock | DecodeError], channel: Channel) -> list[float]:
    """Every scalar sample of one channel, in order."""
    blocks = blocks_of(found, channel)
    return [float(value) for block in blocks for value in np.atleast_1d(block.values)]


def errors_of(found: Iterable[SampleBlock | DecodeError]) -> list[DecodeError]:
    """What could not be used."""
    return [each for each in found if isinstance(each, DecodeError)]


def cut(data: bytes, sizes: list[int]) -> list[bytes]:
    """Cut data into pieces of these sizes, repeated."""
    pieces, begin, turn = [], 0, 0
    while begin < len(data):
        size = sizes[turn % len(sizes)]
        pieces.append(data[begin : begin + size])
        begin, turn = begin + size, turn + 1
    return pieces


def readers() -> list[str]:
    """Threads that read ports."""
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("serial ")]


def open_files() -> int:
    """File descriptors of this process; those that other tests have dropped without closing are closed first."""
    gc.collect()
    return len(list(Path("/proc/self/fd").iterdir()))
