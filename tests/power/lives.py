"""What is written while the power is there, what was promised meanwhile, and what of it is found afterwards."""

from __future__ import annotations

import random
import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from edge.alarm.manager import AlarmManager
from edge.clock import VirtualClock
from edge.publish.commands import Channel, CommandDesk, Outcome, kept
from edge.publish.outbox import Outbox
from edge.publish.payload import Acknowledge, AlertMessage, Command
from edge.publish.payload import alert_message as alert_of
from edge.publish.proof import KEPT, Proofs
from edge.publish.topics import EVENT
from edge.station.book import FILE, Book
from edge.station.history import Minute
from edge.store import Store
from edge.types import Alert, Condition, Presence, Validity
from tests.alarm.scenes import assessment
from tests.power.disk import Mark, Op
from tests.publish.box import AT_ONCE
from tests.station.messages import alert as alert_message

BOX_FILE = "state.db"


class LostError(AssertionError):
    """Something promised is not there."""


class Life(Protocol):
    """A program that writes, and what is owed after a cut."""

    def live(self, folder: Path, log: list[Op], steps: int, chance: random.Random) -> None:
        """Write, and mark in the log what is promised."""

    def check(self, folder: Path, promise: int) -> None:
        """Look at what a cut has left.

        Args:
            folder: the files.
            promise: number of the last promise before the cut; -1: none.

        Raises:
            LostError: something promised before it is not there, or a file is damaged.
        """


@dataclass(frozen=True, slots=True)
class Owed:
    """What the box owes from one moment on.

    Attributes:
        waiting: ids of alerts that no station has confirmed.
        known: ids of all alerts: each is in the outbox or among the proofs.
        states: the last announced transition of each condition.
        answered: ids of commands whose answer was given.
        number: the highest running number in use.
    """

    waiting: frozenset[str] = frozenset()
    known: frozenset[str] = frozenset()
    states: tuple[Alert, ...] = ()
    answered: frozenset[str] = frozenset()
    number: int = 0


@dataclass
class BoxLife:
    """Alarm states, outbox, proofs and commands of a box, through restarts; broker and station are dictated."""

    owed: list[Owed] = field(default_factory=list)

    def live(self, folder: Path, log: list[Op], steps: int, chance: random.Random) -> None:
        """Raise, send, confirm, acknowledge, end and restart."""
        self._log = log
        self._now = Owed()
        clock = VirtualClock()
        box = Box(folder, clock)
        for step in range(steps):
            clock.advance(1.0)
            what = chance.random()
            if what < 0.45:
                self._announced(box.see(chance.choice((1.0, 6.0, 8.0, None))))
            elif what < 0.6:
                self._acknowledge(box, f"nurse-{step}")
            elif what < 0.78:
                box.broker_takes(chance.randrange(1, 6))
            elif what < 0.88:
                self._confirm(box)
            elif what < 0.95:
                box.store.later.settle()
            else:
                box.close()
                box = Box(folder, clock)
        box.close()

    def _promise(self, **changes: object) -> None:
        values = {name: getattr(self._now, name) for name in Owed.__slots__}
        self._now = Owed(**{**values, **changes})
        self.owed.append(self._now)
        self._log.append(Mark(len(self.owed) - 1))

    def _announced(self, alerts: list[Alert]) -> None:
        if alerts:
            states = {one.condition: one for one in self._now.states} | {one.condition: one for one in alerts}
            self._promise(
                waiting=self._now.waiting | {one.id for one in alerts},
                known=self._now.known | {one.id for one in alerts},
                states=tuple(states.values()),
                number=max(self._now.number, *(one.seq for one in alerts)),
            )

    def _acknowledge(self, box: Box, command_id: str) -> None:
        before = {one.id for one in box.manager.active()}
        box.command(command_id)
        self._announced([one for one in box.manager.active() if one.id not in before])
        self._promise(answered=self._now.answered | {command_id})

    def _confirm(self, box: Box) -> None:
        """A station has one of the alerts: from here on the box may forget it."""
        sent = [row.message_id for row in box.taken()]
        if sent:
            self._promise(waiting=self._now.waiting - {sent[0]})
            box.outbox.confirm(sent[0])
            box.proofs.station(sent[0], "station", box.clock.instant())

    def check(self, folder: Path, promise: int) -> None:
        """Open it as the box does after a boot."""
        owed = self.owed[promise] if promise >= 0 else Owed()
        _sound(folder / BOX_FILE)
        box = Box(folder, VirtualClock())
        try:
            with box.store.reading() as cursor:
                rows = {str(one) for (one,) in cursor.execute("SELECT message_id FROM outbox WHERE leaf = ?", (EVENT,))}
            if not owed.waiting <= rows:
                raise LostError(f"alerts {sorted(owed.waiting - rows)} were announced and are gone")
            if unknown := owed.known - rows - {one.alert.id for one in box.proofs.newest(KEPT)}:
                raise LostError(f"of alerts {sorted(unknown)} there is neither the announcement nor a proof")
            found = {one.condition: one for one in box.manager.restored()}
            for state in owed.states:
                now = found.get(state.condition)
                if now is None or now.seq < state.seq or (now.seq == state.seq and now != state):
                    raise LostError(f"{state.condition} was announced as {state}, and is {now}")
                if now.seq > state.seq and now.id not in rows:
                    raise LostError(f"{now} is the state, and its announcement is not in the outbox")
            answered = {command_id for command_id, given in kept(box.store) if given.answered}
            if not owed.answered <= answered:
                raise LostError(
                    f"commands {sorted(owed.answered - answered)} were answered and would be carried out again"
                )
            if (number := box.store.take_number()) <= owed.number:
                raise LostError(f"number {number} is used a second time: {owed.number} was announced")
        finally:
            box.close()


