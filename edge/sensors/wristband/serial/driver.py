"""One connection to a serial band: find it, open it, start it, hand on its blocks, let go."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from edge.clock import Clock
from edge.errors import DecodeError, SensorError, SensorReason
from edge.sensors.wristband.damage import Damage
from edge.sensors.wristband.serial import find
from edge.sensors.wristband.serial.band import SerialBand
from edge.sensors.wristband.serial.link import SerialLink
from edge.sensors.wristband.serial.pace import Pace
from edge.sensors.wristband.serial.protocol import Chunk, SerialProtocol
from edge.types import NS_PER_S, SampleBlock

FIRST_S = 10.0
"""Longest wait for the first block: opening the port resets many boards, whose boot loader waits up to 2 s (Arduino
Uno: Optiboot 1 s, ATmega2560: stk500v2 2 s) before a program that settles its sensors."""

GARBLED_S = 4.0
"""Time in which bytes arrive and none can be decoded until the connection is given up: a boot message is over after
half of it."""

GARBLED_BYTES = 64
"""...and so many bytes: a few stray ones of a plug that is pushed in say nothing."""


GARBLED_FLOOD_BYTES = 1 << 16
"""...or so many bytes, however quick they come: twice what 115,200 baud brings in that time."""

LOOK_S = 0.25
"""Time between two looks for a device that is gone: with the opening it is back within half a second."""

SETTLE_S = 0.2
"""Time that udev takes to give a new node its group and its links."""


class SerialDriver:
    """One band on a serial port.

    Args:
        config: where the band is.
        protocol: how to start it and what it says.
        clock: stamps the arrivals.
    """

    def __init__(self, config: SerialBand, protocol: SerialProtocol, clock: Clock) -> None:
        """Open nothing yet."""
        self._config = config
        self._clock = clock
        self.protocol = protocol
        self.damage = Damage(config.name, clock)
        self.first_s = FIRST_S
        self.garbled_s = GARBLED_S
        self.find_node: Callable[[str], str] = find.node_of
        self.link: SerialLink | None = None

    @property
    def name(self) -> str:
        """Name from the configuration."""
        return self._config.name

    @property
    def stall_after_s(self) -> float:
        """Silence after which the stream counts as stalled."""
        return self.protocol.silence_s

    async def stream(self) -> AsyncIterator[SampleBlock]:
        """One connection; whatever cannot be decoded is counted and skipped.

        Raises:
            SensorError: NOT_FOUND, NOT_PERMITTED, IN_USE, TIMED_OUT or UNREADABLE (the port cannot be opened), NO_DATA
                (nothing comes), GARBLED (nothing can be decoded), WRONG_RATE (far more or fewer samples than agreed),
                WRONG_DEVICE, or DISCONNECTED when the device is gone.
        """
        node = await self._clock.in_thread(self._node)
        self.link = link = SerialLink(self._clock, node, self._config.baud)
        try:
            await link.open()
            self.protocol.connected()
            await self.protocol.start(link)
            sense = _Sense(self, self._clock.now_ns())
            while True:
                chunk = await self._next(link, sense)
                blocks = sense.blocks(chunk)
                for block in blocks:
                    yield block
                request = self.protocol.due(chunk.arrived_ns)
                if request:
                    link.send(request)
        finally:
            if self.protocol.farewell:
                link.send(self.protocol.farewell)
            await link.close()

    async def until_back(self) -> None:
        """Return when the device, having been unplugged, is there again; never if it has been there all the time."""
        while await self._clock.in_thread(self._plugged_in):
            await self._clock.sleep(LOOK_S)
        while not await self._clock.in_thread(self._plugged_in):
            await self._clock.sleep(LOOK_S)
        await self._clock.sleep(SETTLE_S)

    def _plugged_in(self) -> bool:
        try:
            return Path(self._node()).exists()
        except SensorError:
            return False

    def _node(self) -> str:
        config = self._config
        if config.usb_serial is not None:
            return self.find_node(config.usb_serial)
        return str(config.device)

    async def _next(self, link: SerialLink, sense: _Sense) -> Chunk:
        """The next bytes; before the first block the wait is bounded, later silence is the business of `care`."""
        if sense.decoded:
            return await link.get()
        left_s = self.first_s - (self._clock.now_ns() - sense.since_ns) / NS_PER_S
        try:
            async with asyncio.timeout(max(0.0, left_s)):
                return await link.get()
        except TimeoutError as error:
            raise SensorError(
                SensorReason.NO_DATA,
                f"{link.device} is open but nothing that can be used came within {self.first_s:g} s: "
                f"{self.protocol.remedy()}",
            ) from error


class _Sense:
    """Whether what arrives on one connection makes sense: it can be decoded, and comes about as often as agreed."""

    def __init__(self, driver: SerialDriver, since_ns: int) -> None:
        self._driver = driver
        self._pace = Pace(driver.name)
        self._senseless_bytes = 0
        self.since_ns = since_ns
        self.decoded = False

    def blocks(self, chunk: Chunk) -> list[SampleBlock]:
        """The blocks of a chunk; damage is noted."""
        blocks: list[SampleBlock] = []
        for found in self._driver.protocol.decode(chunk):
            if isinstance(found, DecodeError):
                self._driver.damage.note(found)
            else:
                self._pace.note(found)
                blocks.append(found)
        if blocks:
            self.decoded = True
            self.since_ns, self._senseless_bytes = chunk.arrived_ns, 0
        else:
            self._doubt(chunk)
        return blocks

    def _doubt(self, chunk: Chunk) -> None:
        self._senseless_bytes += len(chunk.data)
        senseless_s = (chunk.arrived_ns - self.since_ns) / NS_PER_S
        long = senseless_s >= self._driver.garbled_s and self._senseless_bytes >= GARBLED_BYTES
        if long or self._senseless_bytes >= GARBLED_FLOOD_BYTES:
            raise SensorError(
                SensorReason.GARBLED,
                f"{self._senseless_bytes} bytes came from {self._driver.name} in {senseless_s:.0f} s and none could be "
                f"decoded: {self._driver.protocol.remedy()}",
            )
