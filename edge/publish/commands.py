"""Commands from stations: checked, carried out once per id, answered."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import get_args

from pydantic import ValidationError

from edge.errors import CommandError, CommandReason, StoreError
from edge.publish.payload import (
    Acknowledge,
    BurdenCommand,
    Command,
    ControlCommand,
    ProofCommand,
    ReferenceCommand,
    ReportCommand,
)
from edge.store import Store
from edge.types import Alert

logger = logging.getLogger(__name__)

MAX_COMMAND_BYTES = 1024
"""Longer payloads are refused unread: a full acknowledge command has less than 300 bytes."""

REMEMBERED = 256
"""Ids of this many commands are kept to recognise repeats. QoS 1 repeats within a reconnection, a person presses twice
within minutes: 256 commands are hours of the busiest night."""


_OTHERS: dict[str, type[ReferenceCommand | ControlCommand | ReportCommand | BurdenCommand | ProofCommand]] = {
    word: model
    for model in (ReferenceCommand, ControlCommand, ReportCommand, BurdenCommand, ProofCommand)
    for word in get_args(model.model_fields["do"].annotation)
}
"""What a command says to do, and its model; everything else is taken for an acknowledgement."""


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
        alert: the transition that it caused.
        detail: what was done, where that is no transition.
    """

    to: str
    error: CommandError | None = None
    alert: Alert | None = None
    detail: str | None = None


class CommandDesk:
    """Takes command payloads, calls `on_command` for each acceptable one.

    Args:
        store: where the ids of carried-out commands are kept.
        on_command: carries a command out; raises CommandError where it does not apply.
    """

    def __init__(self, store: Store, on_command: Callable[[Command], Outcome]) -> None:
        """Nothing is read yet."""
        self._store = store
        self._on_command = on_command

    def take(self, payload: bytes) -> Answer | None:
        """Carry out one command; None for a repeat of one that has been answered."""
        try:
            command = parse(payload)
        except CommandError as error:
            return Answer(_readable_id(payload), error)
        try:
            if not self._first_time(command.id):
                return None
        except StoreError as error:
            logger.warning("a repeat of command %s would not be recognised: %s", command.id, error)
        try:
            outcome = self._on_command(command)
        except CommandError as error:
            return Answer(command.id, error)
        if isinstance(outcome, Done):
            return Answer(command.id, detail=outcome.detail)
        return Answer(command.id, alert=outcome)

    def _first_time(self, command_id: str) -> bool:
        """Note the id; False where it was there.

        It is noted before the command is carried out: acknowledging is idempotent at the alarm manager, and a crash in
        between is answered by the retained alarm state, which still says "on". A reference command that a crash cut
        short is not answered, and the nurse gives it again.
        """
        with self._store.transaction() as cursor:
            cursor.execute("INSERT OR IGNORE INTO command (id) VALUES (?)", (command_id,))
            if cursor.rowcount == 0:
                return False
            cursor.execute(
                "DELETE FROM command WHERE position <= (SELECT max(position) FROM command) - ?", (REMEMBERED,)
            )
        return True


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


def _readable_id(payload: bytes) -> str:
    """The id of a malformed command, where it has a short textual one, so that the sender recognises the reply."""
    return _readable(payload, "id")[:64]


def _readable(payload: bytes, key: str) -> str:
    """A text of a payload that may be anything; "" where there is none."""
    if len(payload) > MAX_COMMAND_BYTES:
        return ""
    try:
        found: object = json.loads(payload)
    except (ValueError, RecursionError):
        return ""
    value = found.get(key) if isinstance(found, dict) else None
    return value if isinstance(value, str) else ""
