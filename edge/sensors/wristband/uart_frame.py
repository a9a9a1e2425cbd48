"""The binary frames of docs/band-protocol.md: reference encoder, decoder, and stream splitter.

A frame is 13 bytes of header, 1 to 256 bytes of samples and a CRC-16. The Nordic UART Service carries a plain byte
stream, so notifications may hold pieces of frames or several of them; `FrameSplitter` finds the frames again.
"""

from __future__ import annotations

import binascii
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from edge.errors import DecodeError, DecodeReason

MAGIC = b"\xa9\x5d"
"""First bytes of every frame; neither byte is ASCII text or a usual filler."""

VERSION = 1
"""Version of the framing described in docs/band-protocol.md."""

MAX_PAYLOAD = 256
"""Longest payload: one second of PPG at 64 Hz. It bounds how long a false start can hold back true frames."""

_HEADER = struct.Struct("<2sBBHIHB")
_CRC = struct.Struct("<H")
MIN_FRAME = _HEADER.size + 1 + _CRC.size
"""The shortest frame: one battery reading, 16 bytes."""


class FrameType(IntEnum):
    """What a frame carries."""

    PPG = 1
    GSR = 2
    ACC = 3
    CONTACT = 4
    BATTERY = 5


@dataclass(frozen=True, slots=True)
class _Layout:
    """How samples of one type are packed: little-endian integers, `scale` per count, `axes` per sample."""

    dtype: str
    axes: int
    scale: float
    regular: bool
    largest: int

    @property
    def sample_bytes(self) -> int:
        return np.dtype(self.dtype).itemsize * self.axes


_LAYOUTS = {
    FrameType.PPG: _Layout("<i4", 1, 1.0, regular=True, largest=2**31 - 1),
    FrameType.GSR: _Layout("<u4", 1, 1e-3, regular=True, largest=200_000),
    FrameType.ACC: _Layout("<i2", 3, 1e-3, regular=True, largest=2**15 - 1),
    FrameType.CONTACT: _Layout("<u1", 1, 1.0, regular=False, largest=1),
    FrameType.BATTERY: _Layout("<u1", 1, 1.0, regular=False, largest=100),
}


@dataclass(frozen=True, slots=True, eq=False)
class BandFrame:
    """One decoded frame.

    Attributes:
        type: what the samples are.
        sequence: running number of the first sample within its type, modulo 2**16.
        time_us: device time of the first sample, microseconds modulo 2**32.
        rate_hz: sampling rate, a multiple of 0.01 Hz; 0 for single readings.
        values: (n,) float32 in counts (PPG), µS (GSR), 0/1, percent; (n, 3) in g (ACC).
    """

    type: FrameType
    sequence: int
    time_us: int
    rate_hz: float
    values: NDArray[np.float32]


def encode(frame: BandFrame) -> bytes:
    """The bytes of a frame.

    Raises:
        ValueError: a field does not fit the format.
    """
    layout = _LAYOUTS[frame.type]
    limits = np.iinfo(layout.dtype)
    counts = np.rint(np.asarray(frame.values, np.float64) / layout.scale)
    if counts.size and (counts.min() < limits.min or counts.max() > min(limits.max, layout.largest)):
        raise ValueError("a sample does not fit its field")
    payload = counts.astype(layout.dtype).tobytes()
    if not 0 < len(payload) <= MAX_PAYLOAD:
        raise ValueError(f"a frame carries 1 to {MAX_PAYLOAD} bytes of samples, not {len(payload)}")
    count = len(payload) // layout.sample_bytes
    try:
        header = _HEADER.pack(
            MAGIC, VERSION, frame.type, frame.sequence, frame.time_us, round(frame.rate_hz * 100), count
        )
    except struct.error as error:
        raise ValueError(f"a header field is out of range: {error}") from error
    body = header + payload
    return body + _CRC.pack(_crc(body))


