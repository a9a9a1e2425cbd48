"""A Shimmer3 GSR+ on one end of a cable: answers its commands, streams its packets, and fails as real ones do."""

from __future__ import annotations

import asyncio
import math
import struct

import numpy as np

from edge.sensors.wristband.serial.shimmer_calibration import (
    FULL_SCALE,
    REFERENCE_V,
    AccelCalibration,
    encode_calibration,
    gsr_word,
)
from edge.sensors.wristband.serial.shimmer_packets import (
    TICKS_PER_S,
    TURN,
    BatteryReading,
    ChannelId,
    Firmware,
    Inquiry,
    Layout,
    Op,
    Packet,
    SensorBit,
    encode_battery,
    encode_firmware,
    encode_inquiry,
    encode_packet,
)
from tests.peers.pty import Cable

ARGUMENTS = {Op.SET_SENSORS: 3, Op.SET_SAMPLING_RATE: 2, Op.SET_GSR_RANGE: 1, Op.SET_EXPANSION_POWER: 1}
"""Bytes behind the commands that have any."""

CALIBRATION = AccelCalibration(
    np.full(3, 2253.0), np.full(3, 92.0), np.array([[0.0, -1.0, 0.0], [-1.0, 0.0, 0.0], [0.0, 0.0, -1.0]])
)
"""That of a real unit (a KXTC9-2050)."""

AT_REST = (2253, 2253, 2253 - 902)
"""Counts of a unit that lies on its back: 1 g along z."""

FULL_BATTERY = BatteryReading(adc=2860, charging=0xC0)
"""4.165 V."""


def gsr_range_of(gsr_us: float) -> int:
    """The range that the unit picks by itself (user manual: 8-63, 63-220, 220-680, 680-4700 kilohms)."""
    kohm = 1000.0 / max(gsr_us, 1e-3)
    return sum(kohm > limit for limit in (63.0, 220.0, 680.0))


def ppg_counts(at_s: float, bpm: float = 75.0) -> int:
    """A pulse wave at 1.5 V: a steep rise, a slow fall, a dicrotic wave."""
    phase = (at_s * bpm / 60.0) % 1.0
    wave = math.exp(-(((phase - 0.2) / 0.09) ** 2)) + 0.3 * math.exp(-(((phase - 0.5) / 0.12) ** 2))
    return round((1.5 + 0.3 * wave) / REFERENCE_V * FULL_SCALE)


