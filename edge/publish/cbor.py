"""Alerts as CBOR (RFC 8949) for narrow links: the same content as the JSON, in at most 128 bytes.

One map with small integer keys; words are numbers (their positions in the lists below, to which new ones are only
appended). Deterministic encoding: shortest integers, definite lengths, keys in order. `cddl` prints the schema.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence

from edge.publish.payload import AbsenceCode, AlertMessage, ModalityCode
from edge.types import Condition, Presence, Priority, Validity

MAX_CBOR_BYTES = 128
"""Longest alert, bytes of CBOR."""

MODES = ("face", "ppg", "gsr", "hr")
"""Bit 0 to 3 of the mode; 0 is blind."""

KEYS = ("id", "t", "w", "y", "v", "m", "ep", "c", "p", "s", "x", "n", "i", "r", "l")
"""JSON key at the position of its CBOR key."""

Item = int | bool | str | bytes | Sequence["Item"] | Mapping[int, "Item"]
"""What is encoded here."""

_UINT, _BYTES, _TEXT, _ARRAY, _MAP = 0, 2, 3, 4, 5
"""Major types."""

_FALSE, _TRUE = 0xF4, 0xF5


def encode_alert(message: AlertMessage) -> bytes:
    """An alert as CBOR, at most `MAX_CBOR_BYTES`; scores are in tenths."""
    boot, _, number = message.id.partition("-")
    content: dict[int, Item] = {
        0: [bytes.fromhex(boot), int(number)],
        1: message.since_boot_ms,
        2: message.wall_ms,
        3: message.synced,
        4: list(Validity).index(message.validity),
        5: sum(1 << bit for bit, name in enumerate(MODES) if name in message.mode.split("+")),
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
    return b"".join(_encode(dict(sorted(whole.items()))))


def decode_alert(payload: bytes) -> AlertMessage:
    """Read what `encode_alert` wrote.

    Raises:
        ValueError: it is not such a message.
    """
    try:
        content, end = _decode(payload, 0)
        if end != len(payload) or not isinstance(content, dict) or not all(type(key) is int for key in content):
            raise ValueError("no CBOR alert")
        return AlertMessage.model_validate_json(_json(content))
    except (IndexError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise ValueError(f"no CBOR alert: {error}") from error


def cddl() -> str:
    """The schema of an alert (RFC 8610)."""
    lines = [
        "; One alert, at most 128 bytes. Words are numbers, in the order of these lists:",
        f";   validity: {', '.join(Validity)}",
        f";   condition: {', '.join(Condition)}",
        f";   priority: {', '.join(Priority)}",
        f";   presence: {', '.join(Presence)}",
        f";   modality: {', '.join(one.name.lower() for one in ModalityCode)}",
        f";   absence: {', '.join(one.name.lower() for one in AbsenceCode)}",
        "alert = {",
        "  0: [boot: bytes .size 6, number: uint],",
        "  1: uint,                  ; milliseconds since the boot",
        "  2: uint,                  ; Unix milliseconds",
        "  3: bool,                  ; synchronised",
        f"  4: 0..{len(Validity) - 1},                  ; validity",
        f"  5: 0..15,                 ; mode, bits: {', '.join(MODES)}; 0 blind",
        "  6: uint,                  ; number of the episode",
        f"  7: 0..{len(Condition) - 1},                 ; condition",
        f"  8: 0..{len(Priority) - 1},                  ; priority",
        f"  9: 0..{len(Presence) - 1},                  ; presence",
        f"  ? 10: {{ + 0..{len(ModalityCode) - 1} => 0..{len(AbsenceCode) - 1} }},  ; missing modality => absence",
        "  ? 11: 0..100,             ; score in tenths",
        "  ? 12: [0..100, 0..100],   ; its 90 % interval in tenths",
        "  ? 13: [1*3 tstr],         ; reasons",
        "  ? 14: uint,               ; sent so much later than the transition, seconds",
        "}",
    ]
    return "\n".join(lines) + "\n"


def _json(content: Mapping[object, object]) -> str:
    """The JSON of the same alert."""
    found = {KEYS[key]: value for key, value in content.items() if isinstance(key, int) and key >= 0}
    identity, mode = found["id"], found["m"]
    if not isinstance(identity, list) or len(identity) != 2 or not isinstance(identity[0], bytes):
        raise TypeError("no id")
    used = [name for bit, name in enumerate(MODES) if isinstance(mode, int) and mode >> bit & 1]
    found |= {
        "id": f"{identity[0].hex()}-{identity[1]}",
        "v": _word(list(Validity), found["v"]),
        "m": "+".join(used) or "blind",
        "c": _word(list(Condition), found["c"]),
        "p": _word(list(Priority), found["p"]),
        "s": _word(list(Presence), found["s"]),
    }
    missing = found.get("x", {})
    if not isinstance(missing, dict):
        raise TypeError("missing is no map")
    found["x"] = {_word(list(ModalityCode), key): _word(list(AbsenceCode), value) for key, value in missing.items()}
    score, interval = found.get("n"), found.get("i")
    if isinstance(score, int):
        found["n"] = score / 10
    if isinstance(interval, list):
        found["i"] = [end / 10 for end in interval]
    return json.dumps(found)


def _word(words: Sequence[str], code: object) -> str:
    if not isinstance(code, int) or not 0 <= code < len(words):
        raise ValueError(f"{code!r:.20} stands for nothing")
    return str(words[code])


def _encode(item: Item) -> Iterator[bytes]:
    match item:
        case bool():
            yield bytes([_TRUE if item else _FALSE])
        case int():
            yield _head(_UINT, item)
        case bytes():
            yield _head(_BYTES, len(item)) + item
        case str():
            text = item.encode()
            yield _head(_TEXT, len(text)) + text
        case Mapping():
            yield _head(_MAP, len(item))
            for key, value in item.items():
                yield _head(_UINT, key)
                yield from _encode(value)
        case _:
            yield _head(_ARRAY, len(item))
            for value in item:
                yield from _encode(value)


def _head(major: int, number: int) -> bytes:
    if number < 0:
        raise ValueError("an alert holds no negative number")
    if number < 24:
        return bytes([major << 5 | number])
    for code, size in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if number < 1 << 8 * size:
            return bytes([major << 5 | code]) + number.to_bytes(size, "big")
    raise ValueError("a number of more than 64 bits")


def _decode(data: bytes, at: int) -> tuple[object, int]:
    """One item and where the next begins."""
    if data[at] in (_FALSE, _TRUE):
        return data[at] == _TRUE, at + 1
    major, small = data[at] >> 5, data[at] & 31
    at += 1
    number = small
    if small >= 24:
        size = {24: 1, 25: 2, 26: 4, 27: 8}[small]
        if at + size > len(data):
            raise ValueError("cut short")
        number, at = int.from_bytes(data[at : at + size], "big"), at + size
    if major == _UINT:
        return number, at
    if major in (_BYTES, _TEXT):
        if at + number > len(data):
            raise ValueError("cut short")
        raw = data[at : at + number]
        return (raw if major == _BYTES else raw.decode()), at + number
    if major not in (_ARRAY, _MAP) or number > len(data):
        raise ValueError("no item of an alert")
    items: list[object] = []
    for _ in range(number * (2 if major == _MAP else 1)):
        item, at = _decode(data, at)
        items.append(item)
    return (items if major == _ARRAY else dict(zip(items[::2], items[1::2], strict=True))), at
