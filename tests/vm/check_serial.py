"""The serial driver on a real USB port that is pulled out and comes back under another number.

Not collected by the everyday suite: `make test-vm` runs it in a virtual machine, as root.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import time
from collections.abc import AsyncIterator

import pytest

from edge.errors import SensorReason
from edge.types import SensorState
from tests.sensors.wristband.serial.playing import driver_of, line_band
from tests.sensors.wristband.streaming import watched
from tests.vm.gadget import SERIAL, Gadget

RATE_HZ = 20.0


@pytest.fixture
async def gadget() -> AsyncIterator[Gadget]:
    """A device that prints a line with its number, whenever it is plugged in."""
    device = Gadget()
    printing = asyncio.create_task(_print(device))
    yield device
    printing.cancel()
    await asyncio.wait((printing,))
    device.pull_out()


async def _print(device: Gadget) -> None:
    begun_s = time.monotonic()
    for number in itertools.count():
        device.say(b"%d\n" % (number % 1000))
        await asyncio.sleep(max(0.0, begun_s + number / RATE_HZ - time.monotonic()))


async def test_a_port_that_comes_back_under_another_number_is_found_by_its_serial_number(gadget: Gadget) -> None:
    first = await asyncio.to_thread(gadget.plug_in)
    held = os.open(first, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)  # so that its number stays taken
    driver = driver_of(line_band(None, usb_serial=SERIAL, rate_hz=RATE_HZ), first_s=20.0)
    async with watched(driver, within_s=90.0) as seen:
        await seen.until_samples(40)
        begun_s = time.monotonic()
        await asyncio.to_thread(gadget.pull_out)
        await seen.until(lambda: seen.status.state is SensorState.LOST)
        lost_s = time.monotonic() - begun_s
        assert seen.status.reason in (SensorReason.DISCONNECTED, SensorReason.NOT_FOUND)
        await asyncio.sleep(3.0)
        second = await asyncio.to_thread(gadget.plug_in)
        begun_s = time.monotonic()
        await seen.until_state(SensorState.STREAMING)
        print(f"MEASURED lost after {lost_s:.2f} s; {first} came back as {second}, {time.monotonic() - begun_s:.2f} s")
        assert second != first
    os.close(held)
