"""The line protocol of docs/serial.md: reference encoder, decoder, and stream splitter.

One line of ASCII text per sample: numbers in the order of the configured columns, and optionally a checksum as in
NMEA 0183 (`*` and two hexadecimal digits: the exclusive or of all bytes before the `*`).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from enum import StrEnum
from functools import reduce
from operator import xor

from edge.errors import DecodeError, DecodeReason

MAX_LINE = 256
"""Longest line, bytes without its end: sixteen columns of fifteen characters. It bounds what noise can hold back."""

LARGEST = 1e12
"""Largest number that is believed: microseconds of eleven days."""

_NUMBER = re.compile(rb"[+-]?(\d{1,20}(\.\d{0,20})?|\.\d{1,20})([eE][+-]?\d{1,3})?")
"""A decimal number as `Serial.print` and printf write it; "nan", "inf", "ovf" and hexadecimal are none."""

_CHECKSUM = re.compile(rb"(.*)\*([0-9A-Fa-f]{2})")


class Column(StrEnum):
    """What a column holds, and in which unit."""

    TIME_MS = "time_ms"
    """The device's clock, milliseconds; may turn over at 2^32 (Arduino's `millis()`)."""
    TIME_US = "time_us"
    """The device's clock, microseconds; may turn over at 2^32 (Arduino's `micros()`)."""
    TIME_S = "time_s"
    """The device's clock, seconds."""
    PPG = "ppg"
    """Pulse wave, any unit; a heart beat is a rise."""
    GSR_US = "gsr_us"
    """Skin conductance, microsiemens."""
    GSR_KOHM = "gsr_kohm"
    """Skin resistance, kiloohms."""
    GROVE_GSR = "grove_gsr"
    """Raw reading of a Grove GSR sensor by an analogue-digital converter."""
    ACC_X_G = "acc_x_g"
    """Acceleration, standard gravities."""
    ACC_Y_G = "acc_y_g"
    ACC_Z_G = "acc_z_g"
    SKIN_TEMPERATURE_C = "skin_temperature_c"
    """Skin temperature, degrees Celsius."""
    HEART_RATE_BPM = "heart_rate_bpm"
    """Heart rate as computed by the device, beats per minute; 0 while it knows none."""
    SPO2_PERCENT = "spo2_percent"
    """Oxygen saturation as computed by the device, percent; 0 while it knows none."""
    CONTACT = "contact"
    """1 while worn, 0 while not."""
    BATTERY_PERCENT = "battery_percent"
    """Charge, percent."""
    IGNORE = "ignore"
    """Anything that is of no use here."""


LIMITS: dict[Column, tuple[float, float]] = {
    Column.TIME_MS: (0.0, LARGEST),
    Column.TIME_US: (0.0, LARGEST),
    Column.TIME_S: (0.0, LARGEST),
    Column.GSR_US: (-1.0, 1000.0),
    Column.GSR_KOHM: (0.0, LARGEST),
    Column.GROVE_GSR: (0.0, 65535.0),
    Column.ACC_X_G: (-200.0, 200.0),
    Column.ACC_Y_G: (-200.0, 200.0),
    Column.ACC_Z_G: (-200.0, 200.0),
    Column.SKIN_TEMPERATURE_C: (-50.0, 100.0),
    Column.HEART_RATE_BPM: (0.0, 500.0),
    Column.SPO2_PERCENT: (0.0, 100.0),
    Column.CONTACT: (0.0, 1.0),
    Column.BATTERY_PERCENT: (0.0, 100.0),
}
"""What no sensor on a body can exceed: such a number is a cut or merged line, or an error code of the device."""


def encode_line(values: Sequence[float], separator: str = ",", *, checksum: bool = False) -> bytes:
    """The bytes of one line, with its end.

    Raises:
        ValueError: a value that is not finite, or a line that is too long.
    """
    if not all(math.isfinite(value) for value in values):
        raise ValueError("a line holds finite numbers only")
    body = separator.join(f"{value:.10g}" for value in values).encode("ascii")
    if checksum:
        body += b"*%02X" % xor_of(body)
    if len(body) > MAX_LINE:
        raise ValueError(f"a line has at most {MAX_LINE} bytes, not {len(body)}")
    return body + b"\r\n"


