"""From an alarm to a person, through the whole box: confirmed by a station, or told at the bed."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from pathlib import Path

from edge import clock, config
from edge.daemon import Daemon
from edge.demo.setup import DELAYS
from edge.publish.embedded import EmbeddedBroker
from edge.publish.payload import Acknowledge, AlertMessage, Message, ProofCommand, ReplyMessage
from edge.publish.subscriber import Received, Subscriber
from edge.types import Alert, Condition, Validity

LIVES_S = 120.0


class Ward:
    """A box without sensors, which therefore alarms, and what a station hears of it."""

    def __init__(self, folder: Path, port: int, *, confirms: bool, asks: tuple[Message, ...] = ()) -> None:
        self.clock = clock.VirtualClock()
        self.alerts: list[Alert] = []
        self.replies: list[ReplyMessage] = []
        self.bursts = folder / "bursts.jsonl"
        self._confirms = confirms
        self._asks = asks
        mqtt = config.Mqtt(host="127.0.0.1", port=port)
        settings = config.Config(
            box=config.Box(site="test", bed="bed1", state_dir=folder, validity=Validity.TEST),
            fusion=config.Fusion(tick_s=0.5),
            alarm=DELAYS,
            mqtt=mqtt,
            annunciator=config.Annunciator(file=self.bursts),
        )
        self._daemon = Daemon(settings, self.clock, on_alert=self.alerts.append)
        self._subscriber: Subscriber | None = None
        self._arriving: asyncio.Task[None] | None = None
        self._greeted = asyncio.Event()
        self._mqtt = mqtt

    def live(self) -> None:
        """Two minutes of virtual time."""
        clock.run(self.clock, self._live())

    async def _live(self) -> None:
        self._subscriber = Subscriber(self._mqtt, self._hear, clock=self.clock)
        listening = asyncio.create_task(self._subscriber.run())
        await self._subscriber.ready.wait()
        box = asyncio.create_task(self._daemon.run())
        with self.clock.hold():  # sockets know no virtual time
            await self._greeted.wait()
        await self.clock.sleep(LIVES_S / 2)
        for command in self._asks:
            self._subscriber.send("test", "bed1", command)
            await self.clock.sleep(LIVES_S / 2 / len(self._asks))
        await self.clock.sleep(0 if self._asks else LIVES_S / 2)
        for task in (box, listening):
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    def _hear(self, received: Received) -> None:
        assert self._subscriber is not None
        self._greeted.set()
        if isinstance(received.message, ReplyMessage):
            self.replies.append(received.message)
        if self._confirms and isinstance(received.message, AlertMessage):
            self._subscriber.confirm(received, "north")
            self._arriving = asyncio.create_task(self._arrive())

    async def _arrive(self) -> None:
        """Give a receipt real time to reach the box."""
        with self.clock.hold():
            await asyncio.to_thread(time.sleep, 0.3)

    def played(self) -> list[str]:
        """The bursts at the bed, its self-tests left out."""
        lines = self.bursts.read_text().splitlines() if self.bursts.exists() else []
        return [line for line in lines if "test" not in line]


def test_an_alarm_that_a_station_confirms_leaves_the_bed_quiet(tmp_path: Path) -> None:
    with EmbeddedBroker() as broker:
        ward = Ward(tmp_path, broker.port, confirms=True)
        ward.live()
    assert Condition.CANNOT_ASSESS in [one.condition for one in ward.alerts]
    assert Condition.STATION_SILENT not in [one.condition for one in ward.alerts]
    assert ward.played() == []


def test_an_alarm_that_no_station_confirms_sounds_at_the_bed_and_is_an_alarm_of_its_own(tmp_path: Path) -> None:
    with EmbeddedBroker() as broker:
        ward = Ward(tmp_path, broker.port, confirms=False)
        ward.live()
    assert Condition.STATION_SILENT in [one.condition for one in ward.alerts]
    assert ward.played()


def test_the_proof_names_broker_station_and_person(tmp_path: Path) -> None:
    asks = (
        Acknowledge(id="a", do="acknowledge", condition=Condition.CANNOT_ASSESS, by="Ruth"),
        ProofCommand(id="b", do="proof", by="Ruth"),
        ProofCommand(id="c", do="proof", episode=999_999, by="Ruth"),
    )
    with EmbeddedBroker() as broker:
        ward = Ward(tmp_path, broker.port, confirms=True, asks=asks)
        ward.live()
    said = {one.to: one.detail for one in ward.replies}
    assert said["c"] == "no such alert"
    raised = [line for line in (said["b"] or "").split("; ") if "cannot_assess on" in line]
    assert len(raised) == 1
    assert "(north)" in raised[0]
    assert "(Ruth)" in raised[0]
