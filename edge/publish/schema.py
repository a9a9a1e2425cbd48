"""The schemas (JSON Schema, CDDL) of all that is published; `python -m edge.publish.contract docs` writes them."""

from __future__ import annotations

import json
from pathlib import Path

from edge.publish.cbor import cddl
from edge.publish.contract.cddl import json_cddl
from edge.publish.payload import (
    CONTRACT,
    Acknowledge,
    AlertMessage,
    AuditMessage,
    AvailabilityMessage,
    BurdenCommand,
    BurdenMessage,
    ControlCommand,
    HealthMessage,
    LoadMessage,
    LocateCommand,
    Message,
    NoteMessage,
    ProofCommand,
    ReceiptMessage,
    ReferenceCommand,
    ReplyMessage,
    ReportCommand,
    SensorsMessage,
    StateMessage,
)

MODELS: dict[str, type[Message]] = {
    "alert": AlertMessage,
    "state": StateMessage,
    "availability": AvailabilityMessage,
    "sensors": SensorsMessage,
    "health": HealthMessage,
    "command": Acknowledge,
    "reference_command": ReferenceCommand,
    "control_command": ControlCommand,
    "report_command": ReportCommand,
    "burden_command": BurdenCommand,
    "locate_command": LocateCommand,
    "proof_command": ProofCommand,
    "burden": BurdenMessage,
    "load": LoadMessage,
    "audit": AuditMessage,
    "reply": ReplyMessage,
    "note": NoteMessage,
    "receipt": ReceiptMessage,
}
"""File name (without .json) to model."""

COMPACT = "compact.cddl"
"""File with the CDDL of alerts and states in CBOR."""

JSON = "messages.cddl"
"""File with the CDDL of the JSON messages."""


def raw(model: type[Message]) -> dict[str, object]:
    """JSON Schema of a message as it is on the wire."""
    return model.model_json_schema(by_alias=True)


def schema(model: type[Message]) -> str:
    """JSON Schema (draft 2020-12) of a message, as it is on the wire."""
    name = next(key for key, one in MODELS.items() if one is model)
    head = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:anodyne:contract:{CONTRACT}:{name}",
    }
    return json.dumps(head | raw(model), indent=2, ensure_ascii=False) + "\n"


def messages_cddl() -> str:
    """CDDL of the JSON messages."""
    return json_cddl({name: raw(model) for name, model in MODELS.items()}, CONTRACT)


def write(folder: Path) -> None:
    """Write all schemas into a folder, which is made where it is missing."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, model in MODELS.items():
        (folder / f"{name}.json").write_text(schema(model), encoding="utf-8")
    (folder / COMPACT).write_text(cddl(), encoding="utf-8")
    (folder / JSON).write_text(messages_cddl(), encoding="utf-8")
