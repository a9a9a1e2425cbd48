"""What a kind of serial band is: how it is started, what its bytes mean, how it is let go.

A protocol knows its bytes and nothing of ports; `edge.sensors.wristband.serial.link` knows the port and nothing of the
bytes.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from edge.errors import DecodeError
from edge.types import SampleBlock


@dataclass(frozen=True, slots=True)
class Chunk:
    """Bytes that arrived together.

    Attributes:
        data: at least one byte.
        arrived_ns: monotonic time at which they were read from the port.
    """

    data: bytes
    arrived_ns: int


class Port(Protocol):
    """The open port, as far as starting a band needs it."""

    async def get(self) -> Chunk:
        """The next bytes.

        Raises:
            SensorError: DISCONNECTED, the device is gone.
        """
        ...

    def send(self, data: bytes) -> None:
        """Have these bytes written, soon and in order; a port that is gone says so at the next `get`."""
        ...


class SerialProtocol(ABC):
    """One kind of serial band. An object serves one band for as long as the program runs, over all its connections.

    Args:
        sensor: the band's name in the configuration, for its blocks.
    """

    silence_s: float = 5.0
    """Silence after which the stream counts as stalled: far above the pauses of any transport, and for bands that send
    many times per second the same as for the other kinds of wristband."""

    farewell: bytes = b""
    """Sent when the connection is given up, so that the band stops measuring and saves its battery."""

    def __init__(self, sensor: str) -> None:
        """Nothing has been received yet."""
        self.sensor = sensor

    @abstractmethod
    def connected(self) -> None:
        """A new connection begins: forget half-received data. The band's clock may go on."""

    async def start(self, port: Port) -> None:  # noqa: B027  # many bands send by themselves
        """Ask the band for its measurements, where it does not send by itself.

        Raises:
            SensorError: it does not answer, or refuses, with what a person can do.
        """

    @abstractmethod
    def decode(self, chunk: Chunk) -> Iterator[SampleBlock | DecodeError]:
        """The blocks that are complete with these bytes, and an error in the place of whatever cannot be used.

        Raises:
            SensorError: WRONG_DEVICE, the band says that it is another than was configured. Nothing else is ever
                raised, whatever the bytes.
        """

    def due(self, now_ns: int) -> bytes:  # noqa: ARG002  # most bands need not be asked
        """What is to be sent to the band now; empty for nothing. Asked after each chunk."""
        return b""

    @abstractmethod
    def remedy(self) -> str:
        """What a person should check when bytes arrive and none of them can be decoded."""
