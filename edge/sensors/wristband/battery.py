"""The Battery Service's one value, for every band that has it."""

from __future__ import annotations

import numpy as np

from edge.errors import DecodeError, DecodeReason
from edge.sensors.wristband.ble import Notification
from edge.types import Channel, SampleBlock

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


def block(sensor: str, notification: Notification) -> SampleBlock:
    """The block of a battery notification.

    Raises:
        DecodeError: as `parse_level`.
    """
    values = np.array([parse_level(notification.data)], np.float32)
    return SampleBlock(sensor, Channel.BATTERY_PERCENT, values, 0.0, notification.arrived_ns)
