"""Frames of the Polar Measurement Data service: header, pulse wave, acceleration and pulse-to-pulse intervals.

A frame is the kind of measurement, the time of its *last* sample (unsigned 64-bit nanoseconds of the sensor's clock),
a frame type with bit 7 set if it is compressed, and the samples.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from edge.errors import DecodeError, DecodeReason
from edge.sensors.wristband.polar.delta import Counts, decompress, unpack
from edge.types import NS_PER_S

_HEADER = struct.Struct("<BQB")
_INTERVAL = struct.Struct("<BHHB")
_KIND_BITS = 0x3F
_COMPRESSED = 0x80

LATEST_NS = 200 * 366 * 86400 * NS_PER_S
"""The sensors count from the year 2000; a time beyond 2200 is damage. It also keeps every time within 63 bits."""


class Kind(IntEnum):
    """Kinds of measurement that Anodyne asks for. Others (ECG, gyroscope, …) are never started."""

    PPG = 1
    ACC = 2
    PPI = 3


@dataclass(frozen=True, slots=True)
class PmdFrame:
    """One notification of the data characteristic.

    Attributes:
        kind: number of the kind of measurement, which may be none of `Kind`.
        stamp_ns: when the last sample was taken, nanoseconds on the sensor's clock; 0 where the kind has no times.
        frame_type: how the samples are laid out.
        compressed: whether they are compressed as deltas.
        content: the samples.
    """

    kind: int
    stamp_ns: int
    frame_type: int
    compressed: bool
    content: bytes


def parse_frame(data: bytes) -> PmdFrame:
    """Take a frame's header off.

    Raises:
        DecodeError: SHORT for a cut header, VALUE for a time that cannot be.
    """
    if len(data) < _HEADER.size:
        raise DecodeError(DecodeReason.SHORT, f"{len(data)} of {_HEADER.size} header bytes")
    kind, stamp_ns, form = _HEADER.unpack_from(data)
    if stamp_ns > LATEST_NS:
        raise DecodeError(DecodeReason.VALUE, f"a time of {stamp_ns} ns")
    compressed = bool(form & _COMPRESSED)
    return PmdFrame(kind & _KIND_BITS, stamp_ns, form & ~_COMPRESSED, compressed, data[_HEADER.size :])


@dataclass(frozen=True, slots=True)
class _PulseLayout:
    """Integers of one optical sample: how many, how many at first under green light, and which one in the dark."""

    channels: int
    green: int = 0
    ambient: int | None = None


_PULSE_BYTES = 3
_PULSE_RAW = {0: _PulseLayout(4, 3, 3)}
_PULSE_COMPRESSED = {
    0: _PulseLayout(4, 3, 3),  # OH1, Verity Sense: three pairs of green LEDs, ambient light
    7: _PulseLayout(17),  # watches: sixteen of unknown colours, status
    8: _PulseLayout(25),  # watches: twenty-four of unknown colours, status
    10: _PulseLayout(21, 8),  # watches: eight green, six red, six infrared, status
}
_GAINS = {4: 12, 9: 12, 14: 1}
"""Frame types that report how LEDs are driven, and for how many time slots; they carry no samples."""
_OPERATION_MODE = 5
_SPORT = 6


def optical(frame: PmdFrame) -> Counts:
    """All integers of a pulse wave frame, (n, channels): what each photodiode reading and status word says.

    Raises:
        DecodeError: TYPE for a layout that is not known, SHORT or VALUE for damage.
    """
    layout = _pulse_layout(frame)
    return _counts(frame, layout.channels, _PULSE_BYTES)


def pulse(frame: PmdFrame) -> NDArray[np.float32]:
    """The pulse wave of a frame, (n,), a heart beat being a rise.

    It is the mean under green light less the ambient light, with its sign turned: the three LED pairs see the same
    vessels from different sides, so their mean is less noisy than any of them; ambient light flickers in all of them
    alike; and more blood lets less light come back (users of the Verity Sense found the same: issue 472 of Polar's own
    repository).

    Raises:
        DecodeError: TYPE where it is not known which integers are green light, SHORT or VALUE for damage.
    """
    layout = _pulse_layout(frame)
    if not layout.green:
        raise DecodeError(DecodeReason.TYPE, f"optical frames of type {frame.frame_type} do not tell their colours")
    counts = _counts(frame, layout.channels, _PULSE_BYTES).astype(np.float64)
    used = counts[:, : layout.green].mean(axis=1)
    if layout.ambient is not None:
        used -= counts[:, layout.ambient]
    if np.abs(used).max() >= 1 << 24:
        raise DecodeError(DecodeReason.VALUE, f"a light of {np.abs(used).max():.0f} counts is beyond 24 bits")
    return np.asarray(-used, np.float32)


def is_report(frame: PmdFrame) -> bool:
    """Whether an optical frame tells settings of the sensor (LED gains, operation mode, sport) instead of samples."""
    return not frame.compressed and frame.frame_type in (*_GAINS, _OPERATION_MODE, _SPORT)


@dataclass(frozen=True, slots=True)
class LedGains:
    """How the LEDs are driven, one entry per time slot: integrations, and gains of two channels (0..7)."""

    integrations: tuple[int, ...]
    gains_1: tuple[int, ...]
    gains_2: tuple[int, ...]


def led_gains(frame: PmdFrame) -> LedGains:
    """Read a report of LED gains (frame types 4, 9 and 14).

    Raises:
        DecodeError: TYPE for any other frame, SHORT or LONG for damage.
    """
    slots = None if frame.compressed else _GAINS.get(frame.frame_type)
    if slots is None:
        raise _unknown(frame)
    size = 3 * slots
    if len(frame.content) != size:
        reason = DecodeReason.SHORT if len(frame.content) < size else DecodeReason.LONG
        raise DecodeError(reason, f"{len(frame.content)} bytes where LED gains have {size}")
    gains = tuple(byte & 0x07 for byte in frame.content[slots:])
    return LedGains(tuple(frame.content[:slots]), gains[0::2], gains[1::2])


def operation_mode(frame: PmdFrame) -> int:
    """Read a report of the optical sensor's operation mode (frame type 5).

    Raises:
        DecodeError: TYPE for any other frame, SHORT or LONG for damage.
    """
    if frame.compressed or frame.frame_type != _OPERATION_MODE:
        raise _unknown(frame)
    if len(frame.content) != 4:
        reason = DecodeReason.SHORT if len(frame.content) < 4 else DecodeReason.LONG
        raise DecodeError(reason, f"{len(frame.content)} bytes where an operation mode has 4")
    return int.from_bytes(frame.content, "little")


_ACC_RAW_BYTES = {0: 1, 1: 2, 2: 3}
_ACC_COMPRESSED_G = {0: 1.0, 1: 1e-3}
"""Unit of compressed types before the factor, g: type 0 counts g (its factor makes sense of it), type 1 thousandths."""


def acceleration(frame: PmdFrame, factor: float) -> NDArray[np.float32]:
    """The acceleration of a frame, (n, 3), standard gravities.

    Args:
        frame: of kind ACC.
        factor: what the sensor told when the measurement was started; used in compressed frames only.

    Raises:
        DecodeError: TYPE for a layout that is not known, SHORT or VALUE for damage.
    """
    if frame.compressed and frame.frame_type in _ACC_COMPRESSED_G:
        unit_g = factor * _ACC_COMPRESSED_G[frame.frame_type]
        return np.asarray(decompress(frame.content, 3, 2) * unit_g, np.float32)
    if not frame.compressed and frame.frame_type in _ACC_RAW_BYTES:
        return np.asarray(unpack(frame.content, 3, _ACC_RAW_BYTES[frame.frame_type]) * 1e-3, np.float32)
    raise _unknown(frame)


@dataclass(frozen=True, slots=True)
class PulseInterval:
    """One pulse-to-pulse interval.

    Attributes:
        bpm: heart rate, beats per minute; 0 where the sensor has none.
        interval_ms, error_ms: the interval and the sensor's estimate of its error, milliseconds.
        moved: the blocker bit: movement was noticed, the interval is not to be used.
        contact: skin contact, or None where the sensor cannot tell.
    """

    bpm: int
    interval_ms: int
    error_ms: int
    moved: bool
    contact: bool | None


def intervals(frame: PmdFrame) -> tuple[PulseInterval, ...]:
    """The pulse-to-pulse intervals of a frame of kind PPI, oldest first.

    Raises:
        DecodeError: TYPE for a layout that is not known, SHORT for a cut or empty frame.
    """
    if frame.compressed or frame.frame_type:
        raise _unknown(frame)
    if not frame.content or len(frame.content) % _INTERVAL.size:
        raise DecodeError(DecodeReason.SHORT, f"{len(frame.content)} bytes of intervals of {_INTERVAL.size} bytes each")
    return tuple(
        PulseInterval(bpm, interval_ms, error_ms, bool(flags & 1), bool(flags & 2) if flags & 4 else None)
        for bpm, interval_ms, error_ms, flags in _INTERVAL.iter_unpack(frame.content)
    )


def _pulse_layout(frame: PmdFrame) -> _PulseLayout:
    layout = (_PULSE_COMPRESSED if frame.compressed else _PULSE_RAW).get(frame.frame_type)
    if layout is None:
        raise _unknown(frame)
    return layout


def _counts(frame: PmdFrame, channels: int, sample_bytes: int) -> Counts:
    read = decompress if frame.compressed else unpack
    return read(frame.content, channels, sample_bytes)


def _unknown(frame: PmdFrame) -> DecodeError:
    how = "compressed" if frame.compressed else "plain"
    return DecodeError(DecodeReason.TYPE, f"{how} frames of kind {frame.kind} and type {frame.frame_type} are unknown")
