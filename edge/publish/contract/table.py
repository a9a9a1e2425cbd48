"""Every topic: who writes it, how, and what lies there."""

from __future__ import annotations

from dataclasses import dataclass

from edge.alarm.burden import EXPIRY_S as BURDEN_EXPIRY_S
from edge.audit.anchor import EXPIRY_S as AUDIT_EXPIRY_S
from edge.publish.commands import ALLOWED, Channel
from edge.publish.mqtt import REPLY_EXPIRY_S
from edge.publish.sensors import SENSORS_EVERY_S
from edge.publish.standing import ALARMS_EVERY_S
from edge.publish.states import STATE_EVERY_S, STATE_EXPIRY_S, STATE_SCORE_STEP
from edge.publish.subscriber import COMMAND_EXPIRY_S, RECEIPT_EXPIRY_S
from edge.publish.topics import (
    ALARM,
    AUDIT,
    AVAILABILITY,
    BURDEN,
    CBOR,
    COMMAND,
    EVENT,
    HEALTH,
    HOME_COMMAND,
    LOAD,
    NOTE,
    RECEIPT,
    REPLY,
    SENSORS,
)
from edge.publish.topics import STATE as STATE_LEAF

QOS = 1
"""Everything is sent with it: delivered at least once, hence the ids."""


@dataclass(frozen=True, slots=True)
class Row:
    """One topic.

    Attributes:
        leaf: below `anodyne/<site>/<bed>/`.
        writer: who publishes it.
        schemas: file names in `schema/`, without `.json`.
        retain: whether the broker keeps it.
        expiry_s: MQTT 5 message expiry; None: never.
        when: it is published.
        certain: it is in the outbox until the broker has it; otherwise the next one replaces it.
    """

    leaf: str
    writer: str
    schemas: tuple[str, ...]
    retain: bool
    expiry_s: int | None
    when: str
    certain: bool = False


COMMANDS = (
    "command",
    "reference_command",
    "control_command",
    "report_command",
    "burden_command",
    "locate_command",
    "proof_command",
)
"""Schemas of what may lie on `command`."""

ROWS = (
    Row(AVAILABILITY, "box", ("availability",), True, None, "connected; stopped; the last will, 5 s after it vanished"),
    Row(
        STATE_LEAF,
        "box",
        ("state",),
        True,
        STATE_EXPIRY_S,
        f"verdict, mode, missing or holds changed, score moved by {STATE_SCORE_STEP:g}, or {STATE_EVERY_S:g} s passed",
    ),
    Row(
        f"{ALARM}<condition>",
        "box",
        ("alert",),
        True,
        None,
        f"each transition; again after each connection, and every {ALARMS_EVERY_S:g} s while it stands",
        True,
    ),
    Row(EVENT, "box", ("alert",), False, None, "each transition, once", True),
    Row(f"{CBOR}{STATE_LEAF}", "box", (), True, STATE_EXPIRY_S, "beside `state`, where `[mqtt] cbor = true`"),
    Row(f"{CBOR}{ALARM}<condition>", "box", (), True, None, "beside `alarm/<condition>`, likewise; once"),
    Row(f"{CBOR}{EVENT}", "box", (), False, None, "beside `event`, likewise; once"),
    Row(f"{BURDEN}<day>", "box", ("burden",), True, BURDEN_EXPIRY_S, "every hour, when the day ends, on request", True),
    Row(
        SENSORS,
        "box",
        ("sensors",),
        True,
        None,
        f"a state, a charge or a warning changed, or {SENSORS_EVERY_S:g} s passed",
    ),
    Row(f"{AUDIT}<day>", "box", ("audit",), True, AUDIT_EXPIRY_S, "once a day, and at the start", True),
    Row(LOAD, "box", ("load",), True, None, "the level of load has changed; again after each connection"),
    Row(HEALTH, "box", ("health",), True, None, "what is wrong with the box changed, or a quarter of an hour passed"),
    Row(COMMAND, "station", COMMANDS, False, COMMAND_EXPIRY_S, "somebody asks; a retained one is ignored"),
    Row(
        HOME_COMMAND,
        "Home Assistant",
        ("command", "control_command", "locate_command"),
        False,
        None,
        f"the same, but only {', '.join(sorted(ALLOWED[Channel.HOME] or ()))}",
    ),
    Row(
        RECEIPT,
        "station",
        ("receipt",),
        False,
        RECEIPT_EXPIRY_S,
        "it has an alert and shows it; or a reply to `probe-…` asks for it",
    ),
    Row(REPLY, "box", ("reply",), False, REPLY_EXPIRY_S, "the answer to each command", True),
    Row(NOTE, "station", ("note",), True, None, "a nurse's words on this bed; boxes do not read it"),
)
"""All of them."""
