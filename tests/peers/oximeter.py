"""A virtual oximeter: the Pulse Oximeter Service, and an encoder of its measurements."""

from __future__ import annotations

import struct
from datetime import datetime

from bumble.gatt import Characteristic, Service

from edge.sensors.wristband import sfloat
from edge.sensors.wristband.pulse_oximeter_measurement import (
    ContinuousFlag,
    DeviceStatus,
    MeasurementStatus,
    Reading,
    SpotFlag,
)
from tests.peers.band import notifying


class OximeterService:
    """The service's three characteristics.

    Args:
        tells: bits of the device status that PLX Features announces.
        continuous: whether it measures all the time, or only now and then.
        features: PLX Features in full, instead.
    """

    def __init__(
        self, tells: DeviceStatus | None = None, *, continuous: bool = True, features: bytes | None = None
    ) -> None:
        """Build the service."""
        self.continuous = notifying("2A5F", b"")
        self.spot = Characteristic[bytes](
            "2A5E", Characteristic.Properties.INDICATE, Characteristic.Permissions.READABLE, b""
        )
        told = struct.pack("<H", 0x02) + int(tells or 0).to_bytes(3, "little")
        readable = Characteristic[bytes](
            "2A60",
            Characteristic.Properties.READ,
            Characteristic.Permissions.READABLE,
            told if features is None else features,
        )
        measuring = [self.continuous] if continuous else []
        self.service = Service("1822", [*measuring, self.spot, readable])


def _number(value: float) -> bytes:
    return struct.pack("<H", sfloat.encode(value))


def _reading(reading: Reading) -> bytes:
    return _number(reading.spo2_percent) + _number(reading.pulse_bpm)


def _rest(
    measurement_status: MeasurementStatus | None, device_status: DeviceStatus | None, amplitude_percent: float | None
) -> bytes:
    data = b"" if measurement_status is None else struct.pack("<H", measurement_status)
    data += b"" if device_status is None else int(device_status).to_bytes(3, "little")
    return data + (b"" if amplitude_percent is None else _number(amplitude_percent))


def continuous(
    normal: Reading,
    fast: Reading | None = None,
    slow: Reading | None = None,
    measurement_status: MeasurementStatus | None = None,
    device_status: DeviceStatus | None = None,
    amplitude_percent: float | None = None,
) -> bytes:
    """A PLX Continuous Measurement."""
    given = (fast, slow, measurement_status, device_status, amplitude_percent)
    flags = sum(flag for flag, field in zip(ContinuousFlag, given, strict=True) if field is not None)
    data = bytes([flags]) + _reading(normal)
    data += b"".join(_reading(reading) for reading in (fast, slow) if reading is not None)
    return data + _rest(measurement_status, device_status, amplitude_percent)


def spot(
    normal: Reading,
    at: datetime | None = None,
    measurement_status: MeasurementStatus | None = None,
    device_status: DeviceStatus | None = None,
    amplitude_percent: float | None = None,
    *,
    clock_set: bool = True,
) -> bytes:
    """A PLX Spot-check Measurement."""
    given = (at, measurement_status, device_status, amplitude_percent, None if clock_set else True)
    flags = sum(flag for flag, field in zip(SpotFlag, given, strict=True) if field is not None)
    data = bytes([flags]) + _reading(normal)
    if at is not None:
        data += struct.pack("<HBBBBB", at.year, at.month, at.day, at.hour, at.minute, at.second)
    return data + _rest(measurement_status, device_status, amplitude_percent)
