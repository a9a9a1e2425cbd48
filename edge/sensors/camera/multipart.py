"""A stream of pictures over HTTP: parts of multipart/x-mixed-replace, as cameras really send them.

The framing is that of RFC 2046. Cameras differ: some leave out the length, some the line before a boundary, some write
the boundary's dashes into its name. A picture is a JPEG from its first marker to its last (ITU-T T.81).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from email.message import Message

from edge.types import NS_PER_S

MAX_PART_BYTES = 8_000_000
"""Longest picture that is waited for: four times a very good JPEG of 1920x1080."""

MAX_HEAD_BYTES = 8192
"""Longest head of a part."""

_BEGIN = b"\xff\xd8"
_END = b"\xff\xd9"
_BLANK = re.compile(rb"\r?\n\r?\n")
_SECONDS = re.compile(rb"\d{1,11}(\.\d{1,9})?")
_FIELD = re.compile(rb"(?m)^([A-Za-z-]+):[ \t]*(.*?)\r?$")


@dataclass(frozen=True, slots=True)
class Part:
    """One picture.

    Attributes:
        jpeg: its bytes; empty if it was cut off.
        stamp_ns: the time that the camera wrote beside it (`X-Timestamp`, seconds), or None.
    """

    jpeg: bytes
    stamp_ns: int | None


def boundary_of(content_type: str) -> bytes | None:
    """The boundary of a multipart stream, without its dashes; None if this is no such stream."""
    message = Message()
    message["Content-Type"] = content_type
    boundary = message.get_boundary()
    if message.get_content_maintype() != "multipart" or not boundary:
        return None
    return boundary.strip().removeprefix("--").encode()


class Parts:
    """Cuts bytes into pictures, whatever pieces they arrive in.

    Args:
        boundary: from `boundary_of`.
    """

    def __init__(self, boundary: bytes) -> None:
        """Begin before the first part."""
        self._boundary = re.compile(rb"--" + re.escape(boundary) + rb"(?:--)?[ \t]*\r?\n")
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[Part]:
        """Take bytes in.

        Returns:
            The pictures that they complete.

        Raises:
            ValueError: this is no stream of pictures.
        """
        self._buffer += data
        found = []
        while (cut := self._cut()) is not None:
            part, end = cut
            del self._buffer[:end]
            if part is not None:
                found.append(part)
        if len(self._buffer) > MAX_PART_BYTES:
            raise ValueError(f"no picture ends within {MAX_PART_BYTES} bytes")
        return found

    def _cut(self) -> tuple[Part | None, int] | None:
        """The next part, and where it ends; None if it is not complete yet."""
        line = self._boundary.search(self._buffer)
        if line is None:
            return None
        blank = _BLANK.search(self._buffer, line.end(), line.end() + MAX_HEAD_BYTES)
        if blank is None:
            if len(self._buffer) - line.end() > MAX_HEAD_BYTES:
                raise ValueError("a part has no end of its head")
            return None
        fields = {
            name.lower(): value for name, value in _FIELD.findall(bytes(self._buffer[line.end() : blank.start()]))
        }
        end = self._end(blank.end(), fields.get(b"content-length", b""))
        if end is None:
            return None
        kind = fields.get(b"content-type", b"image/jpeg").lower()
        jpeg = bytes(self._buffer[blank.end() : end])
        part = Part(_whole(jpeg), _stamp_ns(fields)) if kind.startswith((b"image/jpeg", b"image/jpg")) else None
        return part, end

    def _end(self, begin: int, length: bytes) -> int | None:
        """Where the part that begins here ends: where its length says if a picture ends there, or at the next line."""
        if re.fullmatch(rb"\d{1,8}", length):
            end = begin + int(length)
            if self._buffer[max(begin, end - 2) : end] == _END:
                return end
        elif self._buffer[-4:].rstrip(b"\r\n").endswith(_END) and self._boundary.search(self._buffer, begin) is None:
            return len(self._buffer)
        following = self._boundary.search(self._buffer, begin)
        return None if following is None else following.start()


def _whole(data: bytes) -> bytes:
    """A JPEG without what surrounds it; nothing if it is cut off."""
    body = data.strip(b"\r\n")
    return body if body.startswith(_BEGIN) and body.endswith(_END) else b""


def _stamp_ns(fields: dict[bytes, bytes]) -> int | None:
    text = fields.get(b"x-timestamp", b"")
    return round(Decimal(text.decode()) * NS_PER_S) if _SECONDS.fullmatch(text) else None
