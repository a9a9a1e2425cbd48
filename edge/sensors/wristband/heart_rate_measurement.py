"""Heart Rate Measurement (0x2A37) of the standard Heart Rate Service, as bytes."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from edge.errors import DecodeError, DecodeReason

_RATE_IS_16_BIT = 0x01
_CONTACT_DETECTED = 0x02
_CONTACT_SUPPORTED = 0x04
_HAS_ENERGY = 0x08
_HAS_RR = 0x10

RR_UNIT_S = 1.0 / 1024.0
"""Resolution of RR intervals in the Heart Rate Service."""


@dataclass(frozen=True, slots=True)
class HeartRateMeasurement:
    """One notification.

    Attributes:
        bpm: heart rate, beats per minute; 0 where the band has none.
        contact: skin contact, or None where the band cannot tell.
        energy_kj: energy spent since the last reset, kilojoules, or None.
        rr_s: RR intervals since the last notification, seconds, oldest first.
    """

    bpm: int
    contact: bool | None
    energy_kj: int | None
    rr_s: tuple[float, ...]


def parse_measurement(data: bytes) -> HeartRateMeasurement:
    """Read a notification (Bluetooth GATT Specification Supplement, "Heart Rate Measurement").

    Raises:
        DecodeError: SHORT where a field that the flags announce is cut, LONG where bytes are left over.
    """
    if not data:
        raise DecodeError(DecodeReason.SHORT, "an empty heart rate measurement")
    flags = data[0]
    layout = "<H" if flags & _RATE_IS_16_BIT else "<B"
    if flags & _HAS_ENERGY:
        layout += "H"
    fixed = 1 + struct.calcsize(layout)
    rest = len(data) - fixed
    if rest < 0 or (flags & _HAS_RR and rest % 2):
        raise DecodeError(DecodeReason.SHORT, f"{len(data)} bytes are too few for the flags {flags:#04x}")
    if rest and not flags & _HAS_RR:
        raise DecodeError(DecodeReason.LONG, f"{rest} bytes too many for the flags {flags:#04x}")
    numbers = struct.unpack_from(layout, data, 1)
    rr = struct.unpack_from(f"<{rest // 2}H", data, fixed)
    return HeartRateMeasurement(
        bpm=int(numbers[0]),
        contact=bool(flags & _CONTACT_DETECTED) if flags & _CONTACT_SUPPORTED else None,
        energy_kj=int(numbers[1]) if flags & _HAS_ENERGY else None,
        rr_s=tuple(units * RR_UNIT_S for units in rr),
    )
