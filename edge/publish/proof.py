"""Proof of delivery: when the broker, a station and a person had each alert.

Three steps, each in milliseconds after the transition: the broker's PUBACK, the first station's receipt (with its
name), the first person's acknowledgement of the episode (with the name). Kept for the newest `KEPT` alerts.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice

from edge.clock import Instant
from edge.errors import StoreError
from edge.publish.age import age_ms
from edge.publish.payload import AlertMessage, ProofCommand, decode
from edge.store import Store
from edge.types import Presence

logger = logging.getLogger(__name__)

KEPT = 1000
"""Alerts whose proof is kept: four days at ten transitions an hour."""


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
    broker_ms: int | None
    station_ms: int | None
    station: str | None
    person_ms: int | None
    person: str | None

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
        self._listeners: list[OnStep] = []

    def listen(self, on_step: OnStep) -> None:
        """Have `on_step` called when a step of an alert (on or latched) is noted, once for each."""
        self._listeners.append(on_step)

    def begin(self, alert: AlertMessage) -> None:
        """Note an alert, once."""
        with suppress(StoreError), self._store.transaction(durable=False) as cursor:  # the alarm manager reports it
            cursor.execute("INSERT OR IGNORE INTO proof (id, head) VALUES (?, ?)", (alert.id, alert.encode().decode()))
            cursor.execute("DELETE FROM proof WHERE position <= (SELECT max(position) FROM proof) - ?", (KEPT,))

    def broker(self, message_id: str, now: Instant) -> None:
        """The broker has acknowledged it."""
        self._note(message_id, now, Step.BROKER, None)

    def station(self, message_id: str, name: str, now: Instant) -> None:
        """A station has confirmed it."""
        self._note(message_id, now, Step.STATION, name)

    def person(self, episode: int, name: str, now: Instant) -> None:
        """Somebody has acknowledged an episode: every alert of it that nobody had acknowledged yet."""
        for one in self.newest(KEPT):
            if one.alert.episode == episode and one.person_ms is None:
                self._note(one.alert.id, now, Step.PERSON, name)

    def confirmed(self, message_id: str) -> bool:
        """Whether a station has it."""
        found: list[tuple[int]] = []
        with suppress(StoreError), self._store.reading() as cursor:
            found = cursor.execute(
                "SELECT 1 FROM proof WHERE id = ? AND station_ms IS NOT NULL", (message_id,)
            ).fetchall()
        return bool(found)

    def newest(self, limit: int) -> list[Proof]:
        """The newest proofs, newest first; none where the file cannot be read."""
        rows: list[tuple[str, int | None, int | None, str | None, int | None, str | None]] = []
        with suppress(StoreError), self._store.reading() as cursor:
            rows = cursor.execute(
                "SELECT head, broker_ms, station_ms, station, person_ms, person FROM proof "
                "ORDER BY position DESC LIMIT ?",
                (limit,),
            ).fetchall()
        read = ((decode(AlertMessage, head.encode()), rest) for head, *rest in rows)
        return [Proof(alert, *_columns(rest)) for alert, rest in read if alert is not None]

    def _note(self, message_id: str, now: Instant, step: Step, name: str | None) -> None:
        try:
            with self._store.transaction(durable=False) as cursor:
                alert = _set(cursor, message_id, now, step, name)
        except StoreError as error:
            logger.warning("the proof of delivery of %s is not kept: %s", message_id, error)
            return
        if alert is not None and alert.presence in _ASKING:
            for listener in self._listeners:
                listener(step, age_ms(alert, now) / 1000.0)


def proof_words(proofs: Proofs, command: ProofCommand) -> str:
    """The answer to the command: the newest proofs, or those of one episode, newest first."""
    wanted = (one for one in proofs.newest(KEPT) if command.episode in (None, one.alert.episode))
    return "; ".join(one.words() for one in islice(wanted, TOLD)) or "no such alert"


def _columns(
    rest: list[int | str | None],
) -> tuple[int | None, int | None, str | None, int | None, str | None]:
    broker, station, name, person, who = rest
    return _whole(broker), _whole(station), _text(name), _whole(person), _text(who)


def _whole(value: int | str | None) -> int | None:
    return value if isinstance(value, int) else None


def _text(value: int | str | None) -> str | None:
    return value if isinstance(value, str) else None


def _set(cursor: sqlite3.Cursor, message_id: str, now: Instant, step: Step, name: str | None) -> AlertMessage | None:
    """Fill one step, where it is empty; the alert whose step it was."""
    row = cursor.execute(
        f"SELECT head FROM proof WHERE id = ? AND {step}_ms IS NULL",  # noqa: S608 - three constants
        (message_id,),
    ).fetchone()
    alert = None if row is None else decode(AlertMessage, str(row[0]).encode())
    if alert is None:
        return None
    cursor.execute(f"UPDATE proof SET {step}_ms = ? WHERE id = ?", (age_ms(alert, now), message_id))  # noqa: S608 - as above
    if name is not None:
        cursor.execute(f"UPDATE proof SET {step} = ? WHERE id = ?", (name, message_id))  # noqa: S608 - as above
    return alert
