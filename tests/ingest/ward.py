"""A made-up hospital: what its beds and stations publish, and what a record then holds."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from edge.fleet.client import Access, Client
from edge.publish.link import Incoming
from edge.publish.payload import AlertMessage, NoteMessage, ReplyMessage, StateMessage
from edge.publish.topics import COMMAND, EVENT, NOTE, REPLY, STATE, Topics, alarm_leaf
from edge.station.book import FILE
from edge.types import Condition, Modality, Presence, Priority, Validity, Verdict
from tests.peers.broker import Mosquitto
from tests.peers.postgres import PASSWORD

Rows = list[tuple[object, ...]]

COLUMNS = {
    "event": "place, id, at, synced, episode, condition, priority, presence, validity, score, reasons",
    "deed": "id, place, what, who, episode, condition, detail, ok, reply",
    "note": "id, place, at, who, words",
    "trend": "place, at, sight, low, high, mode, seq",
}
"""Everything but `heard_at`, which is when a worker heard something first."""

OWN = {
    "event": "place, id, wall_ms, synced, episode, condition, priority, presence, validity, score, reasons",
    "deed": "id, place, do, by, episode, condition, detail, ok, reply",
    "note": "id, place, wall_ms, by, words",
    "trend": "place, minute, sight, low, high, mode, seq",
}
"""The same in SQLite."""


@dataclass
class Bed:
    """One box, as it numbers what it says."""

    number: int
    wall_ms: int = 0
    said: int = 0

    @property
    def topics(self) -> Topics:
        """Its topics."""
        return Topics("ward", f"bed{self.number:03d}")

    def _head(self) -> dict[str, object]:
        self.said += 1
        self.wall_ms += 3
        return {
            "id": f"{self.number:012x}-{self.said}",
            "since_boot_ms": self.said * 1000,
            "wall_ms": self.wall_ms,
            "synced": True,
            "validity": Validity.TEST,
            "mode": ("face+ppg", "ppg", "face+gsr")[self.said % 3],
        }

    def state(self) -> tuple[str, bytes]:
        """An assessment, a different one each time."""
        values = self._head()
        if self.said % 7 == 0:
            more: dict[str, object] = {"mode": "blind", "verdict": Verdict.CANNOT_ASSESS, "missing": {}}
        else:
            score = float((self.number + 3 * self.said) % 10)
            verdict = Verdict.PAIN if score >= 5 else Verdict.CALM
            shares = [{"modality": Modality.PPG, "log_odds": -0.4, "quality": 0.7, "age_s": 1.0}]
            more = {"verdict": verdict, "score": score, "interval": (score, score), "contributions": shares}
        message = StateMessage.model_validate({**values, "missing": {}, "every_s": 10.0, **more})
        return self.topics.of(STATE), message.encode()

    def alarm(self, presence: Presence) -> list[tuple[str, bytes]]:
        """A transition: the event, and the condition's state with the same id."""
        what = {"episode": 1, "condition": Condition.PAIN, "priority": Priority.HIGH, "presence": presence}
        alert = AlertMessage.model_validate(self._head() | what | {"score": 8.0, "interval": (7.0, 9.0)})
        return [(self.topics.of(leaf), alert.encode()) for leaf in (EVENT, alarm_leaf(Condition.PAIN))]

    def answered(self) -> list[tuple[str, bytes]]:
        """Somebody's command, and the box's answer."""
        name = f"station-{self.number}"
        command = {"id": name, "do": "acknowledge", "episode": 1, "by": "Ruth"}
        reply = ReplyMessage.model_validate({**self._head(), "to": name, "ok": True, "detail": "acknowledged"})
        return [(self.topics.of(COMMAND), json.dumps(command).encode()), (self.topics.of(REPLY), reply.encode())]

    def note(self) -> tuple[str, bytes]:
        """Somebody's note."""
        note = NoteMessage(id=f"note-{self.number}", wall_ms=self.wall_ms, text="Daughter at four", by="Paul")
        return self.topics.of(NOTE), note.encode()


@dataclass
class Ward:
    """Beds that go through a night together."""

    count: int
    beds: list[Bed] = field(default_factory=list[Bed])

    def __post_init__(self) -> None:
        self.beds = [Bed(number) for number in range(self.count)]

    def act(self, number: int) -> Iterator[tuple[str, bytes]]:
        """One of three acts: raised; acknowledged, with a note; ended."""
        for bed in self.beds:
            bed.wall_ms = time.time_ns() // 1_000_000
            yield bed.state()
            yield from bed.alarm((Presence.ON, Presence.ACKNOWLEDGED, Presence.OFF)[number])
            if number == 1:
                yield from bed.answered()
                yield bed.note()
            yield bed.state()

    def night(self) -> list[tuple[str, bytes]]:
        """All three acts."""
        return [one for number in range(3) for one in self.act(number)]


def incoming(said: list[tuple[str, bytes]]) -> list[Incoming]:
    """As a link hands it over."""
    return [Incoming(topic, payload, retained=False, mid=1) for topic, payload in said]


@asynccontextmanager
async def speaking(broker: Mosquitto) -> AsyncIterator[Client]:
    """A connection on which all beds speak."""
    client = Client(Access.of(broker.mqtt(keepalive_s=60)), "anodyne-test-beds")
    task = asyncio.create_task(client.run())
    try:
        await asyncio.wait_for(client.ready.wait(), 10)
        yield client
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def say(client: Client, said: Iterator[tuple[str, bytes]] | list[tuple[str, bytes]]) -> None:
    """Publish, and wait until the broker has it all."""
    for topic, payload in said:
        client.publish(topic, payload)
    await asyncio.wait_for(client.idle.wait(), 60)


def record(url: str) -> dict[str, Rows]:
    """What a hospital's database holds."""
    found: dict[str, Rows] = {}
    with psycopg.connect(url, password=PASSWORD) as connection:
        if connection.execute("SELECT to_regclass('anodyne.trend')").fetchone() == (None,):
            return {table: [] for table in COLUMNS}
        for table, columns in COLUMNS.items():
            query = psycopg.sql.SQL("SELECT {} FROM anodyne.{} ORDER BY 1, 2").format(
                psycopg.sql.SQL(columns), psycopg.sql.Identifier(table)
            )
            found[table] = list(connection.execute(query))
    return found


def own_record(folder: Path) -> dict[str, Rows]:
    """What a file holds."""
    with closing(sqlite3.connect(folder / FILE)) as file:
        return {
            table: list(file.execute(f"SELECT {columns} FROM {table} ORDER BY 1, 2"))  # noqa: S608 - constants
            for table, columns in OWN.items()
        }


def counts(rows: dict[str, Rows]) -> tuple[int, int, int]:
    """How many transitions, commands with an answer, and notes."""
    return len(rows["event"]), sum(row[7] is not None for row in rows["deed"]), len(rows["note"])
