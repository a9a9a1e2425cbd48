"""The port itself: opening, being in use, not being allowed, being pulled out, and leaving nothing behind."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import serial

from edge.clock import SystemClock
from edge.errors import SensorError, SensorReason
from edge.sensors.wristband.serial.link import INBOX_BYTES, SerialLink, _opening_failed
from tests.peers.pty import Cable
from tests.sensors.wristband.serial.playing import open_files, readers, until

NOBODY = 65534
"""The user id of nobody."""


@pytest.fixture
async def cable() -> AsyncIterator[Cable]:
    """A cable with nothing on the other end."""
    plugged = Cable()
    yield plugged
    plugged.unplug()


async def opened(cable: Cable) -> SerialLink:
    """A link over a cable."""
    link = SerialLink(SystemClock(), cable.node, 115200)
    await link.open()
    return link


async def refusal(device: str, baud: int = 115200) -> SensorError:
    """Why a port cannot be opened."""
    link = SerialLink(SystemClock(), device, baud)
    try:
        with pytest.raises(SensorError) as raised:
            await link.open()
    finally:
        await link.close()
    return raised.value


@contextmanager
def as_nobody(cable: Cable) -> Iterator[None]:
    """Without the rights of root, for a moment."""
    if os.geteuid() != 0:
        pytest.skip("only root can lay its rights down and take them up again")
    Path(cable.node).chmod(0o600)
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


async def test_bytes_go_both_ways() -> None:
    heard = bytearray()
    cable = Cable(heard.extend)
    link = await opened(cable)
    cable.write(b"hello\xff\x00")
    assert (await link.get()).data == b"hello\xff\x00"
    link.send(b"go")
    await until(lambda: bytes(heard) == b"go")
    await link.close()
    cable.unplug()


async def test_a_request_does_not_wait_for_the_read_that_is_under_way(cable: Cable) -> None:
    heard = asyncio.Event()
    answering = Cable(lambda _data: heard.set())
    link = await opened(answering)
    await asyncio.sleep(0.05)
    link.send(b"?")
    async with asyncio.timeout(0.2):  # a read lasts half a second
        await heard.wait()
    await link.close()
    answering.unplug()
    assert cable.plugged


async def test_a_port_that_is_not_there_is_not_found() -> None:
    error = await refusal("/dev/ttyNONE7")
    assert (error.reason, error.message) == (
        SensorReason.NOT_FOUND,
        "there is no /dev/ttyNONE7: is the device plugged in?",
    )


async def test_a_port_that_another_program_reads_is_in_use(cable: Cable) -> None:
    with serial.Serial(cable.node, exclusive=True):
        error = await refusal(cable.node)
    assert error.reason is SensorReason.IN_USE
    assert "ModemManager" in error.message


async def test_a_port_that_may_not_be_opened_names_the_group(cable: Cable) -> None:
    with as_nobody(cable):
        error = await refusal(cable.node)
    assert error.reason is SensorReason.NOT_PERMITTED
    assert "dialout" in error.message


async def test_what_is_no_serial_port_is_unreadable(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert (await refusal(str(tmp_path / "file"))).reason is SensorReason.UNREADABLE


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (OSError(112, "Host is down"), SensorReason.TIMED_OUT),
        (serial.SerialException(16, "busy"), SensorReason.IN_USE),
        (ValueError("Failed to set custom baud rate"), SensorReason.UNREADABLE),
        (serial.SerialException("no number"), SensorReason.UNREADABLE),
    ],
)
def test_what_cannot_be_brought_about_here_has_its_reason_too(error: Exception, reason: SensorReason) -> None:
    assert _opening_failed("/dev/rfcomm0", 9600, error).reason is reason


async def test_pulling_the_plug_ends_the_read_at_once(cable: Cable) -> None:
    link = await opened(cable)
    asyncio.get_running_loop().call_later(0.05, cable.unplug)
    with pytest.raises(SensorError, match="check its plug") as raised:
        async with asyncio.timeout(2):
            await link.get()
    assert raised.value.reason is SensorReason.DISCONNECTED
    await link.close()


async def test_what_came_before_the_plug_was_pulled_is_still_read(cable: Cable) -> None:
    link = await opened(cable)
    cable.write(b"last words")
    await until(lambda: bool(link._inbox))
    cable.unplug()
    assert (await link.get()).data == b"last words"
    with pytest.raises(SensorError):
        await link.get()
    await link.close()


async def test_a_request_to_a_device_that_is_gone_does_no_harm(cable: Cable) -> None:
    link = await opened(cable)
    cable.unplug()
    for _ in range(5):
        link.send(b"?")
        await asyncio.sleep(0.01)
    await link.close()
    assert readers() == []


async def test_a_consumer_that_is_late_costs_bounded_memory(cable: Cable) -> None:
    link = await opened(cable)
    sent = 0
    while sent <= INBOX_BYTES + 100_000:
        before = cable.overrun
        cable.write(bytes(4096))
        sent += 4096 - (cable.overrun - before)
        await asyncio.sleep(0)
    await until(lambda: link._held + link.dropped_bytes == sent)
    assert link._held <= INBOX_BYTES
    assert link.dropped_bytes >= 100_000
    await link.close()


async def test_a_hundred_connections_leave_no_thread_and_no_file_behind(cable: Cable) -> None:
    await (await opened(cable)).close()
    before = open_files()
    for number in range(100):
        link = await opened(cable)
        cable.write(b"x")
        await link.get()
        if number % 3 == 0:
            link.send(b"bye")
        await link.close()
    assert readers() == []
    assert open_files() <= before


async def test_a_hundred_devices_pulled_out_leave_no_thread_and_no_file_behind(cable: Cable) -> None:
    await (await opened(cable)).close()
    before = open_files()
    for _ in range(100):
        other = Cable()
        link = await opened(other)
        other.unplug()
        with pytest.raises(SensorError):
            await link.get()
        await link.close()
    assert readers() == []
    assert open_files() <= before
