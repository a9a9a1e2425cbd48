"""Bands, air and BlueZ in a process of their own, so that a driver's process can be measured and their death be tested.

`python -m tests.peers.ble_world BUS BANDS` appears on that message bus and then obeys JSON lines on its input:
`{"do": "lose", "band": 0}` and the like. Each is answered by a JSON line with the monotonic time at which it was done,
as is the start (the clock is the machine's, so other processes may compare).
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import numpy as np

from edge.sensors.wristband.uart_frame import BandFrame, FrameType, encode
from tests.peers.band import Offer, VirtualBand
from tests.peers.ble_radio import Air
from tests.peers.bluez_faults import FaultyBlueZ

ADDRESSES = ("C0:00:00:00:00:01", "C0:00:00:00:00:02", "C0:00:00:00:00:03")
"""The bands."""

RATE_HZ = 333.33
"""Sampling rate that the bands declare. Every notification is a frame of one sample: the most work per byte."""

US = 1_000_000
_SAMPLE = np.zeros(1, np.float32)

Order = Mapping[str, float | str | bool]


class World:
    """A world in a process of its own, as its owner sees it.

    Args:
        process: the process.
    """

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        """Take over a process."""
        self.process = process
        self._one_at_a_time = asyncio.Lock()

    async def do(self, what: str, **order: float | str | bool) -> int:
        """Give an order; the value is the monotonic time at which it was done, nanoseconds."""
        assert self.process.stdin is not None
        async with self._one_at_a_time:
            self.process.stdin.write(json.dumps({"do": what, **order}).encode() + b"\n")
            return await self.done()

    async def done(self) -> int:
        """Wait for the answer to an order, or for the start."""
        assert self.process.stdout is not None
        return int(json.loads(await self.process.stdout.readline())["done_ns"])


@asynccontextmanager
async def world(bus_address: str, bands: int = 1) -> AsyncIterator[World]:
    """A world with that many bands, for as long as the block runs."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.peers.ble_world",
        bus_address,
        str(bands),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    around = World(process)
    try:
        await around.done()
        yield around
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


class _Stage:
    """The world from the inside."""

    def __init__(self, bus_address: str, bands: int) -> None:
        self._bus_address = bus_address
        self._air = Air()
        self._adapter, _ = self._air.device("box", "F0:00:00:00:00:02")
        self._bluez = FaultyBlueZ(self._adapter, bus_address)
        offer = Offer(heart_rate=False, battery=False)
        self._bands = [VirtualBand(self._air, offer, address) for address in ADDRESSES[:bands]]
        self._sent = [0] * bands
        self._greeting = [asyncio.create_task(self._greet(number)) for number in range(bands)]

    async def start(self) -> None:
        await self._adapter.power_on()
        await self._bluez.start()
        for band in self._bands:
            await band.start()

    async def obey(self, order: Order) -> None:
        band = self._bands[int(order.get("band", 0))]
        match order["do"]:
            case "lose":
                band.lose_link()
            case "vanish":
                await band.vanish()
            case "come_back":
                await band.come_back()
            case "play":
                await self._play(float(order["rate_hz"]), float(order["seconds"]))
            case "crash":
                await self._bluez.crash()
            case "restart":
                self._bluez = self._bluez.successor(self._bus_address)
                await self._bluez.start()
            case unknown:
                raise ValueError(unknown)

    async def _greet(self, number: int) -> None:
        """Send one frame whenever somebody has subscribed."""
        band = self._bands[number]
        while True:
            await band.listened(band.uart_tx)
            await self._send(number)
            await band.unlistened(band.uart_tx)

    async def _play(self, rate_hz: float, seconds: float) -> None:
        """Have all bands send, `rate_hz` notifications per second together, one after the other."""
        began_s = time.monotonic()
        for number in range(round(rate_hz * seconds)):
            late_s = time.monotonic() - began_s - number / rate_hz
            if late_s < 0:
                await asyncio.sleep(-late_s)
            await self._send(number % len(self._bands))

    async def _send(self, number: int) -> None:
        first = self._sent[number]
        self._sent[number] += 1
        frame = BandFrame(FrameType.PPG, first % 2**16, round(first * US / RATE_HZ) % 2**32, RATE_HZ, _SAMPLE)
        await self._bands[number].send(encode(frame))


async def _main(bus_address: str, bands: int) -> None:
    stage = _Stage(bus_address, bands)
    await stage.start()
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    _done()
    while line := await reader.readline():
        await stage.obey(json.loads(line))
        _done()


def _done() -> None:
    print(json.dumps({"done_ns": time.monotonic_ns()}), flush=True)


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1], int(sys.argv[2])))
