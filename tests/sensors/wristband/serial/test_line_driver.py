"""A microcontroller on a pseudo-terminal, and everything that goes wrong with one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest

from edge.clock import SystemClock
from edge.errors import SensorReason
from edge.sensors.wristband.serial.driver import SerialDriver
from edge.sensors.wristband.serial.find import UsbPort, node_of
from edge.types import Channel, SampleBlock, SensorState
from tests.peers.line_device import LineDevice
from tests.peers.uart import received_at
from tests.sensors.wristband.serial.playing import blocks_of, driver_of, failure, line_band, port_open, until, values_of
from tests.sensors.wristband.streaming import Watched, count, take, watched

COLUMNS = "time_ms,gsr_us,ppg"


def row(index: int) -> tuple[float, ...]:
    """A sample at 50 Hz whose PPG is its number."""
    return (20.0 * index, 2.5, float(index))


@pytest.fixture
async def device() -> AsyncIterator[LineDevice]:
    """A device that prints when it is told to."""
    plugged = LineDevice(row)
    yield plugged
    await plugged.close()


def driver(device: LineDevice, **keys: object) -> SerialDriver:
    """The driver of a device."""
    return driver_of(line_band(device.node, columns=COLUMNS, **keys))


async def reach(band: Watched, state: SensorState) -> None:
    """Wait for a state, whatever its reason."""
    await band.until(lambda: bool(band.statuses) and band.status.state is state)


async def play(device: LineDevice, listener: SerialDriver, *lines: int) -> None:
    """Print lines as soon as the port is open."""
    await port_open(listener)
    for number in lines:
        device.print(number)
        await asyncio.sleep(0.02)


async def test_lines_arrive_as_samples(device: LineDevice) -> None:
    wanted = driver(device)

    def enough(got: list[SampleBlock]) -> bool:
        return count(got, Channel.PPG) >= 29 and count(got, Channel.GSR_US) > 0

    blocks = await take(wanted, enough, play(device, wanted, 10, 10, 10))
    assert values_of(blocks, Channel.PPG) == list(range(1, 30))
    assert set(values_of(blocks, Channel.GSR_US)) == {2.5}


async def test_lines_with_checksums_arrive_as_samples() -> None:
    device = LineDevice(row, separator=";", checksum=True)
    wanted = driver(device, separator=";", checksum=True)
    blocks = await take(wanted, lambda got: count(got, Channel.PPG) >= 9, play(device, wanted, 10))
    assert values_of(blocks, Channel.PPG) == list(range(1, 10))
    await device.close()


async def test_garbage_between_lines_is_counted_and_costs_nothing_else(device: LineDevice) -> None:
    wanted = driver(device)

    async def spoil() -> None:
        await play(device, wanted, 5)
        device.say(b"12,nan\r\n\xff\xfe,\x00\r\n" + b"9" * 1000 + b"\r\n")
        device.print(5)

    blocks = await take(wanted, lambda got: count(got, Channel.PPG) >= 9, spoil())
    assert values_of(blocks, Channel.PPG) == list(range(1, 10))
    assert wanted.damage.counts.total() == 3


async def test_a_board_that_resets_when_the_port_is_opened_is_waited_for(device: LineDevice) -> None:
    wanted = driver(device)

    async def boot() -> None:
        device.index = 90_000
        await play(device, wanted, 3)
        device.reset()
        await play(device, wanted, 5)

    blocks = await take(wanted, lambda got: values_of(got, Channel.PPG)[-1:] == [4.0], boot())
    assert [block.device_s for block in blocks_of(blocks, Channel.PPG)][-1] == pytest.approx(0.0, abs=0.1)


async def test_a_device_that_prints_nothing_is_told_from_one_that_is_gone(device: LineDevice) -> None:
    error = await failure(driver_of(line_band(device.node), first_s=0.3))
    assert error.reason is SensorReason.NO_DATA
    assert "check that its program runs" in error.message


@pytest.mark.parametrize("bauds", [(115200, 9600), (9600, 115200), (57600, 115200), (115200, 57600), (38400, 57600)])
async def test_a_wrong_speed_is_named(device: LineDevice, bauds: tuple[int, int]) -> None:
    heard = received_at(b"".join(device.line() for _ in range(20)), *bauds)

    async def chatter() -> None:
        while True:
            device.say(heard)
            await asyncio.sleep(0.05)

    chattering = asyncio.ensure_future(chatter())
    error = await failure(driver(device))
    chattering.cancel()
    assert error.reason is SensorReason.GARBLED
    assert "the speed is wrong: set `baud`" in error.message


async def test_text_that_is_no_line_of_the_columns_is_named(device: LineDevice) -> None:
    device.rate_hz = 100.0
    device.run()
    error = await failure(driver_of(line_band(device.node, columns="gsr_us,ppg")))
    assert error.reason is SensorReason.GARBLED
    assert "compare them" in error.message


async def test_a_header_with_other_columns_is_named(device: LineDevice) -> None:
    wanted = driver(device)

    async def boot() -> None:
        await port_open(wanted)
        device.say(b"\r\ntime_ms,ppg,gsr_us\r\n")

    playing = asyncio.ensure_future(boot())
    error = await failure(wanted)
    await playing
    assert error.reason is SensorReason.WRONG_DEVICE


@pytest.mark.parametrize("columns", [COLUMNS, "ignore,gsr_us,ppg"])
async def test_a_flood_of_ten_times_the_rate_is_refused(device: LineDevice, columns: str) -> None:
    device.rate_hz = 500.0
    device.run()
    error = await failure(driver_of(line_band(device.node, columns=columns)))
    assert error.reason is SensorReason.WRONG_RATE
    assert device.index < 500


async def test_a_flood_without_end_is_refused_soon(device: LineDevice) -> None:
    async def flood() -> None:
        while True:
            device.print(20)
            await asyncio.sleep(0)

    flooding = asyncio.ensure_future(flood())
    try:
        async with asyncio.timeout(5):
            error = await failure(driver(device))
    finally:
        flooding.cancel()
    assert error.reason in (SensorReason.WRONG_RATE, SensorReason.GARBLED)


async def test_a_device_pulled_out_in_mid_line_is_gone(device: LineDevice) -> None:
    wanted = driver(device)

    async def pull() -> None:
        await play(device, wanted, 10)
        device.say(b"200,2.5")
        await asyncio.sleep(0.05)
        device.cable.unplug()

    playing = asyncio.ensure_future(pull())
    error = await failure(wanted)
    await playing
    assert error.reason is SensorReason.DISCONNECTED


@pytest.fixture
def by_id(tmp_path: Path) -> Path:
    """The folder of udev, empty."""
    return tmp_path / "by-id"


def plug_in(by_id: Path) -> LineDevice:
    """A device with a USB serial number, under a new name each time."""
    device = LineDevice(row, link=by_id / "usb-Arduino_Uno_85735313932351E0C1A2-if00")
    device.run()
    return device


def by_number(by_id: Path) -> SerialDriver:
    """The driver that looks for that number."""
    found = driver_of(line_band(columns=COLUMNS, device=None, usb_serial="85735313932351E0C1A2"))

    def none() -> list[UsbPort]:
        return []

    found.find_node = partial(node_of, folder=by_id, ports=none)
    return found


async def test_a_device_that_comes_back_under_another_name_is_found_within_a_second(by_id: Path) -> None:
    first = plug_in(by_id)
    elsewhere = first.node
    async with watched(by_number(by_id)) as watch:
        await reach(watch, SensorState.STREAMING)
        await first.close()
        await reach(watch, SensorState.LOST)
        occupied = LineDevice(row)  # takes the old name, as another device would
        await asyncio.sleep(1.0)
        second = plug_in(by_id)
        clock = SystemClock()
        back_ns = clock.now_ns()
        await reach(watch, SensorState.STREAMING)
        assert second.node != elsewhere
        assert (clock.now_ns() - back_ns) / 1e9 < 1.0
    await second.close()
    await occupied.close()


async def test_a_device_that_was_never_gone_is_not_announced_as_back(device: LineDevice) -> None:
    waiting = asyncio.ensure_future(driver(device).until_back())
    await asyncio.sleep(0.6)
    assert not waiting.done()
    waiting.cancel()
    await asyncio.wait((waiting,))


async def test_a_device_that_comes_back_in_its_old_place_is_announced(tmp_path: Path) -> None:
    place = tmp_path / "ttyBAND"
    first = LineDevice(row, link=place)
    waiting = asyncio.ensure_future(driver_of(line_band(str(place))).until_back())
    await asyncio.sleep(0.1)
    await first.close()
    await asyncio.sleep(0.4)
    second = LineDevice(row, link=place)
    async with asyncio.timeout(1.0):
        await waiting
    await second.close()


async def test_a_device_that_is_silent_in_mid_stream_is_called_stalled(device: LineDevice) -> None:
    stalling = driver(device)
    stalling.protocol.silence_s = 0.3
    async with watched(stalling) as watch:
        device.run()
        await reach(watch, SensorState.STREAMING)
        await device.stop()
        await reach(watch, SensorState.STALLED)
        device.run()
        await reach(watch, SensorState.STREAMING)


async def test_closing_the_stream_frees_the_port(device: LineDevice) -> None:
    device.run()
    one = driver(device)
    for _ in range(3):
        got: list[SampleBlock] = await take(one, lambda blocks: count(blocks, Channel.PPG) > 3)
        assert got
    await until(lambda: one.link is not None and one.link._port is None)
