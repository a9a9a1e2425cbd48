"""The nurse of the demonstration: subscribes like any station, and acknowledges what she reads."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from edge.clock import Clock
from edge.config import Mqtt
from edge.publish.payload import Acknowledge, AlertMessage, StateMessage
from edge.publish.subscriber import Received, Subscriber
from edge.publish.topics import EVENT, STATE, Address
from edge.types import Condition, Presence

log = logging.getLogger(__name__)

READS_S = 6.0
"""From an alert's arrival to its acknowledgement, seconds: short, so that a three-minute scene shows it."""

NAME = "demo nurse"
"""Who acknowledges, in the box's log."""

ACKNOWLEDGED = (Condition.PAIN, Condition.CANNOT_ASSESS)
"""What she acknowledges; `face_lost` and `band_lost` end by themselves when the sensor is back."""


class Nurse:
    """Hears every message and acknowledges the important alarms a few seconds later.

    Args:
        mqtt: the broker.
        clock: her time.
        on_event: called with every alarm transition.
        on_state: called with every assessment.
    """

    def __init__(
        self,
        mqtt: Mqtt,
        clock: Clock,
        on_event: Callable[[AlertMessage], None],
        on_state: Callable[[StateMessage], None],
    ) -> None:
        """Nothing is connected before `run`."""
        self._clock = clock
        self._on_event = on_event
        self._on_state = on_state
        self._subscriber = Subscriber(mqtt, self._hear, clock=clock)
        self._reading: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Listen until cancelled."""
        await self._subscriber.run()

    async def ready(self) -> None:
        """Wait until she is subscribed; virtual time stands still meanwhile."""
        with self._clock.hold():
            await self._subscriber.ready.wait()

    def _hear(self, received: Received) -> None:
        message = received.message
        if isinstance(message, StateMessage) and received.address.leaf == STATE:
            self._on_state(message)
        elif isinstance(message, AlertMessage) and received.address.leaf == EVENT:
            self._on_event(message)
            self._subscriber.confirm(received, NAME)
            if message.presence is Presence.ON and message.condition in ACKNOWLEDGED:
                task = asyncio.get_running_loop().create_task(self._acknowledge(received.address, message))
                self._reading.add(task)
                task.add_done_callback(self._reading.discard)

    async def _acknowledge(self, address: Address, alert: AlertMessage) -> None:
        await self._clock.sleep(READS_S)
        command = Acknowledge(id=f"ack-{alert.id}", do="acknowledge", episode=alert.episode, by=NAME)
        if not self._subscriber.send(address.site, address.bed, command):
            log.warning("the nurse could not acknowledge %s: no connection", alert.condition)
