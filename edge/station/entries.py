"""What a record holds, entry by entry: the row of each kind, and the statement that writes it into SQLite.

Every statement may be carried out twice, and in any order, with the effect of once: several workers share one bed's
messages, and a broker repeats what it was not told to have arrived.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from edge.publish.payload import AlertMessage, NoteMessage, StateMessage
from edge.station.history import Minute, Value
from edge.station.requests import HeardCommand
from edge.station.spool import Kind
from edge.types import Verdict

WRITE = {
    Kind.EVENT: "INSERT OR IGNORE INTO event VALUES (?,?,?,?,?,?,?,?,?,?,?,?)",
    Kind.DEED: "INSERT INTO deed (id, place, heard_ms, do, by, episode, condition, detail) VALUES (?,?,?,?,?,?,?,?) "
    "ON CONFLICT (id) DO UPDATE SET place = excluded.place, heard_ms = excluded.heard_ms, do = excluded.do, "
    "by = excluded.by, episode = excluded.episode, condition = excluded.condition, detail = excluded.detail "
    "WHERE deed.do = ''",
    Kind.ANSWER: "UPDATE deed SET ok = ?, reply = ? WHERE id = ?",
    Kind.REPLY: "INSERT INTO deed (id, place, heard_ms, do, by, detail, ok, reply) VALUES (?,?,?,'','','',?,?) "
    "ON CONFLICT (id) DO UPDATE SET ok = excluded.ok, reply = excluded.reply "
    "WHERE deed.ok IS NOT excluded.ok OR deed.reply <> excluded.reply",
    Kind.NOTE: "INSERT OR IGNORE INTO note VALUES (?,?,?,?,?)",
    Kind.MINUTE: "INSERT INTO trend (place, minute, sight, low, high, mode, seq) VALUES (?,?,?,?,?,?,?) "
    "ON CONFLICT (place, minute) DO UPDATE SET "
    "sight = CASE WHEN instr('calm,pain,cannot assess', excluded.sight) > instr('calm,pain,cannot assess', sight) "
    "THEN excluded.sight ELSE sight END, "
    "low = coalesce(min(low, excluded.low), low, excluded.low), "
    "high = coalesce(max(high, excluded.high), high, excluded.high), "
    "mode = CASE WHEN excluded.seq >= seq THEN excluded.mode ELSE mode END, seq = max(seq, excluded.seq) "
    "RETURNING place, minute, sight, low, high, mode, seq",
}
"""A deed without `do` is an answer whose command has not been heard yet; nobody is shown it."""

_WORST = ("calm", "pain", "cannot assess")


@dataclass(frozen=True, slots=True)
class Entry:
    """One row to be written."""

    kind: Kind
    row: Sequence[Value]


def event(place: str, alert: AlertMessage, heard_ms: int) -> Entry:
    """A transition of an alarm, once however often it is heard."""
    return Entry(
        Kind.EVENT,
        (
            place, alert.id, heard_ms, alert.wall_ms, alert.synced, alert.episode, alert.condition, alert.priority,
            alert.presence, alert.validity, alert.score, json.dumps(alert.reasons),
        ),
    )  # fmt: skip


def deed(place: str, command: HeardCommand, heard_ms: int) -> Entry:
    """A command, of whichever station."""
    condition = None if command.condition is None else str(command.condition)
    row = (command.id, place, heard_ms, command.do, command.by, command.episode, condition, command.detail)
    return Entry(Kind.DEED, row)


def answer(command_id: str, *, ok: bool, reply: str) -> Entry:
    """The box's answer to a command that is in the record."""
    return Entry(Kind.ANSWER, (ok, reply, command_id))


def reply(place: str, command_id: str, heard_ms: int, *, ok: bool, text: str) -> Entry:
    """The box's answer to a command that may be heard after it, or by somebody else."""
    return Entry(Kind.REPLY, (command_id, place, heard_ms, ok, text))


def note(place: str, one: NoteMessage) -> Entry:
    """A note."""
    return Entry(Kind.NOTE, (one.id, place, one.wall_ms, one.by, one.text))


def minute(one: Minute) -> Entry:
    """A minute, joined to what is known of it."""
    return Entry(Kind.MINUTE, (one.place, one.minute, one.sight, one.low, one.high, one.mode, one.seq))


def minute_of(place: str, at: int, state: StateMessage) -> Minute:
    """The minute of one state; `at` in Unix minutes."""
    sight = "cannot assess" if state.verdict is Verdict.CANNOT_ASSESS else str(state.verdict)
    return Minute(place, at, sight, state.score, state.score, state.mode, state.seq)


def join(one: Minute, other: Minute) -> Minute:
    """Two parts of the same minute: the worst sight, the whole range, and the mode of the box's newest state."""
    lows = [part.low for part in (one, other) if part.low is not None]
    highs = [part.high for part in (one, other) if part.high is not None]
    newest = max(one, other, key=lambda part: part.seq)
    return Minute(
        one.place,
        one.minute,
        max(one.sight, other.sight, key=_WORST.index),
        min(lows, default=None),
        max(highs, default=None),
        newest.mode,
        newest.seq,
    )
