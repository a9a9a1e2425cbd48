"""CBOR (RFC 8949) as far as alerts and states need it: deterministic, definite lengths, shortest integers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeVar

from edge.publish.payload import Head, Message
from edge.types import Validity

M = TypeVar("M", bound=Message)

Item = int | bool | str | bytes | Sequence["Item"] | Mapping[int, "Item"]
"""What is encoded here."""

MODES = ("face", "ppg", "gsr", "hr")
"""Bit 0 to 3 of the mode; 0 is blind."""

_UINT, _NEGATIVE, _BYTES, _TEXT, _ARRAY, _MAP = 0, 1, 2, 3, 4, 5
"""Major types."""

_FALSE, _TRUE = 0xF4, 0xF5


def encode_item(item: Item) -> bytes:
    """One item as bytes."""
    return b"".join(_encode(item))


def encode_head(message: Head) -> dict[int, Item]:
    """Keys 0 to 5, which every message begins with."""
    boot, _, number = message.id.partition("-")
    return {
        0: [bytes.fromhex(boot), int(number)],
        1: message.since_boot_ms,
        2: message.wall_ms,
        3: message.synced,
        4: list(Validity).index(message.validity),
        5: mode_bits(message.mode),
    }


def decode_message(model: type[M], payload: bytes, as_json: Callable[[Mapping[int, object]], str]) -> M:
    """Read a message whose map `as_json` writes as its JSON.

    Raises:
        ValueError: it is not such a message.
    """
    try:
        return model.model_validate_json(as_json(_decode_map(payload)))
    except (IndexError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise ValueError(f"no CBOR of {model.__name__}: {error}") from error


def _decode_map(payload: bytes) -> dict[int, object]:
    """A map with integer keys, and nothing after it."""
    content, end = _decode(payload, 0)
    if end != len(payload) or not isinstance(content, dict):
        raise ValueError("no map")
    found: dict[int, object] = {}
    for key, value in content.items():
        if type(key) is not int:
            raise TypeError("a key that is no integer")
        found[key] = value
    return found


def mode_bits(mode: str) -> int:
    """The modalities of a mode as bits."""
    used = mode.split("+")
    return sum(1 << bit for bit, name in enumerate(MODES) if name in used)


def mode_text(bits: object) -> str:
    """The mode of these bits, or "blind"."""
    used = [name for bit, name in enumerate(MODES) if isinstance(bits, int) and bits >> bit & 1]
    return "+".join(used) or "blind"


def word(words: Sequence[str], number: object) -> str:
    """The word with this number.

    Raises:
        ValueError: there is none.
    """
    if not isinstance(number, int) or not 0 <= number < len(words):
        raise ValueError(f"{number!r:.20} stands for nothing")
    return str(words[number])


def _encode(item: Item) -> Iterator[bytes]:
    match item:
        case bool():
            yield bytes([_TRUE if item else _FALSE])
        case int() if item < 0:
            yield _head(_NEGATIVE, -1 - item)
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
    if major in (_UINT, _NEGATIVE):
        return (number if major == _UINT else -1 - number), at
    if major in (_BYTES, _TEXT):
        if at + number > len(data):
            raise ValueError("cut short")
        raw = data[at : at + number]
        return (raw if major == _BYTES else raw.decode()), at + number
    if major not in (_ARRAY, _MAP) or number > len(data):
        raise ValueError("no item of a message")
    items: list[object] = []
    for _ in range(number * (2 if major == _MAP else 1)):
        item, at = _decode(data, at)
        items.append(item)
    return (items if major == _ARRAY else dict(zip(items[::2], items[1::2], strict=True))), at
