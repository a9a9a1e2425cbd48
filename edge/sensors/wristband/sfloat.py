"""SFLOAT, the 16-bit decimal number of IEEE 11073-20601 that Bluetooth's health services use.

The upper four bits are a signed power of ten, the lower twelve a signed mantissa. Five mantissas at exponent 0 are no
numbers.
"""

from __future__ import annotations

import math
from enum import IntEnum

MANTISSA_LIMIT = 2045
"""Largest mantissa in size that is a number; 2046 and beyond, and -2046 and below, are kept for special values."""

EXPONENTS = range(-8, 8)
"""Powers of ten that four bits hold."""

_MANTISSA_BITS = 12


class Special(IntEnum):
    """Values that are no numbers (IEEE 11073-20601, table of SFLOAT special values)."""

    INFINITY = 0x07FE
    NAN = 0x07FF
    NOT_AT_THIS_RESOLUTION = 0x0800
    RESERVED = 0x0801
    MINUS_INFINITY = 0x0802


_FLOATS = {Special.INFINITY: math.inf, Special.MINUS_INFINITY: -math.inf}


def special(raw: int) -> Special | None:
    """Which special value these 16 bits are; None for a number."""
    return Special(raw) if raw in frozenset(Special) else None


def decode(raw: int) -> float:
    """The value of 16 bits: infinite for the two infinities, NaN for the other special values.

    Args:
        raw: 0..65535, as read little-endian from the wire.
    """
    kind = special(raw)
    if kind is not None:
        return _FLOATS.get(kind, math.nan)
    mantissa = _signed(raw & 0x0FFF, _MANTISSA_BITS)
    exponent = _signed(raw >> _MANTISSA_BITS, 4)
    # Dividing by a power of ten rounds once; multiplying by 0.1 would round twice.
    return float(mantissa * 10**exponent) if exponent >= 0 else mantissa / 10**-exponent


def encode(value: float) -> int:
    """The 16 bits of a value, as exact as they allow: the reference encoder.

    Raises:
        ValueError: a finite value beyond 2045e7 in size.
    """
    if math.isnan(value):
        return int(Special.NAN)
    if math.isinf(value):
        return int(Special.INFINITY if value > 0 else Special.MINUS_INFINITY)
    for exponent in EXPONENTS:
        mantissa = round(value / 10**exponent if exponent >= 0 else value * 10**-exponent)
        if abs(mantissa) <= MANTISSA_LIMIT:
            while exponent < 0 and mantissa % 10 == 0:  # 97, not 9700e-2: as oximeters write it
                exponent, mantissa = exponent + 1, mantissa // 10
            return int((exponent & 0x0F) << _MANTISSA_BITS | mantissa & 0x0FFF)
    raise ValueError(f"{value} is too large for an SFLOAT")


def _signed(value: int, bits: int) -> int:
    return value - (1 << bits) if value >> (bits - 1) else value
