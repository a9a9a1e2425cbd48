"""Reconnect storms: links that are dropped as soon as they stream, and what of it stays behind.

`python -m tests.bench.storm 10000` is `make test-soak-bands`: three bands in a process of their own lose their links
again and again, and the process that holds the drivers is looked at after each thousand.
"""

from __future__ import annotations

import asyncio
import gc
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from dbus_fast import BusType, Message
from dbus_fast.aio import MessageBus

from edge.clock import SystemClock
from edge.sensors.backoff import Backoff
from edge.sensors.care import supervise
from edge.sensors.wristband.ble import BleDriver
from edge.sensors.wristband.nordic_uart import NordicUartBand
from edge.types import SampleBlock, SensorState, SensorStatus
from tests.peers.ble_world import ADDRESSES, World, world
from tests.peers.private_bus import private_bus

AT_ONCE = Backoff(first_s=0.01, cap_s=0.01)
"""No back-off to speak of: this is about what stays behind, not about the waits."""

GROWTH_KIB = 2048
"""Growth of resident memory from the thousandth reconnect to the last that passes as flat: 0.2 KiB per reconnect. One
connection's objects (client, bus, services) are a hundred times as large."""


@dataclass(frozen=True, slots=True)
class Holding:
    """What the process and its message bus hold.

    Attributes:
        reconnects: links made anew so far.
        resident_kib: resident memory.
        descriptors: open file descriptors.
        tasks: tasks of the event loop.
        match_rules: signals that connections on the bus have asked for.
        connections: connections to the bus.
        seconds: since the start.
    """

    reconnects: int
    resident_kib: int
    descriptors: int
    tasks: int
    match_rules: int
    connections: int
    seconds: float


async def storm(bus_address: str, reconnects: int, every: int) -> AsyncIterator[Holding]:
    """Drop links until there were so many reconnects; what is held at the start, every so often, and in the end."""
    began_s = time.monotonic()
    async with world(bus_address, len(ADDRESSES)) as air:
        bands = [_Band(air, number) for number in range(len(ADDRESSES))]
        caring = [asyncio.create_task(band.care()) for band in bands]
        done = 0
        while done < reconnects:
            for band in bands:
                await band.streaming.wait()
            # Looked at while all stream: a moment of a reconnect holds more.
            yield await _holding(bus_address, done, began_s)
            for band in bands:
                band.storm(-(-min(every, reconnects - done) // len(bands)))
            for band in bands:
                await band.calm.wait()
            done += min(every, reconnects - done)
        for band in bands:
            await band.streaming.wait()
        yield await _holding(bus_address, done, began_s)
        for task in caring:
            task.cancel()
        await asyncio.wait(caring)


class _Band:
    """One band under care that may lose its link whenever it streams."""

    def __init__(self, air: World, number: int) -> None:
        config = NordicUartBand(driver="ble_uart", name=f"band{number}", address=ADDRESSES[number])
        self._driver = BleDriver(config, config.profile(), SystemClock())
        self._air = air
        self._number = number
        self._losses = 0
        self._losing: asyncio.Task[int] | None = None
        self.streaming = asyncio.Event()
        self.calm = asyncio.Event()

    async def care(self) -> None:
        await supervise(self._driver, SystemClock(), self._on_item, self._on_status, backoff=AT_ONCE)

    def storm(self, losses: int) -> None:
        """Lose the link so many times, each time as soon as it streams."""
        self._losses = losses
        self.calm.clear()
        self._lose()

    def _on_item(self, _block: SampleBlock) -> None:
        pass

    def _on_status(self, status: SensorStatus) -> None:
        if status.state is not SensorState.STREAMING:
            self.streaming.clear()
        elif not self.streaming.is_set():
            self.streaming.set()
            self._lose()

    def _lose(self) -> None:
        if not self._losses:
            self.calm.set()
        elif self.streaming.is_set():
            self._losses -= 1
            self._losing = asyncio.create_task(self._air.do("lose", band=self._number))


async def _holding(bus_address: str, reconnects: int, began_s: float) -> Holding:
    gc.collect()
    rules, connections = await _bus_statistics(bus_address)
    return Holding(
        reconnects,
        _resident_kib(),
        _descriptors(),
        len(asyncio.all_tasks()),
        rules,
        connections,
        time.monotonic() - began_s,
    )


async def _bus_statistics(bus_address: str) -> tuple[int, int]:
    """Match rules and connections, as the message bus counts them; its own client here is not counted."""
    bus = await MessageBus(bus_address=bus_address, bus_type=BusType.SYSTEM).connect()
    try:
        reply = await bus.call(
            Message(
                destination="org.freedesktop.DBus",
                path="/org/freedesktop/DBus",
                interface="org.freedesktop.DBus.Debug.Stats",
                member="GetStats",
            )
        )
    finally:
        bus.disconnect()
        await bus.wait_for_disconnect()  # type: ignore[no-untyped-call]  # dbus-fast leaves it untyped
    found = reply.body[0]
    return int(found["MatchRules"].value), int(found["ActiveConnections"].value) - 1


def _descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def _resident_kib() -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:"))


async def _main(bus_address: str, reconnects: int) -> int:
    marks: list[Holding] = []
    async for held in storm(bus_address, reconnects, 1000):
        marks.append(held)
        sys.stdout.write(f"{held}\n")
        sys.stdout.flush()
    settled, last = marks[1], marks[-1]
    growth_kib = last.resident_kib - settled.resident_kib
    same = (settled.descriptors, settled.tasks, settled.match_rules) == (last.descriptors, last.tasks, last.match_rules)
    sys.stdout.write(f"growth since the thousandth reconnect: {growth_kib} KiB; the rest the same: {same}\n")
    return 0 if growth_kib <= GROWTH_KIB and same else 1


def main() -> int:
    """Run the storm; 0 where nothing stays behind."""
    with tempfile.TemporaryDirectory(prefix="anodyne-storm-") as folder, private_bus(Path(folder)) as bus_address:
        os.environ["DBUS_SYSTEM_BUS_ADDRESS"] = bus_address
        return asyncio.run(_main(bus_address, int(sys.argv[1])))


if __name__ == "__main__":
    sys.exit(main())
