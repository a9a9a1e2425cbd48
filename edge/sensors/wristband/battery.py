"""The Battery Service's one value, for every band that has it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from edge.errors import DecodeError, DecodeReason
from edge.sensors.wristband.profile import Notification
from edge.types import Channel, SampleBlock

BATTERY_LEVEL = "00002a19-0000-1000-8000-00805f9b34fb"
"""Battery Level of the Battery Service (Bluetooth GATT Specification Supplement): one byte, percent."""

FULL_PERCENT = 100
"""Largest battery level that the Bluetooth assigned format allows; 101..255 are reserved."""


def parse_level(data: bytes) -> int:
    """Battery Level (0x2A19), percent.

    Raises:
        DecodeError: SHORT, LONG, or VALUE above 100.
    """
    if len(data) != 1:
        reason = DecodeReason.LONG if data else DecodeReason.SHORT
        raise DecodeError(reason, f"a battery level has one byte, not {len(data)}")
    if data[0] > FULL_PERCENT:
        raise DecodeError(DecodeReason.VALUE, f"a battery cannot be at {data[0]} %")
    return data[0]


def decode(sensor: str, notification: Notification) -> Iterator[SampleBlock | DecodeError]:
    """The block of a battery notification, or what is wrong with it."""
    try:
        values = np.array([parse_level(notification.data)], np.float32)
    except DecodeError as error:
        yield error
    else:
        yield SampleBlock(sensor, Channel.BATTERY_PERCENT, values, 0.0, notification.arrived_ns)
