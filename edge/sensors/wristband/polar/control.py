"""The control point of the Polar Measurement Data service: what a sensor can measure, how, and to start it.

Requests are a command, a kind of measurement and settings; answers start with 0xF0, repeat command and kind, and tell a
status. Settings are lists: a type, how many values, the values little-endian.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum

from edge.errors import DecodeError, DecodeReason
from edge.sensors.wristband.polar.frame import Kind

ANSWER = 0xF0
FEATURES = 0x0F
"""First byte of what reading the control point gives."""

STOPPED_BY_SENSOR = 0x01
"""First byte of an indication that nobody asked for: the sensor has ended the measurements that follow."""


class Command(IntEnum):
    """Requests."""

    GET_SETTINGS = 1
    START = 2
    STOP = 3


class Status(IntEnum):
    """Answers to a request."""

    SUCCESS = 0
    INVALID_COMMAND = 1
    INVALID_KIND = 2
    NOT_SUPPORTED = 3
    INVALID_LENGTH = 4
    INVALID_PARAMETER = 5
    ALREADY_IN_STATE = 6
    INVALID_RESOLUTION = 7
    INVALID_RATE = 8
    INVALID_RANGE = 9
    INVALID_MTU = 10
    INVALID_CHANNELS = 11
    INVALID_STATE = 12
    IN_CHARGER = 13
    DISK_FULL = 14


class Setting(IntEnum):
    """Settings of a measurement."""

    RATE_HZ = 0
    RESOLUTION_BITS = 1
    RANGE = 2
    """In g for acceleration."""
    RANGE_MILLI = 3
    CHANNELS = 4
    FACTOR = 5
    """Told with the answer to START: a 32-bit float."""


_BYTES = {
    Setting.RATE_HZ: 2,
    Setting.RESOLUTION_BITS: 2,
    Setting.RANGE: 2,
    Setting.RANGE_MILLI: 4,
    Setting.CHANNELS: 1,
    Setting.FACTOR: 4,
}

Settings = Mapping[Setting, tuple[int, ...]]
"""Values on offer, per setting."""

PREFERRED: Mapping[Kind, Mapping[Setting, int]] = {
    Kind.PPG: {Setting.RATE_HZ: 55, Setting.RESOLUTION_BITS: 22, Setting.CHANNELS: 4},
    Kind.ACC: {Setting.RATE_HZ: 52, Setting.RESOLUTION_BITS: 16, Setting.RANGE: 8},
    Kind.PPI: {},
}
"""What Anodyne would have: 55 Hz is the Verity Sense's own rate and enough for the shape of a pulse (its content ends
below 10 Hz); 52 Hz and 8 g are the only ones outside the SDK mode. Where it is not offered, the nearest is taken."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One indication of the control point that answers a request.

    Attributes:
        command, kind: what it answers.
        status: number of a `Status`, or one that is not known.
        more: whether another part follows.
        parameters: what was asked for.
    """

    command: int
    kind: int
    status: int
    more: bool
    parameters: bytes


def request(command: Command, kind: Kind, chosen: Mapping[Setting, int] | None = None) -> bytes:
    """The bytes of a request."""
    data = bytes([command, kind])
    for setting, value in (chosen or {}).items():
        data += bytes([setting, 1]) + value.to_bytes(_BYTES[setting], "little")
    return data


def parse_answer(data: bytes) -> Answer:
    """Read an answer.

    Raises:
        DecodeError: SHORT, or HEADER where it is no answer.
    """
    if data[:1] != bytes([ANSWER]):
        raise DecodeError(DecodeReason.HEADER, f"{data[:4].hex()} is no answer of the control point")
    if len(data) < 4:
        raise DecodeError(DecodeReason.SHORT, f"an answer of {len(data)} bytes")
    return Answer(data[1], data[2], data[3], bool(data[3] == Status.SUCCESS and data[4:5] > b"\0"), data[5:])


def parse_features(data: bytes) -> frozenset[Kind]:
    """The kinds of measurement that a sensor has, from reading its control point.

    Raises:
        DecodeError: SHORT, or HEADER where it is no list of features.
    """
    if len(data) < 2:
        raise DecodeError(DecodeReason.SHORT, f"{len(data)} bytes of features")
    if data[0] != FEATURES:
        raise DecodeError(DecodeReason.HEADER, f"{data[:2].hex()} is no list of features")
    return frozenset(kind for kind in Kind if data[1] >> kind & 1)


def parse_settings(parameters: bytes) -> Settings:
    """Read lists of settings.

    Raises:
        DecodeError: TYPE for a setting that is not known (its size is not either), SHORT where a list is cut.
    """
    found: dict[Setting, tuple[int, ...]] = {}
    at = 0
    while at < len(parameters):
        if parameters[at] not in _BYTES:
            raise DecodeError(DecodeReason.TYPE, f"setting {parameters[at]} is not known")
        setting = Setting(parameters[at])
        size = _BYTES[setting]
        count = parameters[at + 1] if at + 1 < len(parameters) else 0
        values = parameters[at + 2 : at + 2 + count * size]
        if not count or len(values) < count * size:
            raise DecodeError(DecodeReason.SHORT, f"a list of {setting.name} is cut")
        found[setting] = tuple(int.from_bytes(values[i : i + size], "little") for i in range(0, len(values), size))
        at += 2 + len(values)
    return found


def choose(kind: Kind, offered: Settings) -> dict[Setting, int]:
    """One value of every setting on offer: the nearest to the preferred one, else the largest."""
    preferred = PREFERRED[kind]
    return {
        setting: min(values, key=lambda value: abs(value - preferred[setting])) if setting in preferred else max(values)
        for setting, values in offered.items()
        if setting is not Setting.FACTOR
    }


def factor(started: Settings) -> float:
    """The factor told with the answer to START, or 1.

    Raises:
        DecodeError: VALUE for one that no sensor has.
    """
    raw = started.get(Setting.FACTOR, ())
    value = struct.unpack("<f", raw[0].to_bytes(4, "little"))[0] if raw else 1.0
    if not (math.isfinite(value) and 1e-9 < value < 1e9):
        raise DecodeError(DecodeReason.VALUE, f"a factor of {value}")
    return float(value)


def stopped(data: bytes) -> frozenset[Kind]:
    """The kinds of measurement that an unasked indication says the sensor has ended; empty for any other."""
    if data[:1] != bytes([STOPPED_BY_SENSOR]):
        return frozenset()
    return frozenset(Kind(number) for number in known(data[1:]))


def known(numbers: Iterable[int]) -> set[int]:
    """Those that are numbers of a `Kind`."""
    return {number & 0x3F for number in numbers} & {int(kind) for kind in Kind}
