"""Any oximeter with the standard Pulse Oximeter Service."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal

import numpy as np

from edge.errors import DecodeError, DecodeReason
from edge.sensors.wristband.ble_band import BleBand
from edge.sensors.wristband.heart_rate import FASTEST_BPM, SLOWEST_BPM
from edge.sensors.wristband.profile import Link, Notification, Profile
from edge.sensors.wristband.pulse_oximeter_measurement import (
    DeviceStatus,
    MeasurementStatus,
    PlxMeasurement,
    parse_continuous,
    parse_features,
    parse_spot,
)
from edge.types import Channel, Modality, SampleBlock

PLX_SPOT_CHECK = "00002a5e-0000-1000-8000-00805f9b34fb"
"""PLX Spot-check Measurement (indicated)."""

PLX_CONTINUOUS = "00002a5f-0000-1000-8000-00805f9b34fb"
"""PLX Continuous Measurement (notified)."""

PLX_FEATURES = "00002a60-0000-1000-8000-00805f9b34fb"
"""PLX Features (read)."""

SILENCE_S = 5.0
"""Oximeters notify about once per second (Pulse Oximeter Service 1.0.1, 3.2): five in a row are missing."""

SPOT_SILENCE_S = 120.0
"""A device without continuous measurements speaks only when somebody has measured. It connects to do so; two minutes
leave time to put the finger in, and end before an attempt to connect is given up for want of data."""

_OFF = DeviceStatus.UNCONNECTED_TO_USER | DeviceStatus.DISPLACED | DeviceStatus.SENSOR_DISCONNECTED
"""The sensor is not on the person."""

_NO_PULSE = (
    _OFF
    | DeviceStatus.EQUIPMENT_MALFUNCTION
    | DeviceStatus.PROCESSING_IRREGULARITY
    | DeviceStatus.INADEQUATE_SIGNAL
    | DeviceStatus.ERRATIC_SIGNAL
    | DeviceStatus.NO_PULSATION
    | DeviceStatus.QUESTIONABLE_PULSE
    | DeviceStatus.INTERFERENCE
    | DeviceStatus.UNKNOWN_SENSOR
    | DeviceStatus.SENSOR_MALFUNCTION
)
"""What the oximeter measures meanwhile is nobody's pulse, or may not be. A weak signal and low perfusion are left out:
a cold hand is the rule in palliative care, and the oximeter still vouches for what it found."""

_NOT_NOW = (
    MeasurementStatus.FROM_STORAGE
    | MeasurementStatus.FOR_DEMONSTRATION
    | MeasurementStatus.FOR_TESTING
    | MeasurementStatus.CALIBRATING
    | MeasurementStatus.UNAVAILABLE
    | MeasurementStatus.QUESTIONABLE
    | MeasurementStatus.INVALID
)
"""Not this person's blood, not now, or not to be trusted: what was stored is not evidence of the present."""

_LIMITS = {
    Channel.SPO2_PERCENT: (1.0, 100.0),
    Channel.HEART_RATE_BPM: (SLOWEST_BPM, FASTEST_BPM),
    Channel.PERFUSION_PERCENT: (0.0, 100.0),
}
"""What a percentage or a pulse can be at all."""


class PulseOximeterBand(BleBand):
    """Any wrist or finger oximeter with the standard Pulse Oximeter Service (0x1822): pulse rate and saturation."""

    modalities: ClassVar[tuple[Modality, ...]] = (Modality.HEART_RATE,)
    advertised_services: ClassVar[frozenset[str]] = frozenset({"00001822-0000-1000-8000-00805f9b34fb"})

    driver: Literal["ble_pulse_oximeter"]
    """Always "ble_pulse_oximeter"."""

    def profile(self) -> Profile:
        """Its profile."""
        return PulseOximeter(self.name)


class PulseOximeter(Profile):
    """Pulse rate, oxygen saturation, perfusion and contact.

    Continuous measurements carry no time and are placed by their arrival, spot checks by the oximeter's clock.
    """

    wanted = (PLX_CONTINUOUS, PLX_SPOT_CHECK)

    def __init__(self, sensor: str) -> None:
        """Nothing has been received yet."""
        super().__init__(sensor)
        self.silence_s = SILENCE_S
        self._tells_contact = False

    async def start(self, link: Link) -> None:
        """Learn whether this oximeter notices a finger that is gone, and whether it measures all the time."""
        self.silence_s = SILENCE_S if link.offers(PLX_CONTINUOUS) else SPOT_SILENCE_S
        if link.offers(PLX_FEATURES):
            try:
                self._tells_contact = bool(parse_features(await link.read(PLX_FEATURES)) & _OFF)
            except DecodeError:
                self._tells_contact = False  # it may still prove that it does, by doing so

    def decode(self, notification: Notification) -> Iterator[SampleBlock | DecodeError]:
        """Contact, saturation, pulse rate and perfusion of one measurement."""
        parse = parse_spot if notification.uuid == PLX_SPOT_CHECK else parse_continuous
        try:
            measurement = parse(notification.data)
        except DecodeError as error:
            yield error
        else:
            yield from self._blocks(measurement, notification.arrived_ns)

    def _blocks(self, measurement: PlxMeasurement, arrived_ns: int) -> Iterator[SampleBlock | DecodeError]:
        def one(channel: Channel, value: float) -> SampleBlock:
            values = np.array([value], np.float32)
            return SampleBlock(self.sensor, channel, values, 0.0, arrived_ns, measurement.device_s)

        if (measurement.measurement_status or MeasurementStatus(0)) & _NOT_NOW:
            return
        status = measurement.device_status or DeviceStatus(0)
        self._tells_contact |= bool(status & _OFF)
        if measurement.device_status is not None and self._tells_contact:
            yield one(Channel.CONTACT, 0.0 if status & _OFF else 1.0)
        if status & _NO_PULSE:
            return
        for channel, value in _told(measurement).items():
            low, high = _LIMITS[channel]
            if low <= value <= high:
                yield one(channel, value)
            elif value == value:  # NaN is the oximeter's way to say that it has none
                yield DecodeError(DecodeReason.VALUE, f"{value:g} cannot be a {channel}")


def _told(measurement: PlxMeasurement) -> dict[Channel, float]:
    """The values of a measurement; where the normal averaging has none, the fast and then the slow one speak."""
    readings = [measurement.normal, *filter(None, (measurement.fast, measurement.slow))]
    told = {
        Channel.SPO2_PERCENT: _first(reading.spo2_percent for reading in readings),
        Channel.HEART_RATE_BPM: _first(reading.pulse_bpm for reading in readings),
    }
    if measurement.amplitude_percent is not None:
        told[Channel.PERFUSION_PERCENT] = measurement.amplitude_percent
    return told


def _first(values: Iterator[float]) -> float:
    """The first that is a number, or NaN."""
    return next((value for value in values if not np.isnan(value)), float("nan"))
