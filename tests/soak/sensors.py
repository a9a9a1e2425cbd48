"""Simulated sensors without an end: life after life of one scenario, each from the next seed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Generic, TypeVar

from edge.clock import Clock
from edge.sensors.driver import Driver
from edge.sensors.simulated.band import SimulatedBand
from edge.sensors.simulated.face import SimulatedFace
from edge.types import FaceReading, SampleBlock

T = TypeVar("T", FaceReading, SampleBlock)


class Relay(Generic[T]):
    """A driver that plays one after another.

    Args:
        begin: makes the driver of a number, from 0 on.
    """

    def __init__(self, begin: Callable[[int], Driver[T]]) -> None:
        self._begin: Callable[[int], Driver[T]] = begin
        self._number = 0
        self._driver: Driver[T] = begin(0)

    @property
    def name(self) -> str:
        """Name from the configuration."""
        return self._driver.name

    @property
    def stall_after_s(self) -> float:
        """Silence after which the stream counts as stalled."""
        return self._driver.stall_after_s

    async def stream(self) -> AsyncIterator[T]:
        """Everything of every driver; what one of them raises leaves it in place for the next attempt."""
        while True:
            async for item in self._driver.stream():
                yield item
            self._number += 1
            self._driver = self._begin(self._number)


class EndlessFace(SimulatedFace):
    """The simulated face without an end."""

    def open(self, clock: Clock) -> Driver[FaceReading]:
        """Its driver."""
        return Relay(lambda number: SimulatedFace.open(self.model_copy(update={"seed": self.seed + number}), clock))


class EndlessBand(SimulatedBand):
    """The simulated band without an end."""

    def open(self, clock: Clock) -> Driver[SampleBlock]:
        """Its driver."""
        return Relay(lambda number: SimulatedBand.open(self.model_copy(update={"seed": self.seed + number}), clock))
