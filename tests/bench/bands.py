"""The Bluetooth side of the box: share of a core under load, and how soon a lost band is back.

`python -m tests.bench.bands` prints one JSON line per figure, as `anodyne bench --json` does. Bands, air and BlueZ run
in a process of their own; what is measured is the process that holds drivers, care and timeline, with bleak and
dbus-fast in it.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from bleak import BleakClient, BleakScanner

from edge.benchmarks import Figure
from edge.cli.bench import json_line
from edge.clock import SystemClock
from edge.sensors.backoff import Backoff
from edge.sensors.care import supervise
from edge.sensors.wristband.ble import BleDriver
from edge.sensors.wristband.nordic_uart import UART_TX, NordicUartBand
from edge.timeline import Timeline
from edge.types import NS_PER_S, SampleBlock, SensorState, SensorStatus
from tests.peers.ble_world import ADDRESSES, World, world
from tests.peers.private_bus import private_bus

RATE_HZ = 1000.0
"""Notifications per second of all bands together."""

SECONDS = 20.0
"""Stretch under load."""

LOSSES = 30
"""Links dropped for the time of return."""

ABSENCES = 20
"""Longer absences."""

AWAY_S = 2.5
"""How long a band stays away in the longer absence: beyond its `connect_timeout_s`, so that care is in its back-off."""

ABSENT = "C0:00:00:00:00:99"
"""A configured band that is never there."""


AFTER_A_GOOD_CONNECTION = Backoff(proven_s=0.0)
"""The waits of a band that had streamed for ten seconds, which these have no time for."""


class Bed:
    """One band under care: what arrives, and whether it streams."""

    def __init__(self, address: str, name: str, connect_timeout_s: float = 20.0) -> None:
        """Not under care yet."""
        config = NordicUartBand(driver="ble_uart", name=name, address=address, connect_timeout_s=connect_timeout_s)
        self.profile = config.profile()
        self.driver = BleDriver(config, self.profile, SystemClock())
        self.timeline = Timeline()
        self.samples = 0
        self.lost = 0
        self.lost_samples = 0
        self.last_ns = 0
        self.changed = asyncio.Event()
        self.state = SensorState.CONNECTING

    async def care(self) -> None:
        """Keep it connected."""
        await supervise(self.driver, SystemClock(), self._on_item, self._on_status, backoff=AFTER_A_GOOD_CONNECTION)

    async def until(self, state: SensorState) -> None:
        """Wait for a state."""
        while self.state is not state:
            self.changed.clear()
            await self.changed.wait()

    def _on_item(self, block: SampleBlock) -> None:
        self.timeline.push(block)
        self.samples += len(block.values)
        self.lost_samples += block.lost_before
        self.last_ns = block.arrived_ns

    def _on_status(self, status: SensorStatus) -> None:
        self.state = status.state
        self.changed.set()


@asynccontextmanager
async def beds(*wanted: Bed) -> AsyncIterator[None]:
    """Bands under care for as long as the block runs."""
    tasks = [asyncio.create_task(bed.care()) for bed in wanted]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


def figures() -> Iterator[Figure]:
    """Share of a core at 1,000 notifications per second from three bands, notifications lost; seconds until return."""
    with tempfile.TemporaryDirectory(prefix="anodyne-bench-") as folder, private_bus(Path(folder)) as bus:
        os.environ["DBUS_SYSTEM_BUS_ADDRESS"] = bus
        yield from asyncio.run(_under_load(bus))
        yield from asyncio.run(_returns(bus))


async def _under_load(bus: str) -> list[Figure]:
    async with AsyncExitStack() as stack:
        air = await stack.enter_async_context(world(bus, len(ADDRESSES)))
        bands = [Bed(address, f"band{number}") for number, address in enumerate(ADDRESSES)]
        await stack.enter_async_context(beds(*bands))
        for bed in bands:
            await bed.until(SensorState.STREAMING)
        await asyncio.sleep(1.0)
        before, busy_s, began_s = sum(bed.samples for bed in bands), _busy_s(), time.monotonic()
        await air.do("play", rate_hz=RATE_HZ, seconds=SECONDS)
        wanted = before + round(RATE_HZ * SECONDS)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(10):
                while sum(bed.samples for bed in bands) < wanted:  # noqa: ASYNC110  # an event would be measured
                    await asyncio.sleep(0.1)
        took_s = (max(bed.last_ns for bed in bands) / NS_PER_S) - began_s
        share, got = (_busy_s() - busy_s) / took_s, sum(bed.samples for bed in bands) - before
    rate_hz = got / took_s
    alone = await _bleak_alone(bus)
    return [
        Figure("bands_notifications_per_second", rate_hz, "1/s"),
        Figure("bands_notifications_lost", RATE_HZ * SECONDS - got, "notifications"),
        Figure("bands_core_percent", 100 * share, "%", "bleak alone", 100 * alone),
        Figure("bands_us_per_notification", 1e6 * share / rate_hz, "us"),
    ]


async def _bleak_alone(bus: str) -> float:
    """Share of a core that bleak and dbus-fast take for the same notifications when nobody looks at them."""
    async with world(bus, len(ADDRESSES)) as air, AsyncExitStack() as stack:
        for address in ADDRESSES:
            device = await BleakScanner.find_device_by_address(address)
            assert device is not None
            client = await stack.enter_async_context(BleakClient(device))
            await client.start_notify(UART_TX, lambda _characteristic, _value: None)
        await asyncio.sleep(1.0)
        busy_s, began_s = _busy_s(), time.monotonic()
        await air.do("play", rate_hz=RATE_HZ, seconds=SECONDS / 2)
        return (_busy_s() - busy_s) / (time.monotonic() - began_s)


async def _returns(bus: str) -> list[Figure]:
    async with world(bus, 1) as air:
        bed, absent = Bed(ADDRESSES[0], "band", 1.0), Bed(ABSENT, "absent")
        async with beds(bed, absent):
            await bed.until(SensorState.STREAMING)
            short_s = [await _dropped(air, bed) for _ in range(LOSSES)]
            long_s = [await _away(air, bed) for _ in range(ABSENCES)]
    return [
        Figure("bands_return_after_drop_s_median", statistics.median(short_s), "s"),
        Figure("bands_return_after_drop_s_p95", _p95(short_s), "s"),
        Figure("bands_return_after_absence_s_median", statistics.median(long_s), "s"),
        Figure("bands_return_after_absence_s_p95", _p95(long_s), "s"),
    ]


async def _dropped(air: World, bed: Bed) -> float:
    """Drop the link of a band that advertises again at once, beside a band that is absent."""
    back_ns = await air.do("lose")
    return await _streams_after(bed, back_ns)


async def _away(air: World, bed: Bed) -> float:
    """Have the band leave until it is given up for missing, and come back."""
    await air.do("vanish")
    await bed.until(SensorState.LOST)
    await asyncio.sleep(AWAY_S)
    return await _streams_after(bed, await air.do("come_back"))


async def _streams_after(bed: Bed, back_ns: int) -> float:
    await bed.until(SensorState.LOST)
    await bed.until(SensorState.STREAMING)
    return (time.monotonic_ns() - back_ns) / NS_PER_S


def _p95(values: list[float]) -> float:
    return statistics.quantiles(values, n=20)[-1]


def _busy_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Measure and print."""
    for figure in figures():
        sys.stdout.write(json_line(figure) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