class ShimmerUnit:
    """One unit. Needs a running event loop.

    Attributes:
        mute: it answers nothing.
        refuses: commands answered with a NACK.
        deaf_to_stop: it goes on streaming when told to stop.
        hardware: what it says it is; 3 is a Shimmer3.
        speed: packets per packet of its rate; its counter goes on as it should.
    """

    def __init__(self) -> None:
        self.cable = Cable(self._received)
        self.mute = False
        self.refuses: set[int] = set()
        self.deaf_to_stop = False
        self.hardware = 3
        self.firmware = Firmware(3, (0, 15, 4))
        self.calibration = encode_calibration(CALIBRATION)
        self.battery = FULL_BATTERY
        self.channels: tuple[ChannelId, ...] | None = None
        self.speed = 1.0
        self.gsr_us = 4.0
        self.start_ticks = 1_000_000
        self.sent = 0
        self.commands: list[int] = []
        self._held = bytearray()
        self._mask = 0
        self._period_ticks = 640
        self._streaming: asyncio.Task[None] | None = None

    @property
    def node(self) -> str:
        """What the driver opens."""
        return self.cable.node

    @property
    def streaming(self) -> bool:
        """Whether it was started and not stopped."""
        return self._streaming is not None

    @property
    def layout(self) -> Layout:
        """Its packets, as it is set up."""
        return Layout(self._channels(), self._period_ticks)

    def packet(self) -> bytes:
        """The next sample."""
        at_s = self.sent * self._period_ticks / TICKS_PER_S
        ticks = (self.start_ticks + self.sent * self._period_ticks) % TURN
        words = dict(zip((ChannelId.ACCEL_X, ChannelId.ACCEL_Y, ChannelId.ACCEL_Z), AT_REST, strict=True))
        words[ChannelId.PPG] = ppg_counts(at_s)
        words[ChannelId.GSR] = gsr_word(self.gsr_us, gsr_range_of(self.gsr_us))
        self.sent += 1
        return encode_packet(Packet(ticks, tuple(words[channel] for channel in self._channels())), self.layout)

    def send(self, packets: int) -> None:
        """Send some packets at once."""
        self.cable.write(b"".join(self.packet() for _ in range(packets)))

    def skip(self, packets: int) -> None:
        """Lose packets on the way: the counter goes on."""
        self.sent += packets

    def restart(self) -> None:
        """A unit whose firmware began anew: its counter is near 0."""
        self.sent, self.start_ticks = 0, 77

    async def close(self) -> None:
        """Stop, and pull the plug."""
        await self.fall_silent()
        self.cable.unplug()

    async def fall_silent(self) -> None:
        """Stop sending without a word."""
        if self._streaming is not None:
            self._streaming.cancel()
            await asyncio.wait((self._streaming,))
            self._streaming = None

    def _channels(self) -> tuple[ChannelId, ...]:
        if self.channels is not None:
            return self.channels
        found: list[ChannelId] = []
        if self._mask & SensorBit.ACCEL:
            found += [ChannelId.ACCEL_X, ChannelId.ACCEL_Y, ChannelId.ACCEL_Z]
        if self._mask & SensorBit.PPG:
            found.append(ChannelId.PPG)
        if self._mask & SensorBit.GSR:
            found.append(ChannelId.GSR)
        return tuple(found)

    def _received(self, data: bytes) -> None:
        self._held += data
        while self._held:
            op = self._held[0]
            size = 1 + next((count for known, count in ARGUMENTS.items() if known == op), 0)
            if len(self._held) < size:
                return
            arguments = bytes(self._held[1:size])
            del self._held[:size]
            self.commands.append(op)
            if not self.mute:
                self._obey(op, arguments)

    def _obey(self, op: int, arguments: bytes) -> None:
        if op in self.refuses:
            self.cable.write(bytes([Op.NACK]))
            return
        if op == Op.STOP_STREAMING and self._streaming is not None and not self.deaf_to_stop:
            self._streaming.cancel()
            self._streaming = None
        if op == Op.SET_SENSORS:
            self._mask = int.from_bytes(arguments, "little")
        if op == Op.SET_SAMPLING_RATE:
            (self._period_ticks,) = struct.unpack("<H", arguments)
        self.cable.write(self._answer(op))
        if op == Op.START_STREAMING and self._streaming is None:
            self._streaming = asyncio.ensure_future(self._stream())

    def _answer(self, op: int) -> bytes:
        if op == Op.GET_BATTERY:
            return encode_battery(self.battery)
        payload: dict[int, tuple[int, bytes]] = {
            Op.INQUIRY: (
                Op.INQUIRY_RESPONSE,
                encode_inquiry(Inquiry(self._period_ticks, self._channels())),
            ),
            Op.GET_DEVICE_VERSION: (Op.DEVICE_VERSION_RESPONSE, bytes([self.hardware])),
            Op.GET_FIRMWARE_VERSION: (Op.FIRMWARE_VERSION_RESPONSE, encode_firmware(self.firmware)),
            Op.GET_ACCEL_CALIBRATION: (Op.ACCEL_CALIBRATION_RESPONSE, self.calibration),
        }
        code, body = payload.get(op, (-1, b""))
        return bytes([Op.ACK]) + (bytes([code]) + body if code >= 0 else b"")

    async def _stream(self) -> None:
        loop = asyncio.get_running_loop()
        begin_s, sent = loop.time(), 0
        while True:
            due = int((loop.time() - begin_s) * self.speed * TICKS_PER_S / self._period_ticks)
            if due > sent:
                self.send(due - sent)
                sent = due
            await asyncio.sleep(0.02)
