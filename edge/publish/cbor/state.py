"""States as CBOR, in at most 100 bytes as far as leaving out reasons can make them so."""

from __future__ import annotations

import json
from collections.abc import Mapping

from edge.publish.cbor.items import Item, decode_message, encode_head, encode_item, mode_text, word
from edge.publish.payload import AbsenceCode, ModalityCode, StateMessage
from edge.publish.payload.codes import HoldCode
from edge.types import Absence, Hold, Modality, Validity, Verdict

MAX_CBOR_STATE_BYTES = 100
"""Longest state, bytes of CBOR."""

STATE_KEYS = ("id", "t", "w", "y", "v", "m", "d", "x", "e", "n", "i", "b", "k", "r", "h")
"""JSON key at the position of its CBOR key."""


def encode_state(message: StateMessage) -> bytes:
    """A state as CBOR; the weakest reasons are left out where it would be longer than `MAX_CBOR_STATE_BYTES`."""
    content = _content(message)
    reasons = list(message.reasons)
    payload = encode_item(content | ({13: list(reasons)} if reasons else {}) | _holds(message))
    while len(payload) > MAX_CBOR_STATE_BYTES and reasons:
        reasons.pop()
        payload = encode_item(content | ({13: list(reasons)} if reasons else {}) | _holds(message))
    return payload


def decode_state(payload: bytes) -> StateMessage:
    """Read what `encode_state` wrote.

    Raises:
        ValueError: it is not such a message.
    """
    return decode_message(StateMessage, payload, _json)


def _content(message: StateMessage) -> dict[int, Item]:
    content: dict[int, Item] = {
        **encode_head(message),
        6: list(Verdict).index(message.verdict),
    }
    missing = {
        _number(ModalityCode, modality): list(AbsenceCode).index(AbsenceCode[absence.name])
        for modality, absence in message.missing.items()
        if absence is not Absence.NOT_CONFIGURED
    }
    if missing:
        content[7] = dict(sorted(missing.items()))
    content[8] = round(10 * message.every_s)
    if message.score is not None:
        content[9] = round(100 * message.score)
    if message.interval is not None:
        content[10] = [round(10 * end) for end in message.interval]
    if message.probability is not None:
        content[11] = round(100 * message.probability)
    if message.contributions:
        content[12] = [
            [
                _number(ModalityCode, one.modality),
                round(10 * one.log_odds),
                round(100 * one.quality),
                round(100 * one.age_s),
            ]
            for one in message.contributions
        ]
    return content


def _holds(message: StateMessage) -> dict[int, Item]:
    return {14: [list(Hold).index(hold) for hold in message.holds]} if message.holds else {}


def _number(codes: type[ModalityCode], modality: Modality) -> int:
    return list(codes).index(codes[modality.name])


def _json(content: Mapping[int, object]) -> str:
    """The JSON of the same state."""
    found = {STATE_KEYS[key]: value for key, value in content.items() if key >= 0}
    identity = found["id"]
    if not isinstance(identity, list) or len(identity) != 2 or not isinstance(identity[0], bytes):
        raise TypeError("no id")
    found |= {
        "id": f"{identity[0].hex()}-{identity[1]}",
        "v": word(list(Validity), found["v"]),
        "m": mode_text(found["m"]),
        "d": word(list(Verdict), found["d"]),
    }
    missing = found.get("x", {})
    shares, holds = found.get("k", []), found.get("h", [])
    if not isinstance(missing, dict) or not isinstance(shares, list) or not isinstance(holds, list):
        raise TypeError("missing, contributions or holds of another kind")
    found["x"] = {word(list(ModalityCode), key): word(list(AbsenceCode), value) for key, value in missing.items()}
    found["k"] = {word(list(ModalityCode), key): figures for key, *figures in shares}
    found["h"] = [word(list(HoldCode), key) for key in holds]
    for key, divisor in (("e", 10), ("n", 100), ("b", 100)):
        value = found.get(key)
        if isinstance(value, int):
            found[key] = value / divisor
    interval = found.get("i")
    if isinstance(interval, list):
        found["i"] = [end / 10 for end in interval]
    return json.dumps(found)
