"""The Shimmer3 GSR+ over its Bluetooth serial port (RFCOMM): pulse wave, skin conductance, acceleration, charge."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np
from pydantic import Field

from edge.errors import DecodeError
from edge.sensors.wristband.serial.band import SerialBand
from edge.sensors.wristband.serial.device_time import DeviceTime
from edge.sensors.wristband.serial.means import Means
from edge.sensors.wristband.serial.protocol import Chunk, Port, SerialProtocol
from edge.sensors.wristband.serial.shimmer_calibration import (
    acceleration_g,
    battery_percent,
    conductance_us,
    millivolts,
)
from edge.sensors.wristband.serial.shimmer_packets import (
    TICKS_PER_S,
    TURN,
    BatteryReading,
    ChannelId,
    Layout,
    Op,
    Packet,
)
from edge.sensors.wristband.serial.shimmer_setup import ANSWER_S, QUIET_S, Dialogue, Setup, set_up
from edge.sensors.wristband.serial.shimmer_stream import PacketSplitter
from edge.types import NS_PER_S, Channel, SampleBlock

BATTERY_EVERY_S = 60.0
"""Time between two questions for the charge: a Shimmer's battery lasts for hours."""

_AXES = (ChannelId.ACCEL_X, ChannelId.ACCEL_Y, ChannelId.ACCEL_Z)


class Shimmer3Band(SerialBand):
    """A Shimmer3 GSR+ over its Bluetooth serial port: pulse wave, skin conductance, acceleration (docs/serial.md)."""

    driver: Literal["shimmer3"]
    """Always "shimmer3"."""
    rate_hz: float = Field(default=64.0, ge=16.0, le=512.0)
    """Samples per second of every channel; the unit makes it a whole divisor of 32768."""
    accelerometer: bool = True
    """Whether to read the accelerometer, which lets movement be told from a poor signal."""

    def protocol(self) -> SerialProtocol:
        """Its protocol."""
        return Shimmer3(self)


class Shimmer3(SerialProtocol):
    """GSR in µS (means of a quarter of a second), PPG in mV, acceleration in g, on the Shimmer's own clock.

    Args:
        config: rate and sensors.
    """

    farewell = bytes([Op.STOP_STREAMING])

    def __init__(self, config: Shimmer3Band) -> None:
        """Nothing has been received yet."""
        super().__init__(config.name)
        self._config = config
        self._setup: Setup | None = None
        self._splitter: PacketSplitter | None = None
        self._skin = Means(config.rate_hz)
        # Kept across connections: the Shimmer's clock goes on while the link is down.
        self._clock = DeviceTime(TICKS_PER_S, TURN)
        self._last_s: float | None = None
        self._asked_ns: int | None = None
        self.answer_s, self.quiet_s = ANSWER_S, QUIET_S

    def connected(self) -> None:
        """Forget a packet that was cut off by the end of the last connection."""
        self._splitter = None
        self._asked_ns = None

    async def start(self, port: Port) -> None:
        """Set the Shimmer up and have it stream."""
        config = self._config
        dialogue = Dialogue(port, self.sensor, self.answer_s, self.quiet_s)
        self.begin(await set_up(dialogue, self.sensor, config.rate_hz, accelerometer=config.accelerometer))
        await dialogue.tell(Op.START_STREAMING)

    def begin(self, setup: Setup) -> None:
        """Know what the packets look like."""
        self._setup = setup
        self._skin = Means(TICKS_PER_S / setup.layout.period_ticks)
        self._splitter = PacketSplitter(setup.layout)

    def decode(self, chunk: Chunk) -> Iterator[SampleBlock | DecodeError]:
        """The blocks of the packets that are complete with these bytes."""
        if self._splitter is None or self._setup is None:
            return
        run = _Run()
        for found in self._splitter.feed(chunk.data):
            if isinstance(found, DecodeError):
                yield found
            elif isinstance(found, BatteryReading):
                yield self._battery(found, chunk.arrived_ns)
            else:
                at_s, follows = self._clock.read(found.ticks, chunk.arrived_ns)
                lost = self._lost(at_s, self._setup.layout) if follows else 0
                if run.packets and (lost or not follows):
                    yield from self._blocks(run, self._setup, chunk.arrived_ns)
                    run = _Run()
                if not follows:
                    self._skin.restart()
                run.add(found, at_s, lost)
                self._last_s = at_s
        if run.packets:
            yield from self._blocks(run, self._setup, chunk.arrived_ns)

    def due(self, now_ns: int) -> bytes:
        """The question for the charge, once per `BATTERY_EVERY_S`."""
        if self._asked_ns is not None and now_ns - self._asked_ns < BATTERY_EVERY_S * NS_PER_S:
            return b""
        self._asked_ns = now_ns
        return bytes([Op.GET_BATTERY])

    def remedy(self) -> str:
        """What a person should check when nothing can be decoded."""
        return "is it a Shimmer3 with LogAndStream firmware? Switch it off and on again"

    def _lost(self, at_s: float, layout: Layout) -> int:
        if self._last_s is None:
            return 0
        return max(0, round((at_s - self._last_s) * TICKS_PER_S / layout.period_ticks) - 1)

    def _battery(self, reading: BatteryReading, arrived_ns: int) -> SampleBlock | DecodeError:
        try:
            values = np.array([battery_percent(reading.adc)], np.float32)
        except DecodeError as error:
            return error
        return SampleBlock(self.sensor, Channel.BATTERY_PERCENT, values, 0.0, arrived_ns)

    def _blocks(self, run: _Run, setup: Setup, arrived_ns: int) -> Iterator[SampleBlock]:
        """The blocks of packets that follow each other without a gap."""
        layout = setup.layout
        words = np.array([packet.words for packet in run.packets], np.uint16)
        place = {channel: index for index, channel in enumerate(layout.channels)}
        values = {
            Channel.PPG: millivolts(words[:, place[ChannelId.PPG]].astype(np.float64)),
        }
        if place.keys() >= set(_AXES):
            counts = words[:, [place[axis] for axis in _AXES]].astype(np.float64)
            values[Channel.ACC_G] = acceleration_g(counts, setup.calibration)
        for channel, converted in values.items():
            samples = np.asarray(converted, np.float32)
            rate_hz = TICKS_PER_S / layout.period_ticks
            yield SampleBlock(self.sensor, channel, samples, rate_hz, arrived_ns, run.first_s, run.lost_before)
        skin_us = conductance_us(words[:, place[ChannelId.GSR]])
        for slow in self._skin.feed(skin_us, run.first_s, run.lost_before):
            samples = np.asarray(slow.values, np.float32)
            yield SampleBlock(
                self.sensor, Channel.GSR_US, samples, self._skin.rate_hz, arrived_ns, slow.device_s, slow.lost_before
            )


class _Run:
    """Packets of one chunk that follow each other without a gap."""

    def __init__(self) -> None:
        self.packets: list[Packet] = []
        self.first_s = 0.0
        self.lost_before = 0

    def add(self, packet: Packet, at_s: float, lost_before: int) -> None:
        """Take a packet in."""
        if not self.packets:
            self.first_s, self.lost_before = at_s, lost_before
        self.packets.append(packet)
