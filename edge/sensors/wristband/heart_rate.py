"""Any band or strap with the standard Heart Rate Service."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing

import numpy as np

from edge.clock import Clock
from edge.config import HeartRateBand
from edge.errors import DecodeError
from edge.sensors.wristband import battery
from edge.sensors.wristband.ble import BATTERY_LEVEL, Notification, notifications
from edge.sensors.wristband.damage import Damage
from edge.sensors.wristband.heart_rate_measurement import HeartRateMeasurement, parse_measurement
from edge.types import Channel, SampleBlock

HEART_RATE_MEASUREMENT = "00002a37-0000-1000-8000-00805f9b34fb"
"""Heart Rate Measurement of the Heart Rate Service (0x180D)."""

SILENCE_S = 5.0
"""The service notifies about once per second (Heart Rate Service 1.0, 3.1): five in a row are missing."""

SHORTEST_RR_S, LONGEST_RR_S = 0.25, 3.0
"""RR intervals outside 240 to 20 beats per minute are dropped artefacts or missed beats, not beats to place."""


class HeartRate:
    """Heart rate, RR intervals, skin contact and charge of a standard band.

    The service carries no time, so blocks are placed by their arrival.

    Args:
        config: its stanza.
        clock: stamps the arrivals.
    """

    def __init__(self, config: HeartRateBand, clock: Clock) -> None:
        """Connect to nothing yet."""
        self._config = config
        self._clock = clock
        self.damage = Damage(config.name, clock)

    @property
    def name(self) -> str:
        """Name from the configuration."""
        return self._config.name

    @property
    def stall_after_s(self) -> float:
        """Silence after which the stream counts as stalled."""
        return SILENCE_S

    async def stream(self) -> AsyncIterator[SampleBlock]:
        """One connection; unusable notifications are counted and skipped.

        Raises:
            SensorError: as `edge.sensors.wristband.ble.notifications`.
        """
        source = notifications(self._config, self._clock, HEART_RATE_MEASUREMENT, SILENCE_S)
        async with aclosing(source):
            async for notification in source:
                for block in self._blocks(notification):
                    yield block

    def _blocks(self, notification: Notification) -> Iterator[SampleBlock]:
        try:
            if notification.uuid == BATTERY_LEVEL:
                yield battery.block(self.name, notification)
            else:
                yield from measurement_blocks(self.name, parse_measurement(notification.data), notification.arrived_ns)
        except DecodeError as error:
            self.damage.note(error)


def measurement_blocks(sensor: str, measurement: HeartRateMeasurement, arrived_ns: int) -> Iterator[SampleBlock]:
    """The blocks of one measurement: contact, heart rate, beats; each only where the band tells it."""

    def one(channel: Channel, values: list[float], lost: int = 0) -> SampleBlock:
        return SampleBlock(sensor, channel, np.array(values, np.float32), 0.0, arrived_ns, lost_before=lost)

    if measurement.contact is not None:
        yield one(Channel.CONTACT, [float(measurement.contact)])
    if measurement.bpm:
        yield one(Channel.HEART_RATE_BPM, [float(measurement.bpm)])
    beats = [rr for rr in measurement.rr_s if SHORTEST_RR_S <= rr <= LONGEST_RR_S]
    if beats:
        yield one(Channel.IBI_S, beats, lost=len(measurement.rr_s) - len(beats))
