"""The page docs/contract.md: topics, keys, commands, reasons, examples and their sizes, all from the code."""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args

from edge.errors import CommandReason
from edge.publish.cbor import MAX_CBOR_BYTES, MAX_CBOR_STATE_BYTES, encode_alert, encode_state
from edge.publish.commands import ALLOWED, MAX_COMMAND_BYTES, REMEMBERED, Channel
from edge.publish.contract.examples import examples
from edge.publish.contract.table import QOS, ROWS
from edge.publish.payload import CONTRACT, MAX_ALERT_BYTES, MAX_STATE_BYTES, AlertMessage, Message, StateMessage
from edge.publish.payload.codes import AbsenceCode, HoldCode, ModalityCode
from edge.publish.schema import COMPACT, JSON, MODELS

_COMMANDS = [name for name in MODELS if name == "command" or name.endswith("_command")]


def page() -> str:
    """The whole page, as Markdown."""
    lines = [
        f"# The contract, version {CONTRACT}",
        "",
        "Written by `make docs` from the code; tests publish every example through a real broker and hold it against",
        f"the JSON Schemas and the CDDL in [schema/](schema/) (`{JSON}` for the JSON, `{COMPACT}` for the CBOR).",
        "[mqtt.md](mqtt.md) explains what it means. The first number of the version rises with a change that receivers",
        "have to know of; a box says its version in `availability`.",
        "",
        "## Topics",
        "",
        f"Below `anodyne/<site>/<bed>/`; everything with QoS {QOS}. What is certain stays on the box's disk until the",
        "broker has acknowledged it; of the rest, the next message takes the place of one that was lost.",
        "",
        *_topics(),
        "",
        "## Sizes",
        "",
        "Of the examples below, which are long on purpose: a box after thirty days without a restart and a year of",
        "messages, all modalities or their reasons, and in the CBOR all the reasons that fit.",
        "",
        *_sizes(),
        "",
        "## Keys",
        *_keys(),
        "",
        "## Commands",
        "",
        f"At most {MAX_COMMAND_BYTES} bytes of JSON. One `id` is carried out once: its repeat has no effect and gets",
        f"the same answer. The last {REMEMBERED} commands are kept on the box with who, when, by which topic, and what",
        "came of them. The broker's access list says who may publish on which topic; the box decides what a topic may",
        "ask for.",
        "",
        *_commands(),
        "",
        f"Reasons of a refusal: {', '.join(f'`{reason}`' for reason in CommandReason)} (of a bed's own page only).",
        "",
        "## Short words",
        "",
        *_words(),
        "",
        "## Examples",
        *_examples(),
    ]
    return "\n".join(lines) + "\n"


def _topics() -> Iterator[str]:
    yield "| leaf | written by | schema | retained | expires | certain | when |"
    yield "|---|---|---|---|---|---|---|"
    for row in ROWS:
        schemas = ", ".join(f"[{name}](schema/{name}.json)" for name in row.schemas) or f"[CDDL](schema/{COMPACT})"
        expiry = "never" if row.expiry_s is None else f"{row.expiry_s} s"
        yes = ("yes" if row.retain else "no", expiry, "yes" if row.certain else "no")
        yield f"| `{row.leaf}` | {row.writer} | {schemas} | {' | '.join(yes)} | {row.when} |"


def _sizes() -> Iterator[str]:
    yield "| example | JSON, bytes | limit | CBOR, bytes | limit |"
    yield "|---|---|---|---|---|"
    for name, (_, message) in examples().items():
        limit, compact, cbor_limit = "", "", ""
        if isinstance(message, AlertMessage):
            limit, compact, cbor_limit = str(MAX_ALERT_BYTES), str(len(encode_alert(message))), str(MAX_CBOR_BYTES)
        elif isinstance(message, StateMessage):
            limit, cbor_limit = str(MAX_STATE_BYTES), str(MAX_CBOR_STATE_BYTES)
            compact = str(len(encode_state(message)))
        yield f"| {name} | {len(message.encode())} | {limit} | {compact} | {cbor_limit} |"


def _keys() -> Iterator[str]:
    for name, model in MODELS.items():
        if name in _COMMANDS:
            continue
        yield from ("", f"### `{name}`", "", "| key | always | meaning |", "|---|---|---|", *_rows(model))


def _rows(model: type[Message]) -> Iterator[str]:
    for name, field in model.model_fields.items():
        meaning = " ".join((field.description or "").split())
        yield f"| `{field.alias or name}` | {'yes' if field.is_required() else 'no'} | {meaning} |"


def _commands() -> Iterator[str]:
    yield "| `do` | further keys | from home automation |"
    yield "|---|---|---|"
    home = ALLOWED[Channel.HOME] or frozenset[str]()
    for name in _COMMANDS:
        model = MODELS[name]
        further = [
            f"`{key}`" if field.is_required() else f"`{key}` (optional)"
            for key, field in model.model_fields.items()
            if key not in ("id", "do", "by")
        ]
        for word in get_args(model.model_fields["do"].annotation):
            yield f"| `{word}` | {', '.join(further)} | {'yes' if word in home else 'no'} |"


def _words() -> Iterator[str]:
    for title, codes in (("Modalities", ModalityCode), ("Missing because", AbsenceCode), ("Holds", HoldCode)):
        words = ", ".join(f"`{code}` {code.name.lower().replace('_', ' ')}" for code in codes)
        yield f"- {title}: {words}."


def _examples() -> Iterator[str]:
    for name, (leaf, message) in examples().items():
        yield from ("", f"**{name}**, on `{leaf}`", "", "```json", message.encode().decode(), "```")
        if isinstance(message, AlertMessage | StateMessage):
            compact = encode_alert(message) if isinstance(message, AlertMessage) else encode_state(message)
            yield from ("", f"In CBOR: `{compact.hex()}`")
