"""Writes the schemas (JSON Schema, CDDL) of all that is published: `python -m edge.publish.schema docs/schema`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from edge.publish.cbor import cddl
from edge.publish.payload import (
    Acknowledge,
    AlertMessage,
    AvailabilityMessage,
    BurdenCommand,
    BurdenMessage,
    ControlCommand,
    Message,
    NoteMessage,
    ProofCommand,
    ReceiptMessage,
    ReferenceCommand,
    ReplyMessage,
    ReportCommand,
    StateMessage,
)

MODELS: dict[str, type[Message]] = {
    "alert": AlertMessage,
    "state": StateMessage,
    "availability": AvailabilityMessage,
    "command": Acknowledge,
    "reference_command": ReferenceCommand,
    "control_command": ControlCommand,
    "report_command": ReportCommand,
    "burden_command": BurdenCommand,
    "proof_command": ProofCommand,
    "burden": BurdenMessage,
    "reply": ReplyMessage,
    "note": NoteMessage,
    "receipt": ReceiptMessage,
}
"""File name (without .json) to model."""


def schema(model: type[Message]) -> str:
    """JSON Schema (draft 2020-12) of a message, as it is on the wire."""
    content = {"$schema": "https://json-schema.org/draft/2020-12/schema"} | model.model_json_schema(by_alias=True)
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def write(folder: Path) -> None:
    """Write all schemas into a folder, which is made where it is missing."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, model in MODELS.items():
        (folder / f"{name}.json").write_text(schema(model), encoding="utf-8")
    (folder / "alert.cddl").write_text(cddl(), encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit("usage: python -m edge.publish.schema FOLDER")
    write(Path(sys.argv[1]))
