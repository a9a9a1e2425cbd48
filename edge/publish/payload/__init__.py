"""What is published, as strict pydantic models and compact JSON (docs/contract.md, docs/schema/).

Every message of a box starts with the same head: `id` ("<boot id>-<number>"), `t`, `w`, `y`, `v`, `m`. Keys are short
because an alert must fit into 256 bytes and a state into 200; attributes have long names. The models hold strings,
numbers, booleans and lists or maps of those: there is no field that a picture, an array or raw bytes would fit into,
and the outbox takes nothing else.
"""

from __future__ import annotations

from edge.publish.payload.alert import (
    ACTIVATION,
    KIND,
    MAX_ALERT_BYTES,
    MAX_LATE_S,
    MAX_REASONS,
    AlertMessage,
    alert_message,
    encode_alert,
    late_message,
)
from edge.publish.payload.bed import (
    AuditMessage,
    AvailabilityMessage,
    BurdenMessage,
    HealthMessage,
    LoadMessage,
    NoteMessage,
    ReplyMessage,
    SensorCondition,
    SensorsMessage,
)
from edge.publish.payload.codes import AbsenceCode, ModalityCode
from edge.publish.payload.command import (
    Acknowledge,
    BurdenCommand,
    Command,
    Control,
    ControlCommand,
    LocateCommand,
    ProofCommand,
    ReceiptMessage,
    ReferenceCommand,
    ReportCommand,
)
from edge.publish.payload.message import (
    BLIND_MODE,
    CONTRACT,
    CommandId,
    Head,
    HeadValues,
    Message,
    Person,
    decode,
    head,
    message_id,
)
from edge.publish.payload.state import MAX_STATE_BYTES, StateContribution, StateMessage, state_message

__all__ = [
    "ACTIVATION",
    "BLIND_MODE",
    "CONTRACT",
    "KIND",
    "MAX_ALERT_BYTES",
    "MAX_LATE_S",
    "MAX_REASONS",
    "MAX_STATE_BYTES",
    "AbsenceCode",
    "Acknowledge",
    "AlertMessage",
    "AuditMessage",
    "AvailabilityMessage",
    "BurdenCommand",
    "BurdenMessage",
    "Command",
    "CommandId",
    "Control",
    "ControlCommand",
    "Head",
    "HeadValues",
    "HealthMessage",
    "LoadMessage",
    "LocateCommand",
    "Message",
    "ModalityCode",
    "NoteMessage",
    "Person",
    "ProofCommand",
    "ReceiptMessage",
    "ReferenceCommand",
    "ReplyMessage",
    "ReportCommand",
    "SensorCondition",
    "SensorsMessage",
    "StateContribution",
    "StateMessage",
    "alert_message",
    "decode",
    "encode_alert",
    "head",
    "late_message",
    "message_id",
    "state_message",
]
