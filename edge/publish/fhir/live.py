"""What the box's own state file says while the box runs: reports of pain, and alarm episodes.

Alerts are taken from the proof of delivery (the newest thousand) and from what waits in the outbox. An episode whose
beginning is in neither any more is left out: half of it would replace the whole one that was sent earlier. The file
holds no scores: they are in the recorder's sessions. Alerts of another validity than the box's (a test on a box that is
real now) are left out.
"""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from edge.alarm.reports import Report
from edge.errors import StoreError, StoreReason
from edge.publish.fhir.history import Episode, History, Place, Said, Span
from edge.publish.payload import AlertMessage, decode
from edge.publish.topics import EVENT
from edge.snapshot import snapshot
from edge.types import Alert

_LEAST_VERSION = 4
"""`edge.store.SCHEMA_VERSION` of the first file with a proof of delivery."""


def read_live(path: Path, place: Place, spans: Iterable[Span] = (), per_s: int = 60) -> History:
    """The history of a box from its state file, which it may be writing to.

    Args:
        path: the state file.
        place: whose it is.
        spans: of the score, from sessions.
        per_s: length of the spans, seconds.

    Raises:
        StoreError: the file cannot be read, or is of an older program.
    """
    with tempfile.TemporaryDirectory(prefix="anodyne-export-") as folder:
        copy = snapshot(path, Path(folder))
        with closing(sqlite3.connect(copy)) as connection:
            if int(connection.execute("PRAGMA user_version").fetchone()[0]) < _LEAST_VERSION:
                raise StoreError(
                    StoreReason.VERSION, f"{path} is of an older program: start the box once with this one"
                )
            alerts = [one for one in _alerts(connection) if one.validity is place.validity]
            reports = _reports(connection)
    return History(place, per_s, tuple(spans), tuple(reports), tuple(episodes(alerts)))


def episodes(alerts: Iterable[AlertMessage]) -> list[Episode]:
    """The episodes whose beginning is known, in the order of time."""
    found: dict[int, Episode] = {}
    for message in sorted(alerts, key=lambda one: one.seq):
        if message.seq == message.episode:
            raised = _alert(message, message.id)
            found[message.episode] = Episode(raised, raised, raised.priority)
        elif message.episode in found:
            found[message.episode].take(_alert(message, found[message.episode].first.episode))
    return list(found.values())


def _alerts(connection: sqlite3.Connection) -> list[AlertMessage]:
    rows = [str(head).encode() for (head,) in connection.execute("SELECT head FROM proof")]
    waiting = connection.execute("SELECT payload FROM outbox WHERE leaf = ?", (EVENT,))
    rows += [bytes(payload) for (payload,) in waiting]
    read = (decode(AlertMessage, row) for row in rows)
    return list({one.id: one for one in read if one is not None}.values())


def _reports(connection: sqlite3.Connection) -> list[Said]:
    found: list[Said] = []
    for (state,) in connection.execute("SELECT state FROM report ORDER BY position"):
        try:
            one = Report.model_validate_json(state)
        except ValueError:
            continue  # a damaged row: the box leaves it out too
        found.append(Said(one.boot_id, one.at_ns, one.wall_ms, one.synced, one.scale, one.value))
    return found


def _alert(message: AlertMessage, episode: str) -> Alert:
    """The alert that a message was made from, as far as it tells."""
    return Alert(
        id=message.id,
        seq=message.seq,
        episode=episode,
        condition=message.condition,
        kind=message.kind,
        priority=message.priority,
        presence=message.presence,
        activation=message.activation,
        at_ns=message.since_boot_ms * 1_000_000,
        boot_id=message.boot_id,
        wall_ms=message.wall_ms,
        synced=message.synced,
        validity=message.validity,
        mode=message.mode,
        missing={str(key): str(why) for key, why in message.missing_words().items()},
        score=message.score,
        interval=message.interval,
        reasons=tuple(message.reasons),
    )
