"""Measurements of the standard Pulse Oximeter Service (0x1822), as bytes.

PLX Continuous Measurement (0x2A5F), PLX Spot-check Measurement (0x2A5E) and PLX Features (0x2A60), after the Pulse
Oximeter Service 1.0.1 and the GATT Specification Supplement.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntFlag
from typing import TypeVar

from edge.errors import DecodeError, DecodeReason
from edge.sensors.wristband import sfloat

T = TypeVar("T")

_DATE_TIME = struct.Struct("<HBBBBB")
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
"""Any origin will do: a device's time is only ever compared with itself."""


class ContinuousFlag(IntFlag):
    """First byte of a continuous measurement: which fields follow, in this order."""

    FAST = 0x01
    SLOW = 0x02
    MEASUREMENT_STATUS = 0x04
    DEVICE_STATUS = 0x08
    AMPLITUDE = 0x10


class SpotFlag(IntFlag):
    """First byte of a spot-check measurement: which fields follow, in this order; and the state of its clock."""

    TIME = 0x01
    MEASUREMENT_STATUS = 0x02
    DEVICE_STATUS = 0x04
    AMPLITUDE = 0x08
    CLOCK_NOT_SET = 0x10


class MeasurementStatus(IntFlag):
    """How the oximeter itself thinks of the measurement (16 bits; the lower five are reserved)."""

    ONGOING = 1 << 5
    EARLY_ESTIMATE = 1 << 6
    VALIDATED = 1 << 7
    FULLY_QUALIFIED = 1 << 8
    FROM_STORAGE = 1 << 9
    FOR_DEMONSTRATION = 1 << 10
    FOR_TESTING = 1 << 11
    CALIBRATING = 1 << 12
    UNAVAILABLE = 1 << 13
    QUESTIONABLE = 1 << 14
    INVALID = 1 << 15


class DeviceStatus(IntFlag):
    """State of the oximeter and of its sensor (24 bits; the upper eight are reserved)."""

    DISPLAY_UPDATE_ONGOING = 1 << 0
    EQUIPMENT_MALFUNCTION = 1 << 1
    PROCESSING_IRREGULARITY = 1 << 2
    INADEQUATE_SIGNAL = 1 << 3
    POOR_SIGNAL = 1 << 4
    LOW_PERFUSION = 1 << 5
    ERRATIC_SIGNAL = 1 << 6
    NO_PULSATION = 1 << 7
    QUESTIONABLE_PULSE = 1 << 8
    ANALYSIS_ONGOING = 1 << 9
    INTERFERENCE = 1 << 10
    UNCONNECTED_TO_USER = 1 << 11
    UNKNOWN_SENSOR = 1 << 12
    DISPLACED = 1 << 13
    SENSOR_MALFUNCTION = 1 << 14
    SENSOR_DISCONNECTED = 1 << 15


@dataclass(frozen=True, slots=True)
class Reading:
    """Saturation and pulse, as one averaging of the oximeter gives them.

    Attributes:
        spo2_percent, pulse_bpm: NaN where the oximeter has none (NaN, NRes or reserved on the wire), infinite where it
            says so.
    """

    spo2_percent: float
    pulse_bpm: float


@dataclass(frozen=True, slots=True)
class PlxMeasurement:
    """One continuous or spot-check measurement.

    Attributes:
        normal: the usual averaging.
        fast, slow: the other two averagings of a continuous measurement, where told.
        device_s: when it was taken, seconds on the oximeter's own clock; None where it tells none or has not set it.
        measurement_status, device_status: None where not told.
        amplitude_percent: pulse amplitude index; None where not told, NaN where the oximeter has none.
    """

    normal: Reading
    fast: Reading | None = None
    slow: Reading | None = None
    device_s: float | None = None
    measurement_status: MeasurementStatus | None = None
    device_status: DeviceStatus | None = None
    amplitude_percent: float | None = None


def parse_continuous(data: bytes) -> PlxMeasurement:
    """Read a PLX Continuous Measurement.

    Raises:
        DecodeError: SHORT where a field that the flags announce is cut, LONG where bytes are left over.
    """
    fields = _Fields(data)
    flags = ContinuousFlag(fields.integer(1) & sum(ContinuousFlag))
    return fields.ended(
        PlxMeasurement(
            normal=fields.reading(),
            fast=fields.reading() if ContinuousFlag.FAST in flags else None,
            slow=fields.reading() if ContinuousFlag.SLOW in flags else None,
            measurement_status=fields.measurement_status() if ContinuousFlag.MEASUREMENT_STATUS in flags else None,
            device_status=fields.device_status() if ContinuousFlag.DEVICE_STATUS in flags else None,
            amplitude_percent=fields.number() if ContinuousFlag.AMPLITUDE in flags else None,
        )
    )


def parse_spot(data: bytes) -> PlxMeasurement:
    """Read a PLX Spot-check Measurement.

    Raises:
        DecodeError: SHORT, LONG, or VALUE for a date that no calendar has.
    """
    fields = _Fields(data)
    flags = SpotFlag(fields.integer(1) & sum(SpotFlag))
    normal = fields.reading()
    device_s = fields.time() if SpotFlag.TIME in flags else None
    return fields.ended(
        PlxMeasurement(
            normal=normal,
            device_s=None if SpotFlag.CLOCK_NOT_SET in flags else device_s,
            measurement_status=fields.measurement_status() if SpotFlag.MEASUREMENT_STATUS in flags else None,
            device_status=fields.device_status() if SpotFlag.DEVICE_STATUS in flags else None,
            amplitude_percent=fields.number() if SpotFlag.AMPLITUDE in flags else None,
        )
    )


def parse_features(data: bytes) -> DeviceStatus:
    """Which bits of the device status the oximeter ever sets, from PLX Features (0x2A60).

    Raises:
        DecodeError: SHORT or LONG.
    """
    fields = _Fields(data)
    supported = fields.integer(2)
    if supported & 0x01:
        fields.measurement_status()
    return fields.ended(fields.device_status() if supported & 0x02 else DeviceStatus(0))


class _Fields:
    """Reads one field after the other."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def integer(self, size: int) -> int:
        taken = self._data[self._at : self._at + size]
        if len(taken) < size:
            raise DecodeError(DecodeReason.SHORT, f"{len(self._data)} bytes are too few for what the flags announce")
        self._at += size
        return int.from_bytes(taken, "little")

    def number(self) -> float:
        return sfloat.decode(self.integer(2))

    def reading(self) -> Reading:
        return Reading(self.number(), self.number())

    def measurement_status(self) -> MeasurementStatus:
        return MeasurementStatus(self.integer(2) & sum(MeasurementStatus))

    def device_status(self) -> DeviceStatus:
        return DeviceStatus(self.integer(3) & sum(DeviceStatus))

    def time(self) -> float | None:
        """A date and time; None where year, month or day is 0, which stands for "not known"."""
        packed = self.integer(_DATE_TIME.size).to_bytes(_DATE_TIME.size, "little")
        year, month, day, hour, minute, second = _DATE_TIME.unpack(packed)
        if not (year and month and day):
            return None
        try:
            return (datetime(year, month, day, hour, minute, second, tzinfo=UTC) - _EPOCH).total_seconds()
        except ValueError as error:
            raise DecodeError(DecodeReason.VALUE, f"{packed.hex()} is no date and time: {error}") from error

    def ended(self, result: T) -> T:
        left = len(self._data) - self._at
        if left:
            raise DecodeError(DecodeReason.LONG, f"{left} bytes more than the flags announce")
        return result
