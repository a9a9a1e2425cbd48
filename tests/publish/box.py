"""A box without sensors: real store, outbox and publisher, and alarms that the test raises."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from edge.alarm.manager import AlarmManager
from edge.clock import Clock, SystemClock
from edge.config import Alarm, Box, Mqtt
from edge.publish.commands import Done, Outcome
from edge.publish.dialer import Backoff
from edge.publish.mqtt import Publisher
from edge.publish.outbox import Outbox
from edge.publish.payload import Acknowledge, Command, ReferenceCommand
from edge.store import Store
from edge.types import Alert, Presence, Validity
from tests.alarm.scenes import assessment

AT_ONCE = Alarm(pain_delay_s=0, pain_clear_s=0, blind_delay_s=0, sensor_delay_s=0, clear_s=0)
"""No delays: each assessment is a transition."""


class SmallBox:
    """The publishing half of the daemon.

    Args:
        folder: for the store.
        mqtt: the broker.
        clock: the system's by default.
        backoff: of the connection; the daemon's by default.
        bed: which bed.
    """

    def __init__(
        self, folder: Path, mqtt: Mqtt, clock: Clock | None = None, backoff: Backoff | None = None, bed: str = "bed7"
    ) -> None:
        """Open the store; `running` connects."""
        self.clock = clock or SystemClock()
        self.store = Store.open(folder / "state.db")
        self.outbox = Outbox(self.store)
        self.manager = AlarmManager(self.store, AT_ONCE, self.clock, Validity.TEST, self.outbox)
        box = Box(site="ward", bed=bed, validity=Validity.TEST)
        self.publisher = Publisher(mqtt, box, self.outbox, self.clock, self._carry_out, backoff)

    def see(self, score: float | None) -> list[Alert]:
        """Take in one assessment and publish what comes of it."""
        seen = assessment(self.clock.now_ns(), score)
        alerts = self.manager.step(seen, {})
        for alert in alerts:
            self.publisher.publish_alert(alert)
        self.publisher.publish_state(seen)
        return list(alerts)

    def acknowledge(self) -> list[Alert]:
        """Acknowledge pain, where there is any that nobody has acknowledged."""
        waiting = [one for one in self.manager.active() if one.presence in (Presence.ON, Presence.LATCHED)]
        alerts = [self.manager.acknowledge(one.episode, "test") for one in waiting]
        for alert in alerts:
            self.publisher.publish_alert(alert)
        return alerts

    def raise_alerts(self, count: int) -> list[Alert]:
        """Raise and end pain until there have been this many transitions."""
        alerts: list[Alert] = []
        while len(alerts) < count:
            alerts += self.see(6)
            if len(alerts) < count:
                alert = self.manager.acknowledge("pain", "test")
                self.publisher.publish_alert(alert)
                alerts.append(alert)
            if len(alerts) < count:
                alerts += self.see(1)
        return alerts

    def _carry_out(self, command: Command) -> Outcome:
        if isinstance(command, ReferenceCommand):
            return Done(f"{command.do} for {command.by}")
        assert isinstance(command, Acknowledge)
        return self.manager.acknowledge(command.target, command.by)


@asynccontextmanager
async def running(
    folder: Path, mqtt: Mqtt, clock: Clock | None = None, backoff: Backoff | None = None, bed: str = "bed7"
) -> AsyncIterator[SmallBox]:
    """A box whose publisher runs for the time of the block."""
    box = SmallBox(folder, mqtt, clock, backoff, bed)
    for alert in box.manager.restored():
        box.publisher.publish_alert(alert)
    task = asyncio.create_task(box.publisher.run())
    try:
        yield box
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        box.store.close()
