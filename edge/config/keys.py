"""What the models say about each key, in plain words: for error messages, the example and the reference page."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import get_args

from pydantic import BaseModel

from edge.config.sections import Config, Mqtt, Tls
from edge.section import Section
from edge.sensors.table import Kind

SENSOR = "sensor"
"""The one array of tables: `[[sensor]]`."""


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a table.

    Attributes:
        name: as written in the file.
        wanted: what may stand there ("a whole number from 1 to 65535").
        choices: the only texts that may stand there; empty if there is no such list.
        default: as TOML; None where there is none.
        example: a value that is right, as TOML.
        required: whether the file must give it.
        doc: meaning and unit.
    """

    name: str
    wanted: str
    choices: tuple[str, ...]
    default: str | None
    example: str
    required: bool
    doc: str


@cache
def drivers() -> Mapping[str, type[Section]]:
    """Sensor stanzas by the value of their `driver` key."""
    return {get_args(model.model_fields["driver"].annotation)[0]: model for model in get_args(Kind)}


@cache
def tables() -> Mapping[str, type[Section]]:
    """Tables by their header, without the sensors."""
    found = {
        name: field.annotation
        for name, field in Config.model_fields.items()
        if inspect.isclass(field.annotation) and issubclass(field.annotation, Section)
    }
    found["mqtt.tls"] = Tls
    return found


def section_of(names: tuple[str, ...], driver: str | None) -> type[Section] | None:
    """The model of the table at `names`; for a sensor its driver decides."""
    if names == ():
        return Config
    if names == (SENSOR,):
        return drivers().get(driver or "")
    return tables().get(".".join(names))


@cache
def keys(section: type[Section]) -> Mapping[str, Key]:
    """The keys of a table that are no tables themselves, in the order of the model."""
    schema = section.model_json_schema()
    return {key.name: key for key in _keys(section, schema)}


def _keys(section: type[Section], schema: dict[str, dict[str, dict[str, object]]]) -> Iterator[Key]:
    definitions = schema.get("$defs", {})
    required = frozenset(schema.get("required", ()))
    for name, raw in schema["properties"].items():
        if (section, name) == (Mqtt, "tls") or section is Config:
            continue
        value = _flat(raw, definitions)
        default = raw.get("default")
        choices = tuple(str(choice) for choice in _listed(value, "enum")) or _constant(value)
        yield Key(
            name=name,
            wanted=_wanted(value, choices),
            choices=choices,
            default=None if default is None else toml(default),
            example=toml(_example(value, default, choices)),
            required=name in required,
            doc=" ".join(str(raw.get("description", "")).split()),
        )


def _flat(value: dict[str, object], definitions: Mapping[str, dict[str, object]]) -> dict[str, object]:
    """Follow a reference, and see through "or null": TOML has no null, a key that is None is not written."""
    if isinstance(value.get("$ref"), str):
        return {**definitions[str(value["$ref"]).rsplit("/", 1)[-1]], **value}
    for option in _listed(value, "anyOf"):
        if isinstance(option, dict) and option.get("type") != "null":
            return {**_flat(option, definitions), **value}
    return value


def _listed(value: Mapping[str, object], key: str) -> list[object]:
    found = value.get(key)
    return found if isinstance(found, list) else []


def _constant(value: Mapping[str, object]) -> tuple[str, ...]:
    return (str(value["const"]),) if "const" in value else ()


def _example(value: Mapping[str, object], default: object, choices: tuple[str, ...]) -> object:
    examples = _listed(value, "examples")
    if examples:
        return examples[0]
    if default is not None:
        return default
    return choices[0] if choices else ""


def _wanted(value: Mapping[str, object], choices: tuple[str, ...]) -> str:
    if isinstance(value.get("wanted"), str):
        return str(value["wanted"])
    if choices:
        return " or ".join(json.dumps(choice) for choice in choices)
    kind = value.get("type")
    if kind in ("integer", "number"):
        return ("a whole number" if kind == "integer" else "a number") + _range(value)
    if kind == "boolean":
        return "true or false"
    if value.get("format") == "path":
        return "a path in quotes"
    return "a text in quotes" + _length(value)


def _range(value: Mapping[str, object]) -> str:
    low, high = _bound(value, "minimum"), _bound(value, "maximum")
    if low and high:
        return f" from {low} to {high}"
    return f" of at least {low}" if low else ""


def _bound(value: Mapping[str, object], key: str) -> str:
    bound = value.get(key)
    return f"{bound:.9g}" if isinstance(bound, (int, float)) else ""


def _length(value: Mapping[str, object]) -> str:
    low, high = value.get("minLength"), value.get("maxLength")
    if high is not None:
        return f" of {low or 0} to {high} characters"
    return "" if low is None else " that is not empty"


def toml(value: object) -> str:
    """One scalar as TOML."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return repr(value)
    return json.dumps(str(value), ensure_ascii=False)


def summary(model: type[BaseModel]) -> str:
    """The docstring of a table, on one line."""
    return " ".join((inspect.getdoc(model) or "").split())
