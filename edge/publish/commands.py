"""Commands from stations: checked, authorised, carried out once per id, answered, and kept with who and when."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import get_args

from pydantic import BaseModel, ConfigDict, ValidationError

from edge.clock import Instant
from edge.errors import CommandError, CommandReason, StoreError
from edge.later import prune
from edge.publish.payload import (
    Acknowledge,
    BurdenCommand,
    Command,
    ControlCommand,
    LocateCommand,
    ProofCommand,
    ReferenceCommand,
    ReportCommand,
)
from edge.publish.topics import COMMAND, HOME_COMMAND
from edge.store import Store
from edge.types import Alert

logger = logging.getLogger(__name__)

MAX_COMMAND_BYTES = 1024
"""Longer payloads are refused unread: a full acknowledge command has less than 300 bytes."""

REMEMBERED = 2000
"""This many commands are kept, to recognise repeats and to be read later. QoS 1 repeats within a reconnection, a person
presses twice within minutes: 2,000 commands are days of the busiest bed."""


class Channel(StrEnum):
    """By which topic a command came: the broker's access list says who may publish there."""

    STATION = "station"
    HOME = "home"
    PAGE = "page"
    """No topic: the box's own page, behind its PIN (`edge.station.home`)."""


CHANNELS = {COMMAND: Channel.STATION, HOME_COMMAND: Channel.HOME}
"""Leaf to channel."""

ALLOWED: dict[Channel, frozenset[str] | None] = {
    Channel.STATION: None,
    Channel.HOME: frozenset({"acknowledge", "pause_audio", "resume", "locate"}),
    Channel.PAGE: frozenset({"acknowledge", "pause_audio", "resume", "report", "locate"}),
}
"""What each channel may ask; None: everything. Home automation acts without a person's judgement: nothing that lasts,
changes a threshold, withdraws consent or forgets a patient, and no report in a person's name. The page of the box is
used by a family: it may say how much it hurts, besides."""

_Other = ReferenceCommand | ControlCommand | ReportCommand | BurdenCommand | LocateCommand | ProofCommand

_MODELS: tuple[type[_Other], ...] = (
    ReferenceCommand,
    ControlCommand,
    ReportCommand,
    BurdenCommand,
    LocateCommand,
    ProofCommand,
)

_OTHERS = {word: model for model in _MODELS for word in get_args(model.model_fields["do"].annotation)}
"""What a command says to do, and its model; everything else is taken for an acknowledgement."""

INTERRUPTED = "the box was interrupted while it carried this out: look at the bed, or ask again under another id"
"""What is answered to the repeat of a command that a crash cut short."""


@dataclass(frozen=True, slots=True)
class Done:
    """A command that changed no alarm has been carried out; `detail` says what was done."""

    detail: str


Outcome = Alert | Done
"""What came of a command: the alarm transition that it caused, or a sentence."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What to reply.

    Attributes:
        to: id of the command, "" where none could be read.
        error: why it was not carried out; None for success.
        alert: the transition that it caused; None for a repeat.
        detail: what was done, where that is no transition.
    """

    to: str
    error: CommandError | None = None
    alert: Alert | None = None
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class Heard:
    """What the audit log keeps of a command.

    Attributes:
        channel: by which way it came.
        do: what was asked; "" where that cannot be read.
        by: who asked, in the sender's words.
        outcome: "done", or the reason of the refusal.
    """

    channel: Channel
    do: str
    by: str
    outcome: str


