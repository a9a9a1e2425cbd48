"""The current state of each alarm condition as it was published, and which of them to repeat.

Brokers forget what they retained when they are killed, and not every one gives it to a station that comes later
(RabbitMQ 3.10 does so for no wildcard, and on one node alone). A standing alarm must not wait for news.
"""

from __future__ import annotations

from collections.abc import Iterator

from edge.clock import Clock
from edge.publish.age import age_ms
from edge.publish.payload import AlertMessage
from edge.types import NS_PER_S, Condition, Presence

ALARMS_EVERY_S = 30.0
"""A standing alarm is repeated this often, seconds: as long as a station needs to call a silent bed unknown."""

ENDED_REPEATED_S = 300.0
"""So long the end of an alarm is repeated too, seconds: for stations that were away for a moment."""


class StandingAlarms:
    """What a box has said of its alarms.

    Args:
        clock: time.
    """

    def __init__(self, clock: Clock) -> None:
        """Nothing was said yet."""
        self._clock = clock
        self._newest: dict[Condition, AlertMessage] = {}
        self._repeated_ns = clock.now_ns()

    def put(self, message: AlertMessage) -> None:
        """The newest state of its condition."""
        self._newest[message.condition] = message

    def all(self) -> Iterator[AlertMessage]:
        """For a new connection: every condition's newest state."""
        self._repeated_ns = self._clock.now_ns()
        yield from self._newest.values()

    def due(self) -> Iterator[AlertMessage]:
        """What is to be repeated now; nothing before `ALARMS_EVERY_S` have passed."""
        now_ns = self._clock.now_ns()
        if now_ns - self._repeated_ns < ALARMS_EVERY_S * NS_PER_S:
            return
        self._repeated_ns = now_ns
        now = self._clock.instant()
        for message in self._newest.values():
            if message.presence is not Presence.OFF or age_ms(message, now) < ENDED_REPEATED_S * 1000:
                yield message
