"""Alerts as CBOR (RFC 8949) for narrow links: the same content as the JSON, in at most 128 bytes.

One map with small integer keys; words are numbers (their positions in the lists below, to which new ones are only
appended). Deterministic encoding: shortest integers, definite lengths, keys in order. `cddl` prints the schema.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from edge.publish.cbor.items import Item, decode_message, encode_head, encode_item, mode_text, word
from edge.publish.payload import AbsenceCode, AlertMessage, ModalityCode
from edge.types import Condition, Presence, Priority, Validity

MAX_CBOR_BYTES = 128
"""Longest alert, bytes of CBOR."""

KEYS = ("id", "t", "w", "y", "v", "m", "ep", "c", "p", "s", "x", "n", "i", "r", "l")
"""JSON key at the position of its CBOR key."""


def encode_alert(message: AlertMessage) -> bytes:
    """An alert as CBOR, at most `MAX_CBOR_BYTES`; scores are in tenths."""
    content: dict[int, Item] = {
        **encode_head(message),
        6: message.episode,
        7: list(Condition).index(message.condition),
        8: list(Priority).index(message.priority),
        9: list(Presence).index(message.presence),
    }
    if message.missing:
        coded = {list(ModalityCode).index(key): list(AbsenceCode).index(why) for key, why in message.missing.items()}
        content[10] = dict(sorted(coded.items()))
    if message.score is not None:
        content[11] = round(message.score * 10)
    if message.interval is not None:
        content[12] = [round(end * 10) for end in message.interval]
    if message.late_s is not None:
        content[14] = message.late_s
    reasons = list(message.reasons)
    encoded = _with_reasons(content, reasons)
    while reasons and len(encoded) > MAX_CBOR_BYTES:
        reasons.pop()
        encoded = _with_reasons(content, reasons)
    return encoded


def _with_reasons(content: Mapping[int, Item], reasons: Sequence[str]) -> bytes:
    whole = {**content, 13: list(reasons)} if reasons else content
    return encode_item(dict(sorted(whole.items())))


def decode_alert(payload: bytes) -> AlertMessage:
    """Read what `encode_alert` wrote.

    Raises:
        ValueError: it is not such a message.
    """
    return decode_message(AlertMessage, payload, _json)


def _json(content: Mapping[int, object]) -> str:
    """The JSON of the same alert."""
    found = {KEYS[key]: value for key, value in content.items() if key >= 0}
    identity, mode = found["id"], found["m"]
    if not isinstance(identity, list) or len(identity) != 2 or not isinstance(identity[0], bytes):
        raise TypeError("no id")
    found |= {
        "id": f"{identity[0].hex()}-{identity[1]}",
        "v": word(list(Validity), found["v"]),
        "m": mode_text(mode),
        "c": word(list(Condition), found["c"]),
        "p": word(list(Priority), found["p"]),
        "s": word(list(Presence), found["s"]),
    }
    missing = found.get("x", {})
    if not isinstance(missing, dict):
        raise TypeError("missing is no map")
    found["x"] = {word(list(ModalityCode), key): word(list(AbsenceCode), value) for key, value in missing.items()}
    score, interval = found.get("n"), found.get("i")
    if isinstance(score, int):
        found["n"] = score / 10
    if isinstance(interval, list):
        found["i"] = [end / 10 for end in interval]
    return json.dumps(found)