class Given(BaseModel):
    """One command as it is kept.

    Attributes:
        channel, do, by: by which topic it came, what was asked (without the person), who asked.
        boot_id, at_ns, wall_ms, synced: when it arrived.
        answered: whether the fields below say what came of it.
        reason, detail: as in the reply; a reason means that it was not carried out.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    channel: Channel
    do: str
    by: str
    boot_id: str
    at_ns: int
    wall_ms: int
    synced: bool
    answered: bool = False
    reason: CommandReason | None = None
    detail: str | None = None

    def answer(self, command_id: str) -> Answer:
        """The reply, once more."""
        if not self.answered:
            return Answer(command_id, CommandError(CommandReason.NOT_APPLICABLE, INTERRUPTED))
        if self.reason is not None:
            return Answer(command_id, CommandError(self.reason, self.detail or ""))
        return Answer(command_id, detail=self.detail)


class CommandDesk:
    """Takes command payloads, calls `on_command` for each acceptable one.

    Args:
        store: where carried-out commands are kept.
        on_command: carries a command out; raises CommandError where it does not apply.
        audit: told of every command that has come for the first time, and of every refused one.
    """

    def __init__(
        self, store: Store, on_command: Callable[[Command], Outcome], audit: Callable[[Heard], None] | None = None
    ) -> None:
        """Nothing is read yet."""
        self._audit = audit
        self._store = store
        self._on_command = on_command

    def take(self, payload: bytes, channel: Channel, now: Instant) -> Answer:
        """Carry out one command; a repeat of one that has been carried out is only answered again."""
        try:
            command = authorised(parse(payload), channel)
        except CommandError as error:
            logger.warning("a command of %s is refused, %s: %s", channel, error.reason, error.message)
            self._tell(Heard(channel, _readable(payload, "do")[:32], _readable(payload, "by")[:64], str(error.reason)))
            return Answer(_readable_id(payload), error)
        given = Given(
            channel=channel,
            do=_what(command),
            by=command.by,
            boot_id=now.boot_id,
            at_ns=now.mono_ns,
            wall_ms=now.wall_ms,
            synced=now.synced,
        )
        try:
            earlier = self._note(command.id, given)
        except StoreError as error:
            logger.warning("a repeat of command %s would not be recognised: %s", command.id, error)
        else:
            if earlier is not None:
                return earlier.answer(command.id)
        answer = self._carry_out(command)
        self._keep(command.id, given, answer)
        self._tell(Heard(channel, given.do, given.by, "done" if answer.error is None else str(answer.error.reason)))
        return answer

    def _tell(self, heard: Heard) -> None:
        if self._audit is not None:
            self._audit(heard)

    def _carry_out(self, command: Command) -> Answer:
        try:
            outcome = self._on_command(command)
        except CommandError as error:
            return Answer(command.id, error)
        if isinstance(outcome, Done):
            return Answer(command.id, detail=outcome.detail)
        return Answer(command.id, alert=outcome)

    def _note(self, command_id: str, given: Given) -> Given | None:
        """Note the id before anything is done; what is known of it, where it was there.

        A crash between this and the answer leaves a command of which nobody knows whether it was carried out: its
        repeat says so and does nothing. The retained alarm state shows whether an acknowledgement took effect.
        """
        with self._store.transaction() as cursor:
            cursor.execute(
                "INSERT OR IGNORE INTO command (id, state) VALUES (?, ?)", (command_id, given.model_dump_json())
            )
            if cursor.rowcount == 0:
                row = cursor.execute("SELECT state FROM command WHERE id = ?", (command_id,)).fetchone()
                return given if row is None or row[0] is None else _read(str(row[0]), given)
            prune(cursor, "command", REMEMBERED)
        return None

    def _keep(self, command_id: str, given: Given, answer: Answer) -> None:
        error = answer.error
        told = "done" if error is None else f"refused, {error.reason}"
        logger.info("%s asks by %s: %s: %s", given.by, given.channel, given.do, told)
        done = given.model_copy(
            update={
                "answered": True,
                "reason": None if error is None else error.reason,
                "detail": answer.detail if error is None else error.message,
            }
        )
        try:
            with self._store.transaction() as cursor:
                cursor.execute("UPDATE command SET state = ? WHERE id = ?", (done.model_dump_json(), command_id))
        except StoreError as problem:
            logger.warning("what came of command %s is not kept: %s", command_id, problem)


def kept(store: Store) -> list[tuple[str, Given]]:
    """Every command that is kept, oldest first, with its id; those of programs before this table are left out.

    Raises:
        StoreError: the file cannot be read.
    """
    with store.reading() as cursor:
        rows = cursor.execute("SELECT id, state FROM command WHERE state IS NOT NULL ORDER BY position").fetchall()
    return [(str(command_id), Given.model_validate_json(text)) for command_id, text in rows]


def authorised(command: Command, channel: Channel) -> Command:
    """The command, signed by its channel where that is home automation, which acts in nobody's name.

    Raises:
        CommandError: NOT_AUTHORISED: this channel may not ask for that.
    """
    allowed = ALLOWED[channel]
    if allowed is not None and command.do not in allowed:
        may = ", ".join(sorted(allowed))
        raise CommandError(CommandReason.NOT_AUTHORISED, f"{command.do} cannot be asked for here, only {may}")
    if channel is not Channel.HOME:
        return command
    return command.model_copy(update={"by": f"{channel}: {command.by}"[:64]})


def parse(payload: bytes) -> Command:
    """Read a command.

    Raises:
        CommandError: MALFORMED (no JSON object, unknown or missing keys, both or neither of condition and episode) or
            UNKNOWN (another `do`).
    """
    if len(payload) > MAX_COMMAND_BYTES:
        raise CommandError(CommandReason.MALFORMED, f"a command has at most {MAX_COMMAND_BYTES} bytes")
    try:
        other = _OTHERS.get(_readable(payload, "do"))
        if other is not None:
            return other.model_validate_json(payload)
        command = Acknowledge.model_validate_json(payload)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "payload"
        reason = CommandReason.UNKNOWN if where == "do" and first["type"] != "missing" else CommandReason.MALFORMED
        raise CommandError(reason, f"{where}: {first['msg']}") from error
    if (command.condition is None) == (command.episode is None):
        raise CommandError(CommandReason.MALFORMED, "give either condition or episode")
    return command


def _what(command: Command) -> str:
    """What is asked, without the person."""
    match command:
        case Acknowledge():
            return f"acknowledge {command.target}"
        case ControlCommand() | ReportCommand():
            return command.target
        case _:
            return command.do


def _read(text: str, otherwise: Given) -> Given:
    try:
        return Given.model_validate_json(text)
    except ValidationError:
        return otherwise  # a damaged row: not answered


def _readable_id(payload: bytes) -> str:
    """The id of a malformed command, where it has a short textual one, so that the sender recognises the reply."""
    return _readable(payload, "id")[:64]


def _readable(payload: bytes, key: str) -> str:
    """A text of a payload that may be anything, with "?" for what is no character; "" where there is none."""
    if len(payload) > MAX_COMMAND_BYTES:
        return ""
    try:
        found: object = json.loads(payload)
    except (ValueError, RecursionError):
        return ""
    value = found.get(key) if isinstance(found, dict) else None
    return value.encode(errors="replace").decode() if isinstance(value, str) else ""
