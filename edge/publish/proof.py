"""Proof of delivery: when the broker, a station and a person had each alert.

Three steps, each in milliseconds after the transition: the broker's PUBACK, the first station's receipt (with its
name), the first person's acknowledgement of the episode (with the name). Kept for the newest `KEPT` alerts.

Noted in memory and written within seconds (`edge.later`), so that most alerts are written once, with their steps. Where
a crash undoes the step of a broker or a station, the mark in the outbox is undone too: the alert is sent again, and so
is the step noted.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from itertools import islice

from edge.clock import Instant
from edge.errors import StoreError
from edge.later import prune
from edge.publish.age import age_ms
from edge.publish.payload import AlertMessage, ProofCommand, decode
from edge.store import Store
from edge.types import Presence

logger = logging.getLogger(__name__)

KEPT = 1000
"""Alerts whose proof is kept: four days at ten transitions an hour."""


_COLUMNS = "head, broker_ms, station_ms, station, person_ms, person"

TOLD = 10
"""Proofs in one answer: a screen."""


_ASKING = (Presence.ON, Presence.LATCHED)
"""Presences of an alert that wants somebody to come."""


class Step(StrEnum):
    """Who has had an alert."""

    BROKER = "broker"
    STATION = "station"
    PERSON = "person"


OnStep = Callable[[Step, float], None]
"""Told of each step of an alert that asks for somebody, with the seconds since its transition."""


@dataclass(frozen=True, slots=True)
class Proof:
    """Who has had an alert, and how long after its transition.

    Attributes:
        alert: as it was published.
        broker_ms: until the broker acknowledged it; None: not yet.
        station_ms: until the first station confirmed it; None: not yet.
        station: name of that station.
        person_ms: until its episode was acknowledged; None: not yet.
        person: who did.
    """

    alert: AlertMessage
    broker_ms: int | None = None
    station_ms: int | None = None
    station: str | None = None
    person_ms: int | None = None
    person: str | None = None

    def after_ms(self, step: Step) -> int | None:
        """How long after the transition a step came; None: not yet."""
        return {Step.BROKER: self.broker_ms, Step.STATION: self.station_ms, Step.PERSON: self.person_ms}[step]

    def words(self) -> str:
        """One line for people."""
        alert = self.alert
        steps = (("broker", self.broker_ms, None), ("station", self.station_ms, self.station))
        told = [_step(*one) for one in (*steps, ("person", self.person_ms, self.person))]
        return f"{alert.seq} {alert.condition} {alert.presence}: {', '.join(told)}"


def _step(name: str, after_ms: int | None, who: str | None) -> str:
    if after_ms is None:
        return f"{name} -"
    return f"{name} {after_ms / 1000:.2f} s" + (f" ({who})" if who else "")


class Proofs:
    """The proofs in the store. A disk that refuses costs proof, never an alert.

    Args:
        store: the box's file.
    """

    def __init__(self, store: Store) -> None:
        """Nothing is read yet."""
        self._store = store
        self._fresh: dict[str, Proof] = {}
        self._listeners: list[OnStep] = []

    def listen(self, on_step: OnStep) -> None:
        """Have `on_step` called when a step of an alert (on or latched) is noted, once for each."""
        self._listeners.append(on_step)

    def begin(self, alert: AlertMessage) -> None:
        """Note an alert, once."""
        if self._find(alert.id) is None:
            self._keep(Proof(alert))

    def broker(self, message_id: str, now: Instant) -> None:
        """The broker has acknowledged it."""
        self._note(message_id, now, Step.BROKER)

    def station(self, message_id: str, name: str, now: Instant) -> None:
        """A station has confirmed it."""
        self._note(message_id, now, Step.STATION, name)

    def person(self, episode: int, name: str, now: Instant) -> None:
        """Somebody has acknowledged an episode: every alert of it that nobody had acknowledged yet."""
        for one in self.newest(KEPT):
            if one.alert.episode == episode:
                self._note(one.alert.id, now, Step.PERSON, name)

    def confirmed(self, message_id: str) -> bool:
        """Whether a station has it."""
        proof = self._find(message_id)
        return proof is not None and proof.station_ms is not None

    def newest(self, limit: int) -> list[Proof]:
        """The newest proofs, newest first; only those of the last seconds where the file cannot be read."""
        found: list[Proof] = []
        with suppress(StoreError), self._store.reading() as cursor:
            rows = cursor.execute(f"SELECT {_COLUMNS} FROM proof ORDER BY position DESC LIMIT ?", (limit,)).fetchall()  # noqa: S608 - a constant
            found = [proof for row in rows if (proof := _proof(*row)) is not None]
        known = {one.alert.id: one for one in found} | self._fresh
        return sorted(known.values(), key=lambda one: one.alert.seq, reverse=True)[:limit]

    def _find(self, message_id: str) -> Proof | None:
        if message_id in self._fresh:
            return self._fresh[message_id]
        row: tuple[str, int | None, int | None, str | None, int | None, str | None] | None = None
        with suppress(StoreError), self._store.reading() as cursor:
            row = cursor.execute(f"SELECT {_COLUMNS} FROM proof WHERE id = ?", (message_id,)).fetchone()  # noqa: S608 - a constant
        return None if row is None else _proof(*row)

    def _note(self, message_id: str, now: Instant, step: Step, name: str | None = None) -> None:
        """Fill one step, where it is empty."""
        proof = self._find(message_id)
        if proof is None or proof.after_ms(step) is not None:
            return
        after_ms = age_ms(proof.alert, now)
        match step:
            case Step.BROKER:
                proof = replace(proof, broker_ms=after_ms)
            case Step.STATION:
                proof = replace(proof, station_ms=after_ms, station=name)
            case Step.PERSON:
                proof = replace(proof, person_ms=after_ms, person=name)
        self._keep(proof)
        if proof.alert.presence in _ASKING:
            for listener in self._listeners:
                listener(step, after_ms / 1000.0)

    def _keep(self, proof: Proof) -> None:
        self._fresh[proof.alert.id] = proof
        if len(self._fresh) > KEPT:  # the disk has refused for long
            self._fresh.pop(next(iter(self._fresh)))
        self._store.later.ask(self._write)

    def _write(self, cursor: sqlite3.Cursor) -> None:
        written = dict(self._fresh)
        cursor.executemany(
            f"INSERT INTO proof (id, {_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET "  # noqa: S608 - a constant
            "broker_ms = excluded.broker_ms, station_ms = excluded.station_ms, station = excluded.station, "
            "person_ms = excluded.person_ms, person = excluded.person",
            [
                (
                    message_id,
                    one.alert.encode().decode(),
                    one.broker_ms,
                    one.station_ms,
                    one.station,
                    one.person_ms,
                    one.person,
                )
                for message_id, one in written.items()
            ],
        )
        prune(cursor, "proof", KEPT)
        self._store.after_commit(partial(self._forget, written))

    def _forget(self, written: dict[str, Proof]) -> None:
        for message_id, proof in written.items():
            if self._fresh.get(message_id) is proof:
                del self._fresh[message_id]


def proof_words(proofs: Proofs, command: ProofCommand) -> str:
    """The answer to the command: the newest proofs, or those of one episode, newest first."""
    wanted = (one for one in proofs.newest(KEPT) if command.episode in (None, one.alert.episode))
    return "; ".join(one.words() for one in islice(wanted, TOLD)) or "no such alert"


def _proof(
    head: str,
    broker_ms: int | None,
    station_ms: int | None,
    station: str | None,
    person_ms: int | None,
    person: str | None,
) -> Proof | None:
    """The proof of a row; None where its head cannot be read."""
    alert = decode(AlertMessage, head.encode())
    return None if alert is None else Proof(alert, broker_ms, station_ms, station, person_ms, person)
