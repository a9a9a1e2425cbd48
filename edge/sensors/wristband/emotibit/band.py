"""An EmotiBit whose firmware sends its text lines over the Nordic UART Service."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal

from edge.errors import DecodeError
from edge.sensors.wristband.ble_band import BleBand
from edge.sensors.wristband.emotibit.blocks import Light, PacketBlocks
from edge.sensors.wristband.emotibit.lines import LineReader, Packet
from edge.sensors.wristband.nordic_uart import SILENCE_S, UART_TX
from edge.sensors.wristband.profile import Notification, Profile
from edge.types import SampleBlock


class EmotiBitBand(BleBand):
    """An EmotiBit that sends its text lines over the Nordic UART Service (its own firmware sends them over Wi-Fi)."""

    advertised_names: ClassVar[tuple[str, ...]] = ("EmotiBit",)

    driver: Literal["ble_emotibit"]
    """Always "ble_emotibit"."""
    light: Light = "infrared"
    """The colour whose pulse wave is used; on dark skin and cold hands infrared reaches deepest."""

    def profile(self) -> Profile:
        """Its profile."""
        return EmotiBit(self.name, self.light)


class EmotiBit(Profile):
    """Pulse wave, skin conductance, acceleration, beats, skin temperature and charge, on the EmotiBit's own clock."""

    wanted = (UART_TX,)
    silence_s = SILENCE_S

    def __init__(self, sensor: str, light: Light) -> None:
        """Nothing has been received yet."""
        super().__init__(sensor)
        self._blocks = PacketBlocks(sensor, light)
        self._reader = LineReader()

    def connected(self) -> None:
        """Forget a line that was cut off by the end of the last connection."""
        self._reader = LineReader()

    def decode(self, notification: Notification) -> Iterator[SampleBlock | DecodeError]:
        """The blocks of all lines that are complete with this notification."""
        for found in self._reader.feed(notification.data):
            if isinstance(found, Packet):
                yield from self._blocks.blocks(found, notification.arrived_ns)
            else:
                yield found
