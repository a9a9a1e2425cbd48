"""What a kind of Bluetooth wristband is: which characteristic it must have, how it is started, what it says.

A profile knows its bytes and nothing of the radio; `edge.sensors.wristband.ble` knows the radio and nothing of the
bytes. docs/add-a-band.md shows a complete one.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Protocol

from edge.errors import DecodeError
from edge.types import SampleBlock


@dataclass(frozen=True, slots=True)
class Notification:
    """One value that the band sent, or that was read from it.

    Attributes:
        uuid: the characteristic, as a lower-case 128-bit UUID.
        data: the raw value.
        arrived_ns: monotonic time at which it reached this program.
    """

    uuid: str
    data: bytes
    arrived_ns: int


class Link(Protocol):
    """The open connection, as far as starting a band needs it. Every call raises `SensorError` if the link is lost."""

    def offers(self, uuid: str) -> bool:
        """Whether the band has this characteristic."""
        ...

    async def read(self, uuid: str) -> bytes:
        """The value of a characteristic."""
        ...

    async def describe(self, uuid: str, descriptor: str) -> bytes | None:
        """The value of a characteristic's descriptor; None where it has no such descriptor."""
        ...

    async def write(self, uuid: str, data: bytes) -> None:
        """Write a characteristic, with response where it allows one."""
        ...

    async def subscribe(self, uuid: str) -> None:
        """Have a characteristic notify or indicate; its values come to `Profile.decode`."""
        ...

    async def request(self, uuid: str, data: bytes) -> bytes:
        """Write to a control point that indicates, and wait for its answer.

        What it indicates once `Profile.start` is over comes to `Profile.decode`: a band may speak unasked.
        """
        ...

    async def more(self, uuid: str) -> bytes:
        """The next part of an answer that comes in several."""
        ...


class Profile(ABC):
    """One kind of band. An object serves one band for as long as the program runs, over all its connections.

    Args:
        sensor: the band's name in the configuration, for its blocks.
    """

    wanted: ClassVar[tuple[str, ...]]
    """The characteristics that make it the right kind of band: one is enough, and those that are there are subscribed
    to before `start`."""

    silence_s: float
    """Silence after which the stream counts as stalled: a few times the longest pause of a healthy band."""

    def __init__(self, sensor: str) -> None:
        """Nothing has been received yet."""
        self.sensor = sensor

    def connected(self) -> None:  # noqa: B027  # most bands have nothing to forget
        """A new connection begins: forget half-received frames. What counts samples may go on."""

    async def start(self, link: Link) -> None:  # noqa: B027  # most bands send by themselves
        """Ask the band for its measurements, where it does not send by itself.

        Raises:
            SensorError: the band refuses, with what a person can do; or the link was lost.
        """

    @abstractmethod
    def decode(self, notification: Notification) -> Iterator[SampleBlock | DecodeError]:
        """The blocks of one notification, and an error in the place of whatever cannot be used.

        Raises:
            SensorError: the band has said, or shown, that it has stopped measuring and must be started anew.
                Nothing else is ever raised, whatever the bytes.
        """
