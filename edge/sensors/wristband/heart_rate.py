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

    def decode(self, notification: Notification) -> Iterator[SampleBlock | DecodeError]:
        """Contact, heart rate and beats of one notification."""
        try:
            measurement = parse_measurement(notification.data)
        except DecodeError as error:
            yield error
        else:
            yield from measurement_blocks(self.sensor, measurement, notification.arrived_ns)


def measurement_blocks(
    sensor: str, measurement: HeartRateMeasurement, arrived_ns: int
) -> Iterator[SampleBlock | DecodeError]:
    """The blocks of one measurement: contact, heart rate, beats; each only where the band tells it.

    A rate of 0 is a band's way to say that it has none; any other that no heart has is an error in its place.
    """

    def one(channel: Channel, values: list[float], lost: int = 0) -> SampleBlock:
        return SampleBlock(sensor, channel, np.array(values, np.float32), 0.0, arrived_ns, lost_before=lost)

    if measurement.contact is not None:
        yield one(Channel.CONTACT, [float(measurement.contact)])
    if SLOWEST_BPM <= measurement.bpm <= FASTEST_BPM:
        yield one(Channel.HEART_RATE_BPM, [float(measurement.bpm)])
    elif measurement.bpm:
        yield DecodeError(DecodeReason.VALUE, f"a heart rate of {measurement.bpm} per minute cannot be")
    beats = [rr for rr in measurement.rr_s if SHORTEST_RR_S <= rr <= LONGEST_RR_S]
    if beats:
        yield one(Channel.IBI_S, beats, lost=len(measurement.rr_s) - len(beats))
