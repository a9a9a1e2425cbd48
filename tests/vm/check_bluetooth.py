"""The Bluetooth drivers on the kernel's Bluetooth and Debian's bluetoothd, which find a virtual controller (/dev/vhci).

Not collected by the everyday suite: `make test-vm` runs it in a virtual machine, as root. There bands, controller,
driver and bluetoothd share one emulated processor, so that the limits are wide.
"""

from __future__ import annotations

import asyncio
import subprocess
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from bumble import hci
from bumble.transport import open_transport

from edge.clock import SystemClock
from edge.errors import SensorReason
from edge.sensors.driver import Driver
from edge.sensors.wristband.ble import BleDriver
from edge.sensors.wristband.heart_rate import HeartRateBand
from edge.sensors.wristband.nordic_uart import NordicUartBand
from edge.types import Channel, SampleBlock, SensorState
from tests.peers.band import ADDRESS, VirtualBand
from tests.peers.ble_radio import Air, RadioController
from tests.sensors.wristband.streaming import Watched, ppg_frame, watched

BOX = "F0:00:00:00:00:02"
LIMIT_S = 100.0
PPG_FRAME_S = 0.25

_UNKNOWN_TO_BUMBLE = hci.LeFeatureMask.LL_PRIVACY | hci.LeFeatureMask.LE_EXTENDED_ADVERTISING
"""What bumble's controller says that it can and cannot; bluetoothd would use it."""


@pytest.fixture(scope="module", autouse=True)
def service() -> None:
    """The kernel's Bluetooth, and bluetoothd as the system starts it."""
    subprocess.run(("modprobe", "hci_vhci"), check=True)
    subprocess.run(("systemctl", "start", "bluetooth"), check=True)


@asynccontextmanager
async def ward() -> AsyncIterator[VirtualBand]:
    """A band on the air, and a controller of the kernel's that hears it, switched on."""
    air = Air()
    async with await open_transport("vhci") as transport:
        controller = RadioController("hci", transport.source, transport.sink, air.link, public_address=BOX)
        controller.le_features &= ~_UNKNOWN_TO_BUMBLE
        band = VirtualBand(air)
        await band.start()
        await power("on")
        yield band
        await band.stop()


async def power(switch: str, within_s: float = 60.0) -> None:
    """Switch the radio on or off; right after its birth it is not ready to be."""
    deadline_s = time.monotonic() + within_s
    while True:
        process = await asyncio.create_subprocess_exec(
            "bluetoothctl", "power", switch, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        output, _ = await process.communicate()
        if b"succeeded" in output:
            return
        assert time.monotonic() < deadline_s, output.decode()
        await asyncio.sleep(1.0)


def uart() -> Driver[SampleBlock]:
    """The driver of a band with our own framing."""
    config = NordicUartBand(driver="ble_uart", name="wrist", address=ADDRESS, connect_timeout_s=60.0)
    return BleDriver(config, config.profile(), SystemClock())


async def play(band: VirtualBand) -> None:
    """PPG at its own pace, whenever somebody listens."""
    first = 0
    while True:
        await band.listened(band.uart_tx)
        await band.send(ppg_frame(first % 2**16))
        first += 16
        await asyncio.sleep(PPG_FRAME_S)


@asynccontextmanager
async def streaming(band: VirtualBand) -> AsyncIterator[Watched]:
    """The driver under care, streaming."""
    playing = asyncio.create_task(play(band))
    begun_s = time.monotonic()
    try:
        async with watched(uart(), within_s=LIMIT_S) as seen:
            await seen.until_samples(64)
            print(f"MEASURED a second of PPG {time.monotonic() - begun_s:.1f} s after the start")
            yield seen
    finally:
        playing.cancel()
        await asyncio.wait((playing,))


async def back(seen: Watched, since_s: float, what: str) -> None:
    """Wait until it streams again, and leave the figure in the output."""
    await seen.until_state(SensorState.STREAMING)
    print(f"MEASURED streaming {time.monotonic() - since_s:.1f} s after {what}")


async def test_a_band_streams_and_survives_a_lost_link() -> None:
    async with ward() as band, streaming(band) as seen:
        band.lose_link()
        lost_s = time.monotonic()
        await seen.until_state(SensorState.LOST, SensorReason.DISCONNECTED)
        await back(seen, lost_s, "the link was lost")


async def test_a_radio_that_is_switched_off_is_said_to_be_and_recovers() -> None:
    async with ward() as band, streaming(band) as seen:
        await power("off")
        status = await seen.until_state(SensorState.LOST, SensorReason.RADIO_OFF)
        assert "off" in status.detail
        await asyncio.sleep(3.0)
        assert seen.status.reason is SensorReason.RADIO_OFF
        await power("on")
        await back(seen, time.monotonic(), "the radio was switched on")


async def test_a_service_that_is_restarted_is_noticed_and_found_again() -> None:
    async with ward() as band, streaming(band) as seen:
        begun_s = time.monotonic()
        process = await asyncio.create_subprocess_exec("systemctl", "restart", "bluetooth")
        await seen.until(lambda: seen.status.state is SensorState.LOST)
        await process.wait()
        print(f"MEASURED {seen.status.reason}: {seen.status.detail}, restarted in {time.monotonic() - begun_s:.1f} s")
        restarted_s = time.monotonic()
        await power("on")
        await back(seen, restarted_s, "bluetoothd was back")


async def test_heart_rate_beats_and_charge_arrive() -> None:
    config = HeartRateBand(driver="ble_heart_rate", name="strap", address=ADDRESS, connect_timeout_s=60.0)
    driver = BleDriver(config, config.profile(), SystemClock())
    channels: set[Channel] = set()
    async with ward() as band:
        playing = asyncio.create_task(_beat(band))
        async with asyncio.timeout(LIMIT_S):
            stream = driver.stream()
            async for block in stream:
                channels.add(block.channel)
                if {Channel.HEART_RATE_BPM, Channel.IBI_S} <= channels:
                    break
            await stream.aclose()  # type: ignore[attr-defined]  # every driver's stream is a generator
        playing.cancel()
        await asyncio.wait((playing,))


async def _beat(band: VirtualBand) -> None:
    """72 beats a minute with an interval of 833 ms."""
    await band.listened(band.heart_rate)
    while True:
        await band.notify(band.heart_rate, b"\x16\x48\x55\x03")
        await asyncio.sleep(0.83)
