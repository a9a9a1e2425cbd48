"""PPG/GSR bands that speak docs/band-protocol.md over the Nordic UART Service."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing

from edge.clock import Clock
from edge.config import NordicUartBand
from edge.errors import DecodeError
from edge.sensors.wristband import battery
from edge.sensors.wristband.ble import BATTERY_LEVEL, Notification, notifications
from edge.sensors.wristband.damage import Damage
from edge.sensors.wristband.uart_blocks import BlockBuilder
from edge.sensors.wristband.uart_frame import BandFrame, FrameSplitter
from edge.types import SampleBlock

UART_TX = "6e400003-b5a3-f393-e0a9-e50e24dcca9e"
"""The characteristic of the Nordic UART Service on which the band sends."""

SILENCE_S = 5.0
"""The protocol asks a band to send at least one frame per second: five are missing."""


class NordicUart:
    """PPG, skin conductance, acceleration, contact and charge, on the band's own clock.

    Args:
        config: its stanza.
        clock: stamps the arrivals.
    """

    def __init__(self, config: NordicUartBand, clock: Clock) -> None:
        """Connect to nothing yet."""
        self._config = config
        self._clock = clock
        self.damage = Damage(config.name, clock)
        # Kept across connections: the band's clock goes on while the link is down.
        self.builder = BlockBuilder(config.name)

    @property
    def name(self) -> str:
        """Name from the configuration."""
        return self._config.name

    @property
    def stall_after_s(self) -> float:
        """Silence after which the stream counts as stalled."""
        return SILENCE_S

    async def stream(self) -> AsyncIterator[SampleBlock]:
        """One connection; whatever cannot be decoded is counted and skipped.

        Raises:
            SensorError: as `edge.sensors.wristband.ble.notifications`.
        """
        splitter = FrameSplitter()
        source = notifications(self._config, self._clock, UART_TX, SILENCE_S)
        async with aclosing(source):
            async for notification in source:
                for block in self._blocks(splitter, notification):
                    yield block

    def _blocks(self, splitter: FrameSplitter, notification: Notification) -> Iterator[SampleBlock]:
        if notification.uuid == BATTERY_LEVEL:
            try:
                yield battery.block(self.name, notification)
            except DecodeError as error:
                self.damage.note(error)
            return
        for found in splitter.feed(notification.data):
            if isinstance(found, BandFrame):
                yield self.builder.block(found, notification.arrived_ns)
            else:
                self.damage.note(found)
