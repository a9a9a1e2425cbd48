"""From an EmotiBit's packets to sample blocks."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from edge.errors import DecodeError, DecodeReason
from edge.sensors.wristband.emotibit.lines import Packet
from edge.sensors.wristband.heart_rate import FASTEST_BPM, LONGEST_RR_S, SHORTEST_RR_S, SLOWEST_BPM
from edge.sensors.wristband.stamped import StampedChannel
from edge.types import Channel, SampleBlock

Light = Literal["infrared", "red", "green"]
"""Colours of the optical sensor."""

LIGHT_TAGS: dict[Light, str] = {"infrared": "PI", "red": "PR", "green": "PG"}

PPG_HZ, EDA_HZ, ACC_HZ = 25.0, 15.0, 25.0
"""Rates of EmotiBit's default settings; others are recognised from the time stamps."""

MS_PER_S = 1000.0
_WRAP_MS = 2**32
_AXES = ("AX", "AY", "AZ")


@dataclass(frozen=True, slots=True)
class _Sense:
    """What a tag becomes: `scale` brings it to the channel's unit, values outside the limits cannot be."""

    channel: Channel
    low: float
    high: float
    scale: float = 1.0
    rate_hz: float = 0.0


_LIGHT = _Sense(Channel.PPG, -(2.0**24), 0.0, -1.0, PPG_HZ)
"""Counts of returning light, turned over: more blood lets less light come back, and a beat is to be a rise. (In a real
recording the steepest change of the raw counts is a fall: skewness of their slope is -1.6 to -2.0 in all colours.)"""

_SENSES = {
    "EA": _Sense(Channel.GSR_US, -1.0, 200.0, rate_hz=EDA_HZ),
    "HR": _Sense(Channel.HEART_RATE_BPM, SLOWEST_BPM, FASTEST_BPM),
    "BI": _Sense(Channel.IBI_S, SHORTEST_RR_S, LONGEST_RR_S, 1.0 / MS_PER_S),
    "TH": _Sense(Channel.SKIN_TEMPERATURE_C, 0.0, 60.0),
    "B%": _Sense(Channel.BATTERY_PERCENT, 0.0, 100.0),
}
"""Limits: those of the band protocol for conductance (a little below zero is noise of open electrodes), of hearts, of
living skin in a room, of a percentage."""

_AXIS = _Sense(Channel.ACC_G, -16.0, 16.0, rate_hz=ACC_HZ)
"""The sensor's widest range is 16 g."""


class PacketBlocks:
    """Turns the packets of one EmotiBit into blocks; packets of other tags are left aside.

    Args:
        sensor: the band's name in the configuration.
        light: which colour becomes the PPG.
    """

    def __init__(self, sensor: str, light: Light = "infrared") -> None:
        """Nothing has been received yet."""
        self._sensor = sensor
        self._senses = _SENSES | {LIGHT_TAGS[light]: _LIGHT}
        regular = {tag: sense for tag, sense in self._senses.items() if sense.rate_hz}
        self._streams = {tag: StampedChannel(sensor, sense.channel, sense.rate_hz) for tag, sense in regular.items()}
        self._acceleration = StampedChannel(sensor, Channel.ACC_G, ACC_HZ)
        self._axes: dict[str, Packet] = {}
        self._time_ms: int | None = None

    def blocks(self, packet: Packet, arrived_ns: int) -> Iterator[SampleBlock | DecodeError]:
        """The blocks that a packet completes, or what is wrong with it."""
        try:
            if packet.tag in _AXES:
                yield from self._accelerate(packet, arrived_ns)
            elif packet.tag in self._senses and packet.data:
                yield from self._sense(packet, self._senses[packet.tag], arrived_ns)
        except DecodeError as error:
            yield error

    def _sense(self, packet: Packet, sense: _Sense, arrived_ns: int) -> Iterator[SampleBlock]:
        if packet.tag == "HR" and not any(_number(field) for field in packet.data):
            return  # no heart rate yet
        values = np.array(_values(packet, sense), np.float32)
        last_s = self._unwrap(packet.time_ms) / MS_PER_S
        if sense.rate_hz:
            yield from self._streams[packet.tag].blocks(values, last_s, arrived_ns)
            return
        # The time is that of the last beat or reading, a block's is that of the first.
        earlier_s = float(values[1:].sum()) if sense.channel is Channel.IBI_S else 0.0
        yield SampleBlock(self._sensor, sense.channel, values, 0.0, arrived_ns, last_s - earlier_s)

    def _accelerate(self, packet: Packet, arrived_ns: int) -> Iterator[SampleBlock]:
        """The three axes come as packets of their own, with one time."""
        self._axes[packet.tag] = packet
        if packet.tag != _AXES[-1]:
            return
        axes = [self._axes.get(tag) for tag in _AXES]
        self._axes.clear()
        together = [axis for axis in axes if axis is not None]
        if len(together) < len(_AXES) or len({(axis.time_ms, len(axis.data)) for axis in together}) > 1:
            raise DecodeError(DecodeReason.SHORT, f"an axis of the acceleration at {packet.time_ms} ms is missing")
        if packet.data:
            values = np.array([_values(axis, _AXIS) for axis in together], np.float32).T
            last_s = self._unwrap(packet.time_ms) / MS_PER_S
            yield from self._acceleration.blocks(np.ascontiguousarray(values), last_s, arrived_ns)

    def _unwrap(self, time_ms: int) -> int:
        """Continue the 32-bit time (it wraps every 49.7 days) to the nearest matching one."""
        if self._time_ms is None:
            self._time_ms = time_ms
        half = _WRAP_MS // 2
        self._time_ms += (time_ms - self._time_ms + half) % _WRAP_MS - half
        return self._time_ms


def _values(packet: Packet, sense: _Sense) -> list[float]:
    values = [_number(field) * sense.scale for field in packet.data]
    for value in values:
        if not sense.low <= value <= sense.high:
            raise DecodeError(DecodeReason.VALUE, f"{packet.tag} {value:g} cannot be")
    return values


def _number(field: str) -> float:
    try:
        value = float(field)
    except ValueError as error:
        raise DecodeError(DecodeReason.VALUE, f"{field[:20]!r} is no number") from error
    if not math.isfinite(value):
        raise DecodeError(DecodeReason.VALUE, f"{field[:20]!r} is no measurement")
    return value