def xor_of(body: bytes) -> int:
    """The checksum of NMEA 0183."""
    return reduce(xor, body, 0)


def decode_line(
    line: bytes, columns: Sequence[Column], separator: str = ",", *, checksum: bool = False
) -> tuple[float, ...] | None:
    """The numbers of one line, without its end; None for an empty line or a comment (`# …`).

    Raises:
        DecodeError: CHECKSUM (wrong, or missing where it is wanted), LONG or SHORT (other than as many cells as
            columns), VALUE (no finite number, or one that is impossible).
    """
    line = line.strip()
    if not line or line.startswith(b"#"):
        return None
    cells = split_cells(line, separator, checksum=checksum)
    if len(cells) != len(columns):
        reason = DecodeReason.LONG if len(cells) > len(columns) else DecodeReason.SHORT
        raise DecodeError(reason, f"{len(cells)} cells instead of {len(columns)} in {_shown(line)}")
    return tuple(_number(cell, column) for cell, column in zip(cells, columns, strict=True))


def split_cells(line: bytes, separator: str = ",", *, checksum: bool = False) -> list[bytes]:
    """The cells of one line, once its checksum is found right.

    Raises:
        DecodeError: CHECKSUM.
    """
    found = _CHECKSUM.fullmatch(line)
    if found is not None and int(found[2], 16) != xor_of(found[1]):
        raise DecodeError(DecodeReason.CHECKSUM, f"the checksum does not match in {_shown(line)}")
    if found is None and checksum:
        raise DecodeError(DecodeReason.CHECKSUM, f"there is no checksum in {_shown(line)}")
    body = line if found is None else found[1]
    cells = body.split() if separator == " " else body.split(separator.encode("ascii"))
    return [cell.strip() for cell in cells]


def header_of(line: bytes, separator: str = ",") -> tuple[Column, ...] | None:
    """The columns that a header line names, or None if it is no header of this protocol."""
    line = line.strip()
    if not line[:1].isalpha():  # most lines begin with a digit
        return None
    try:
        cells = split_cells(line, separator)
        return tuple(Column(cell.decode("ascii").lower()) for cell in cells)
    except (DecodeError, ValueError):  # UnicodeDecodeError is a ValueError
        return None


def _number(cell: bytes, column: Column) -> float:
    if column is Column.IGNORE:
        return 0.0
    if _NUMBER.fullmatch(cell) is None:
        raise DecodeError(DecodeReason.VALUE, f"{_shown(cell)} is no number for {column}")
    value = float(cell)
    low, high = LIMITS.get(column, (-LARGEST, LARGEST))
    if not low <= value <= high:
        raise DecodeError(DecodeReason.VALUE, f"{_shown(cell)} is impossible for {column}")
    return value


def _shown(data: bytes) -> str:
    return repr(data[:40])[1:]


class LineSplitter:
    """Finds lines in a byte stream. Lines end with LF, CR LF or CR; those that are too long are dropped whole."""

    def __init__(self) -> None:
        """The first line may have begun before we listened, so it is not trusted."""
        self._held = bytearray()
        self._skipping = True
        self._too_long = False

    def feed(self, data: bytes) -> Iterator[bytes | DecodeError]:
        """Take some bytes; yield the lines that they complete, empty ones not. At most one line stays held."""
        for piece in re.split(rb"(\r\n|\n|\r)", data):
            if piece in (b"\n", b"\r", b"\r\n"):
                yield from self._end()
            elif not self._skipping and not self._too_long:
                self._held += piece
                self._too_long = len(self._held) > MAX_LINE

    def _end(self) -> Iterator[bytes | DecodeError]:
        line, long, skipping = bytes(self._held), self._too_long, self._skipping
        self._held.clear()
        self._too_long = self._skipping = False
        if long:
            yield DecodeError(DecodeReason.LONG, f"a line is longer than {MAX_LINE} bytes: {_shown(line)}")
        elif line and not skipping:
            yield line
