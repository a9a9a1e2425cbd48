"""PPG/GSR bands that speak docs/band-protocol.md over the Nordic UART Service."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal

from edge.errors import DecodeError
from edge.sensors.wristband.ble_band import BleBand
from edge.sensors.wristband.profile import Notification, Profile
from edge.sensors.wristband.uart_blocks import BlockBuilder
from edge.sensors.wristband.uart_frame import BandFrame, FrameSplitter
from edge.types import SampleBlock

UART_TX = "6e400003-b5a3-f393-e0a9-e50e24dcca9e"
"""The characteristic of the Nordic UART Service on which the band sends."""

SILENCE_S = 5.0
"""The protocol asks a band to send at least one frame per second: five are missing."""


class NordicUartBand(BleBand):
    """A PPG/GSR band that sends Anodyne's binary frames over the Nordic UART Service (docs/band-protocol.md)."""

    advertised_services: ClassVar[frozenset[str]] = frozenset({"6e400001-b5a3-f393-e0a9-e50e24dcca9e"})

    driver: Literal["ble_uart"]
    """Always "ble_uart"."""

    def profile(self) -> Profile:
        """Its profile."""
        return NordicUart(self.name)


class NordicUart(Profile):
    """PPG, skin conductance, acceleration, contact and charge, on the band's own clock."""

    wanted = (UART_TX,)
    silence_s = SILENCE_S

    def __init__(self, sensor: str) -> None:
        """Nothing has been received yet."""
        super().__init__(sensor)
        # Kept across connections: the band's clock goes on while the link is down.
        self.builder = BlockBuilder(sensor)
        self._splitter = FrameSplitter()

    def connected(self) -> None:
        """Forget a frame that was cut off by the end of the last connection."""
        self._splitter = FrameSplitter()

    def decode(self, notification: Notification) -> Iterator[SampleBlock | DecodeError]:
        """The blocks of all frames that are complete with this notification."""
        for found in self._splitter.feed(notification.data):
            yield self.builder.block(found, notification.arrived_ns) if isinstance(found, BandFrame) else found
