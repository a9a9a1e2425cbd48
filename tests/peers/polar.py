"""A virtual Polar sensor: the Polar Measurement Data service with its control point, and encoders of its frames."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
from bumble.device import Connection
from bumble.gatt import Characteristic, CharacteristicValue, Service
from numpy.typing import NDArray

from edge.sensors.wristband.polar.control import Command, Setting, Status
from edge.sensors.wristband.polar.delta import Counts
from edge.sensors.wristband.polar.frame import Kind
from tests.peers.band import VirtualBand, notifying

VERITY_SENSE: Mapping[Kind, bytes] = {
    Kind.PPG: bytes.fromhex("0001 3700 0101 1600 0401 04"),
    Kind.ACC: bytes.fromhex("0001 3400 0101 1000 0201 0800 0401 03"),
    Kind.PPI: b"",
}
"""Settings on offer: PPG 55 Hz, 22 bits, 4 channels; ACC 52 Hz, 16 bits, 8 g, 3 channels."""

H10: Mapping[Kind, bytes] = {Kind.ACC: bytes.fromhex("0004 C800 6400 3200 1900 0101 1000 0203 0200 0400 0800")}
"""ACC 200, 100, 50 or 25 Hz, 16 bits, 2, 4 or 8 g."""


@dataclass
class PolarService:
    """The service. Answers are indicated by `band`, which is to be set before somebody connects.

    Attributes:
        offers: kinds and their settings.
        refusals: status that a request for a kind is answered with, instead of success.
        factor: told with the answer to START; None for none.
        parts: number of indications that the settings are spread over.
        interjection: indicated before every answer.
        running: kinds that are measured.
        requests: everything that was written to the control point.
    """

    offers: Mapping[Kind, bytes]
    refusals: Mapping[tuple[Command, Kind], int] = field(default_factory=dict)
    factor: float | None = 1.0
    parts: int = 1
    interjection: bytes | None = None
    running: set[int] = field(default_factory=set)
    requests: list[bytes] = field(default_factory=list)
    band: VirtualBand | None = None

    def __post_init__(self) -> None:
        """Build the characteristics."""
        properties = Characteristic.Properties
        self.control = Characteristic[bytes](
            "FB005C81-02E7-F387-1CAD-8ACD2D8DF0C8",
            properties.READ | properties.WRITE | properties.INDICATE,
            Characteristic.Permissions.READABLE | Characteristic.Permissions.WRITEABLE,
            CharacteristicValue(read=self._features, write=self._asked),
        )
        self.data = notifying("FB005C82-02E7-F387-1CAD-8ACD2D8DF0C8", b"")
        self._changed = asyncio.Event()
        self.service = Service("FB005C80-02E7-F387-1CAD-8ACD2D8DF0C8", [self.control, self.data])

    def _features(self, _connection: Connection) -> bytes:
        return bytes([0x0F, sum(1 << kind for kind in self.offers), 0]) + bytes(14)

    async def _asked(self, _connection: Connection, request: bytes) -> None:
        self.requests.append(bytes(request))
        for answer in self._answers(request[0], request[1]):
            if self.interjection is not None:
                await self.say(self.interjection)
            await self.say(answer)

    async def runs(self, *kinds: Kind) -> None:
        """Wait until these are measured."""
        while not set(kinds) <= self.running:
            self._changed.clear()
            await self._changed.wait()

    async def say(self, data: bytes) -> None:
        """Indicate something on the control point."""
        assert self.band is not None
        await self.band.indicate(self.control, data)

    def _answers(self, command: int, kind: int) -> Iterable[bytes]:
        status = self.refusals.get((Command(command), Kind(kind)), self._do(command, kind))
        parameters = b""
        if command == Command.GET_SETTINGS:
            parameters = self.offers[Kind(kind)]
        elif command == Command.START and self.factor is not None:
            parameters = bytes([Setting.FACTOR, 1]) + struct.pack("<f", self.factor)
        if status or command == Command.STOP:
            return [bytes([0xF0, command, kind, status])]
        size = -(-len(parameters) // self.parts) or 1
        pieces = [parameters[i : i + size] for i in range(0, len(parameters), size)] or [b""]
        return [bytes([0xF0, command, kind, 0, number < len(pieces)]) + piece for number, piece in enumerate(pieces, 1)]

    def _do(self, command: int, kind: int) -> int:
        if command == Command.START:
            if kind in self.running:
                return Status.ALREADY_IN_STATE
            self.running.add(kind)
            self._changed.set()
        elif command == Command.STOP:
            self.running.discard(kind)
        return Status.SUCCESS


def frame(kind: int, stamp_ns: int, frame_type: int, content: bytes, *, compressed: bool = False) -> bytes:
    """A frame of the data characteristic."""
    return struct.pack("<BQB", kind, stamp_ns, frame_type | (0x80 if compressed else 0)) + content


def pack(counts: Counts, sample_bytes: int) -> bytes:
    """Plain samples."""
    return b"".join(int(value).to_bytes(sample_bytes, "little", signed=True) for value in counts.ravel())


def compress(counts: Counts, sample_bytes: int, width: int | None = None, block: int = 255) -> bytes:
    """Samples as deltas.

    Args:
        counts: (n, channels), n at least 1.
        sample_bytes: bytes per integer of the first sample.
        width: bits per delta; the smallest that does where it is None.
        block: most samples in a block.
    """
    steps = np.diff(counts.astype(np.int64), axis=0)
    data = pack(counts[:1], sample_bytes)
    for begin in range(0, len(steps), block):
        piece = steps[begin : begin + block]
        bits = width or max(_bits(int(step)) for step in piece.ravel())
        packed = 0
        for place, step in enumerate(piece.ravel()):
            packed |= (int(step) & ((1 << bits) - 1)) << (bits * place)
        data += bytes([bits, len(piece)]) + packed.to_bytes((bits * piece.size + 7) // 8, "little")
    return data


def _bits(step: int) -> int:
    """Bits of a two's complement number."""
    return (step if step >= 0 else ~step).bit_length() + 1


def ppg_frame(stamp_ns: int, pulse: NDArray[np.float32], *, compressed: bool = True) -> bytes:
    """A frame of an OH1 or Verity Sense whose pulse wave, as the driver makes it, is `pulse` (whole numbers)."""
    ambient = 180_000
    light = np.asarray(ambient - pulse, np.int32)
    counts = np.stack((light - 5000, light, light + 5000, np.full_like(light, ambient)), axis=1)
    content = compress(counts, 3) if compressed else pack(counts, 3)
    return frame(Kind.PPG, stamp_ns, 0, content, compressed=compressed)


def acc_frame(stamp_ns: int, milli_g: Counts, *, compressed: bool = True) -> bytes:
    """A frame of type 1, thousandths of g."""
    content = compress(milli_g, 2) if compressed else pack(milli_g, 2)
    return frame(Kind.ACC, stamp_ns, 1, content, compressed=compressed)


def ppi_frame(*intervals: tuple[int, int, int, int], stamp_ns: int = 0) -> bytes:
    """A frame of intervals: (bpm, interval ms, error ms, flags)."""
    return frame(Kind.PPI, stamp_ns, 0, b"".join(struct.pack("<BHHB", *one) for one in intervals))