class Box:
    """A box's writing half.

    Args:
        folder: of the store.
        clock: of the box.
    """

    def __init__(self, folder: Path, clock: VirtualClock) -> None:
        self.clock = clock
        self.store = Store.open(folder / BOX_FILE)
        self.outbox = Outbox(self.store)
        self.manager = AlarmManager(self.store, AT_ONCE, clock, Validity.TEST, self.outbox)
        self.proofs = Proofs(self.store)
        self._desk = CommandDesk(self.store, self._carry_out)

    def see(self, score: float | None) -> list[Alert]:
        """One assessment."""
        alerts = list(self.manager.step(assessment(self.clock.now_ns(), score), {}))
        for alert in alerts:
            self.proofs.begin(alert_of(alert))
        return alerts

    def broker_takes(self, count: int) -> None:
        """The broker acknowledges the oldest rows."""
        for row in self.outbox.waiting((), count):
            self.outbox.take(row, confirm=True)
            if row.leaf == EVENT:
                self.proofs.begin(AlertMessage.model_validate_json(row.payload))
                self.proofs.broker(row.message_id, self.clock.instant())

    def taken(self) -> list[Presented]:
        """Alerts that the broker has and no station has confirmed."""
        self.store.later.settle()
        with self.store.reading() as cursor:
            found = cursor.execute("SELECT message_id FROM outbox WHERE taken = 1 ORDER BY id").fetchall()
        return [Presented(str(one)) for (one,) in found]

    def command(self, command_id: str) -> None:
        """A nurse acknowledges whatever is first on the list; the answer is what the desk says."""
        waiting = [one for one in self.manager.active() if one.presence in (Presence.ON, Presence.LATCHED)]
        condition = waiting[0].condition if waiting else Condition.PAIN
        payload = Acknowledge.model_validate(
            {"id": command_id, "do": "acknowledge", "condition": condition, "by": "nurse"}
        )
        self._desk.take(payload.model_dump_json(exclude_none=True).encode(), Channel.STATION, self.clock.instant())

    def _carry_out(self, command: Command) -> Outcome:
        if not isinstance(command, Acknowledge):
            raise TypeError(command)
        return self.manager.acknowledge(command.target, command.by)

    def close(self) -> None:
        """End."""
        self.store.close()


@dataclass(frozen=True, slots=True)
class Presented:
    """An alert that the broker has."""

    message_id: str


@dataclass
class StationLife:
    """The record of a station: what it has confirmed to the boxes, and what nurses have done."""

    confirmed: list[str] = field(default_factory=list)

    def live(self, folder: Path, log: list[Op], steps: int, chance: random.Random) -> None:
        """Write alerts down, confirming each; a trend now and then; restarts."""
        book = Book(folder)
        for number in range(steps):
            message = alert_message(number=number + 1)
            book.alarm("ward/bed7", message, 1000 * number)
            self.confirmed.append(message.id)
            log.append(Mark(len(self.confirmed) - 1))
            if chance.random() < 0.3:
                book.minutes([Minute("ward/bed7", number, "calm", 0.0, 1.0, "face")])
            if chance.random() < 0.05:
                book.close()
                book = Book(folder)
        book.close()

    def check(self, folder: Path, promise: int) -> None:
        """Open it as the station does."""
        _sound(folder / FILE)
        book = Book(folder)
        try:
            found = {str(one) for (one,) in book.read("SELECT id FROM event")}
        finally:
            book.close()
        gone = set(self.confirmed[: promise + 1]) - found
        if gone or book.fault or list(folder.glob("*.damaged*")):
            raise LostError(f"alerts {sorted(gone)} were confirmed and are not in the record ({book.fault})")


def _sound(path: Path) -> None:
    if not path.exists():
        return
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        try:
            [(said,), *_] = connection.execute("PRAGMA integrity_check").fetchall()
        except sqlite3.DatabaseError as error:
            raise LostError(f"{path.name} cannot be read: {error}") from error
    if said != "ok":
        raise LostError(f"{path.name} is damaged: {said}")
