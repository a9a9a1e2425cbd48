"""Any band or strap with the standard Heart Rate Service."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal

import numpy as np

from edge.errors import DecodeError, DecodeReason
from edge.sensors.wristband.ble_band import BleBand
from edge.sensors.wristband.heart_rate_measurement import HeartRateMeasurement, parse_measurement
from edge.sensors.wristband.profile import Notification, Profile
from edge.types import Channel, Modality, SampleBlock

HEART_RATE_MEASUREMENT = "00002a37-0000-1000-8000-00805f9b34fb"
"""Heart Rate Measurement of the Heart Rate Service (0x180D)."""

SILENCE_S = 5.0
"""The service notifies about once per second (Heart Rate Service 1.0, 3.1): five in a row are missing."""

SHORTEST_RR_S, LONGEST_RR_S = 0.25, 3.0
"""RR intervals outside 240 to 20 beats per minute are dropped artefacts or missed beats, not beats to place."""

SLOWEST_BPM, FASTEST_BPM = 20.0, 300.0
"""Heart rates outside are no heart's: 300 per minute is atrial flutter conducted one to one, the fastest rhythm of the
ventricles that has a pulse, and the slow end is that of the RR intervals."""


class HeartRateBand(BleBand):
    """Any band or strap with the standard Heart Rate Service (0x180D): heart rate and RR intervals, no waveform."""

    modalities: ClassVar[tuple[Modality, ...]] = (Modality.HEART_RATE,)
    advertised_services: ClassVar[frozenset[str]] = frozenset({"0000180d-0000-1000-8000-00805f9b34fb"})

    driver: Literal["ble_heart_rate"]
    """Always "ble_heart_rate"."""

    def profile(self) -> Profile:
        """Its profile."""
        return HeartRate(self.name)


class HeartRate(Profile):
    """Heart rate, RR intervals and skin contact. The service carries no time: blocks are placed by their arrival."""

    wanted = (HEART_RATE_MEASUREMENT,)
    silence_s = SILENCE_S

    def __init__(self, sensor: str) -> None:
        """Nothing has been received yet."""
        super().__init__(sensor)
        self._blocks = MeasurementBlocks(sensor)

    def decode(self, notification: Notification) -> Iterator[SampleBlock | DecodeError]:
        """Contact, heart rate and beats of one notification."""
        yield from self._blocks.decode(notification)


class MeasurementBlocks:
    """Turns the heart rate measurements of one band into blocks.

    Args:
        sensor: the band's name in the configuration.
    """

    def __init__(self, sensor: str) -> None:
        """Nothing has been received yet."""
        self._sensor = sensor
        self._lost = 0

    def decode(self, notification: Notification) -> Iterator[SampleBlock | DecodeError]:
        """Contact, heart rate and beats of one notification; each only where the band tells it.

        A rate of 0 is a band's way to say that it has none; any other that no heart has is an error in its place.
        """
        try:
            measurement = parse_measurement(notification.data)
        except DecodeError as error:
            yield error
            return
        if measurement.contact is not None:
            yield self._block(Channel.CONTACT, [float(measurement.contact)], notification)
        if SLOWEST_BPM <= measurement.bpm <= FASTEST_BPM:
            yield self._block(Channel.HEART_RATE_BPM, [float(measurement.bpm)], notification)
        elif measurement.bpm:
            yield DecodeError(DecodeReason.VALUE, f"a heart rate of {measurement.bpm} per minute cannot be")
        yield from self._beats(measurement, notification)

    def _beats(self, measurement: HeartRateMeasurement, notification: Notification) -> Iterator[SampleBlock]:
        """The beats since the last interval that no heart has: what was before it has no known time."""
        beats: list[float] = []
        for rr_s in measurement.rr_s:
            if SHORTEST_RR_S <= rr_s <= LONGEST_RR_S:
                beats.append(rr_s)
            else:
                self._lost += len(beats) + 1
                beats = []
        if beats:
            yield self._block(Channel.IBI_S, beats, notification, self._lost)
            self._lost = 0

    def _block(
        self, channel: Channel, values: list[float], notification: Notification, lost_before: int = 0
    ) -> SampleBlock:
        data = np.array(values, np.float32)
        return SampleBlock(self._sensor, channel, data, 0.0, notification.arrived_ns, lost_before=lost_before)
