"""How a desk hears its beds: over a broker, or, on the box's own page, from the box itself."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from edge.clock import Clock
from edge.config import Mqtt
from edge.publish.payload import Message, NoteMessage
from edge.publish.subscriber import Overheard, Received, Subscriber
from edge.publish.topics import Topics


@dataclass(frozen=True, slots=True)
class Ears:
    """What a line calls, on the event loop of its `run`.

    Attributes:
        message: a message of a bed.
        connected: True when beds can be heard, False when they no longer can.
        station: what another station published.
    """

    message: Callable[[Received], None]
    connected: Callable[[bool], None]
    station: Callable[[Overheard], None]


class Line(Protocol):
    """The way between a desk and its beds."""

    async def run(self) -> None:
        """Listen, until cancelled."""
        ...

    def send(self, site: str, bed: str, command: Message) -> bool:
        """Send a command; False where there is no connection."""
        ...

    def confirm(self, received: Received, by: str) -> None:
        """Tell the bed that its alert is here and shown."""
        ...

    def leave_note(self, site: str, bed: str, note: NoteMessage) -> bool:
        """Publish a note for all stations; False where there is no connection."""
        ...


MakeLine = Callable[[Ears], Line]
"""Builds the line of a desk."""


def over_mqtt(mqtt: Mqtt, clock: Clock, topics: Topics | None = None) -> MakeLine:
    """The line of a nursing station."""
    return partial(_subscriber, mqtt, clock, topics)


def _subscriber(mqtt: Mqtt, clock: Clock, topics: Topics | None, ears: Ears) -> Line:
    return Subscriber(
        mqtt,
        ears.message,
        topics=topics,
        clock=clock,
        client_id=f"anodyne-station-{os.urandom(4).hex()}",  # two of one name would throw each other out
        on_connected=ears.connected,
        on_station=ears.station,
    )
