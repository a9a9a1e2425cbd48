"""The protocol that every sensor driver follows.

A driver knows how to make *one* connection and to yield what it receives. Trying again, back-off, stall detection and
the state (`connecting, streaming, stalled, lost`) are the business of `edge.sensors.care`, once for all drivers.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Protocol, TypeVar, runtime_checkable

from edge.types import Estimate, FaceReading, Frame, SampleBlock

Item = TypeVar("Item", Frame, SampleBlock, Estimate, FaceReading, covariant=True)


class Driver(Protocol[Item]):
    """One camera or wristband."""

    @property
    def name(self) -> str:
        """Name from the configuration."""
        ...

    @property
    def stall_after_s(self) -> float:
        """Silence after which the stream counts as stalled: derived from the expected rate."""
        ...

    def stream(self) -> AsyncIterator[Item]:
        """Make one connection and yield what arrives, until the source ends or the connection is lost.

        The iterator is closed by its consumer (`aclose`), which must release the device. A recording that has played
        to its end simply returns.

        Raises:
            SensorError: the connection could not be made or has been lost, with the reason.
        """
        ...


@runtime_checkable
class Paced(Protocol):
    """A camera that can be asked to take fewer pictures, so that those left out are not even decoded."""

    def limit_rate(self, rate_hz: float | None) -> float:
        """Take at most so many pictures per second from now on, through all connections; None: as configured.

        Returns:
            The rate that is taken now.
        """
        ...


@runtime_checkable
class Holding(Protocol):
    """A driver that knows whether it still has its device, even after its stream has ended."""

    @property
    def holds_device(self) -> bool:
        """Whether a device or file is open, or a library may still have it so."""
        ...


@runtime_checkable
class Heralded(Protocol):
    """A driver that can tell when its device is back, so that no back-off is sat out then."""

    async def until_back(self) -> None:
        """Return when another attempt promises more than the last one, because the device has shown itself again.

        Where nothing can be known of that, never return. The caller bounds the time, by cancelling.
        """
        ...
