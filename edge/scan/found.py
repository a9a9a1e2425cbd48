"""What a scan finds, and the stanza that would use it."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from edge.config import loads
from edge.errors import ConfigError


class Kind(StrEnum):
    """The kinds of sensor."""

    CAMERA = "camera"
    BAND = "band"
    SERIAL = "serial"


Value = str | int | float
"""What a key of a stanza may hold."""


@dataclass(frozen=True, slots=True)
class Found:
    """One thing that was found.

    Attributes:
        kind: camera, band on the air, or serial device.
        title: what it calls itself, and where it is.
        facts: what it offers, one phrase each.
        driver: the driver that suits it; None where none is known.
        keys: what the stanza needs besides `driver` and `name`.
        remark: what a person must still settle, put into the stanza as a comment.
    """

    kind: Kind
    title: str
    facts: tuple[str, ...] = ()
    driver: str | None = None
    keys: Mapping[str, Value] = field(default_factory=dict[str, Value])
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Looked:
    """What came of looking for one kind.

    Attributes:
        found: in the order to be shown.
        notes: why something could not be looked at, or what to know; one line each.
    """

    found: tuple[Found, ...] = ()
    notes: tuple[str, ...] = ()


def stanza(found: Found, taken: Collection[str]) -> tuple[str, str] | None:
    """The `[[sensor]]` stanza of a find, and its name.

    Args:
        found: what was found.
        taken: names that are given already.

    Returns:
        Name and text; None where no driver is known, or the driver does not take what was found (a device may call
        itself anything), so that whatever is returned can be pasted.
    """
    if found.driver is None:
        return None
    name = _name(found, taken)
    rows = ["[[sensor]]", f"driver = {_toml(found.driver)}", f"name = {_toml(name)}"]
    rows += [f"{key} = {_toml(value)}" for key, value in found.keys.items()]
    if found.remark:
        rows.insert(1, f"# {found.remark}")
    text = "\n".join(rows) + "\n"
    try:
        loads(text, "scan")
    except ConfigError:
        return None
    return name, text


_FIRST_NAMES = {Kind.CAMERA: "bedside", Kind.BAND: "wrist", Kind.SERIAL: "wrist"}


def _name(found: Found, taken: Collection[str]) -> str:
    """A name for the sensor: by its place at the bed, and numbered from the second on."""
    first = _FIRST_NAMES[found.kind]
    number = 2
    name = first
    while name in taken:
        name, number = f"{first}{number}", number + 1
    return name


def _toml(value: Value) -> str:
    """A value as TOML writes it; JSON's strings are TOML's but for DEL and lone surrogates, which are left out."""
    if isinstance(value, str):
        return json.dumps(re.sub(r"[\x7f\ud800-\udfff]", "", value), ensure_ascii=False)
    return repr(value)
