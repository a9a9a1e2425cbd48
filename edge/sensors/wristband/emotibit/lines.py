"""The text lines of an EmotiBit, as it sends and records them.

    milliseconds, packet number, number of data, tag, version, reliability, data, data, …

The time is that of the packet's *last* sample, on the EmotiBit's clock, modulo 2^32. Tags of two characters say what
the data are (EmotiBit's documentation, "EmotiBit Data Types").
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from edge.errors import DecodeError, DecodeReason

LONGEST_LINE = 1024
"""Bytes. The longest line of a real recording has 160; eleven samples of nine characters are the most seen in one."""

MOST_DATA = 256
"""Most data in a line; it follows from `LONGEST_LINE` for anything but empty data."""

SAMPLE_TAGS = frozenset({"PI", "PR", "PG", "EA", "AX", "AY", "AZ", "HR", "BI", "TH", "B%"})
"""Tags whose data are counted: of its notes to itself (EM) an EmotiBit announces one less than it writes."""

_FIELDS = 6
_LARGEST_MS = 2**32 - 1
_MOST_DIGITS = 10


@dataclass(frozen=True, slots=True)
class Packet:
    """One line.

    Attributes:
        time_ms: device time of its last sample, milliseconds modulo 2**32.
        number: running number of packets of all tags.
        tag: what the data are.
        reliability: the EmotiBit's own mark, 0..100.
        data: as written; numbers for tags of samples.
    """

    time_ms: int
    number: int
    tag: str
    reliability: int
    data: tuple[str, ...]


def parse_line(line: str) -> Packet:
    """Read a line, without its end.

    Raises:
        DecodeError: SHORT (fields or samples missing), LONG (too long, or more samples than announced), or VALUE (a
            field that is no number).
    """
    if len(line) > LONGEST_LINE:
        raise DecodeError(DecodeReason.LONG, f"a line of {len(line)} characters")
    fields = line.split(",")
    if len(fields) < _FIELDS:
        raise DecodeError(DecodeReason.SHORT, f"{line[:40]!r} has {len(fields)} fields, not {_FIELDS} and data")
    time_ms, number, count = (_whole(fields[index]) for index in range(3))
    reliability = _whole(fields[5])
    if time_ms > _LARGEST_MS or count > MOST_DATA:
        raise DecodeError(DecodeReason.VALUE, f"{line[:40]!r}: a time or a number of data that cannot be")
    data = fields[_FIELDS:]
    if len(data) == count + 1 and not data[-1]:
        data.pop()  # some tags end with a comma
    if len(data) != count and fields[3] in SAMPLE_TAGS:
        reason = DecodeReason.SHORT if len(data) < count else DecodeReason.LONG
        raise DecodeError(reason, f"{line[:40]!r} announces {count} data and has {len(data)}")
    return Packet(time_ms, number, fields[3], reliability, tuple(data))


def write_line(packet: Packet) -> str:
    """The line of a packet, without its end: the reference encoder."""
    head = f"{packet.time_ms},{packet.number},{len(packet.data)},{packet.tag},1,{packet.reliability}"
    return ",".join((head, *packet.data))


class LineReader:
    """Finds lines in a byte stream that may be cut anywhere; at most one line's bytes stay held."""

    def __init__(self) -> None:
        """Wait for a first line."""
        self._held = b""
        self._skipping = False

    def feed(self, data: bytes) -> Iterator[Packet | DecodeError]:
        """Take the bytes of one notification; yield the packets that they complete."""
        *whole, self._held = (self._held + data).split(b"\n")
        for line in whole:
            if self._skipping:
                self._skipping = False
            elif line.strip():
                yield read(line)
        if len(self._held) > LONGEST_LINE:
            self._held = b""
            if not self._skipping:
                self._skipping = True
                yield DecodeError(DecodeReason.LONG, f"no end of line within {LONGEST_LINE} bytes")


def read(line: bytes) -> Packet | DecodeError:
    """The packet of a line, or what is wrong with it."""
    try:
        return parse_line(line.decode("ascii").strip())
    except UnicodeDecodeError:
        return DecodeError(DecodeReason.VALUE, f"{line[:40]!r} is no text")
    except DecodeError as error:
        return error


def _whole(field: str) -> int:
    """A number of up to ten digits; Python would also read underscores, signs and foreign digits."""
    if not (field.isascii() and field.isdigit()) or len(field) > _MOST_DIGITS:
        raise DecodeError(DecodeReason.VALUE, f"{field[:20]!r} is no whole number")
    return int(field)