def decode(data: bytes) -> BandFrame:
    """Exactly one frame.

    Raises:
        DecodeError: what breaks the format: HEADER (no magic), VERSION, TYPE, VALUE, SHORT, LONG or CHECKSUM.
    """
    size = frame_size(data)
    if len(data) < size:
        raise DecodeError(DecodeReason.SHORT, f"{len(data)} of {size} bytes")
    if len(data) > size:
        raise DecodeError(DecodeReason.LONG, f"{len(data)} bytes where the header announces {size}")
    if _CRC.unpack(data[-_CRC.size :])[0] != _crc(data[: -_CRC.size]):
        raise DecodeError(DecodeReason.CHECKSUM, "the checksum does not match")
    _, _, kind, sequence, time_us, rate_centi_hz, _ = _HEADER.unpack_from(data)
    layout = _LAYOUTS[FrameType(kind)]
    counts = np.frombuffer(data[_HEADER.size : -_CRC.size], layout.dtype).astype(np.float64)
    if counts.max() > layout.largest:
        raise DecodeError(DecodeReason.VALUE, f"a {FrameType(kind).name} sample of {counts.max():.0f} is impossible")
    values = np.asarray(counts * layout.scale, np.float32)
    if layout.axes > 1:
        values = values.reshape(-1, layout.axes)
    return BandFrame(FrameType(kind), sequence, time_us, rate_centi_hz / 100.0, values)


def frame_size(data: bytes) -> int:
    """Length of the frame whose header `data` begins with, bytes.

    Raises:
        DecodeError: SHORT while the header is incomplete; HEADER, VERSION, TYPE or VALUE if it cannot be one.
    """
    if not MAGIC.startswith(data[: len(MAGIC)]):
        raise DecodeError(DecodeReason.HEADER, "no frame begins here")
    if len(data) < _HEADER.size:
        raise DecodeError(DecodeReason.SHORT, f"{len(data)} of {_HEADER.size} header bytes")
    _, version, kind, _, _, rate_centi_hz, count = _HEADER.unpack_from(data)
    if version != VERSION:
        raise DecodeError(DecodeReason.VERSION, f"framing version {version}, not {VERSION}: update band or box")
    if kind not in _LAYOUTS:
        raise DecodeError(DecodeReason.TYPE, f"unknown frame type {kind}")
    layout = _LAYOUTS[FrameType(kind)]
    if not count or layout.regular != (rate_centi_hz > 0):
        raise DecodeError(DecodeReason.VALUE, f"{count} samples at {rate_centi_hz / 100:g} Hz")
    if count * layout.sample_bytes > MAX_PAYLOAD:
        raise DecodeError(DecodeReason.LONG, f"{count} samples are more than {MAX_PAYLOAD} bytes")
    return int(_HEADER.size + count * layout.sample_bytes + _CRC.size)


class FrameSplitter:
    """Finds frames in a byte stream that may be cut, glued together, or hold anything else.

    Whatever is wrong costs only the bytes that are wrong: the search goes on one byte after a false start, so that a
    true frame behind a cut one is found. One `DecodeError` is handed out per damaged stretch.
    """

    def __init__(self) -> None:
        """Wait for a first frame."""
        self._held = bytearray()
        self._in_step = True

    def feed(self, data: bytes) -> Iterator[BandFrame | DecodeError]:
        """Take the bytes of one notification; yield what they complete. At most one frame's bytes stay held."""
        self._held += data
        begin = 0
        while begin < len(self._held):
            try:
                size = frame_size(bytes(self._held[begin : begin + _HEADER.size]))
                if len(self._held) - begin < size:
                    break
                frame = decode(bytes(self._held[begin : begin + size]))
            except DecodeError as error:
                if error.reason is DecodeReason.SHORT:
                    break
                begin = self._next_start(begin + 1)
                if self._in_step:
                    self._in_step = False
                    yield error
                continue
            begin += size
            self._in_step = True
            yield frame
        del self._held[:begin]

    def _next_start(self, begin: int) -> int:
        found = self._held.find(MAGIC[:1], begin)
        return len(self._held) if found < 0 else found


def _crc(data: bytes) -> int:
    """CRC-16/CCITT-FALSE: polynomial 0x1021, start 0xFFFF, no reflection; 0x29B1 for b"123456789"."""
    return int(binascii.crc_hqx(data, 0xFFFF))
