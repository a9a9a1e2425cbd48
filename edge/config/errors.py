"""From what is wrong in a file to sentences: line, key, what is wrong, and what to write instead."""

from __future__ import annotations

import difflib
import json
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from edge.config.keys import SENSOR, Key, drivers, keys, section_of, tables
from edge.config.lines import Path, line_of, locate
from edge.config.sections import Config
from edge.section import Section
from edge.types import Validity

_QUOTE_LIMIT = 40
"""Longest piece of a wrong value that is quoted in a message, characters."""

_DECODE_POSITION = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing that is wrong in a file.

    Attributes:
        line: where, from 1.
        key: path of the key ("sensor[1].device"), or "" for the file as a whole.
        text: what is wrong and what to write instead.
    """

    line: int
    key: str
    text: str

    def __str__(self) -> str:
        """As a line of the report."""
        return f"line {self.line}: {self.key + ': ' if self.key else ''}{self.text}"


def report(name: str, problems: Iterable[Problem]) -> str:
    """All problems as one message, in the order of the file."""
    rows = sorted(set(problems))
    count = "1 problem" if len(rows) == 1 else f"{len(rows)} problems"
    return "\n".join([f"{name} cannot be used ({count}):", *(f"  {row}" for row in rows)])


def explain_syntax(text: str, error: ValueError | RecursionError) -> Problem:
    """What is wrong with a text that is no TOML at all."""
    if not isinstance(error, tomllib.TOMLDecodeError):
        return Problem(1, "", "a number in this file is too long, or its brackets are nested too deeply")
    message = str(error)
    found = _DECODE_POSITION.search(message)
    line = int(found[1]) if found and found[1] else text.count("\n") + 1
    what = _DECODE_POSITION.sub("", message)
    return Problem(line, "", f"this is no TOML: {what[:1].lower()}{what[1:]}. {_syntax_hint(what)}".rstrip())


def _syntax_hint(what: str) -> str:
    if what.startswith(("Cannot overwrite", "Cannot declare", "Cannot mutate")):
        return "The same key or table stands twice: keep one."
    if what.startswith("Invalid value"):
        return 'A text needs quotes: key = "text".'
    if what.startswith("Expected '='"):
        return 'Write key = value; a value that is a text needs quotes: key = "text".'
    return ""


def explain(text: str, raw: Mapping[str, object], error: ValidationError) -> Iterator[Problem]:
    """What is wrong with a text that is TOML but no configuration."""
    lines = locate(text)
    for detail in error.errors(include_url=False):
        path = _file_path(detail["loc"], raw)
        if path != (SENSOR,) or detail["type"] != "value_error":
            yield Problem(line_of(lines, path), _dotted(path), _sentence(path, detail, raw))
    yield from _twins(raw, lines)  # the model compares names only when every stanza is right, and knows no lines


def of_the_past(text: str, config: Config) -> Iterator[Problem]:
    """Recorded and simulated sensors of a box that speaks of a patient: neither as calm nor as pain may they pass."""
    if config.box.validity is not Validity.REAL:
        return
    lines = locate(text)
    for position, stanza in enumerate(config.sensor):
        if not stanza.live:
            path: Path = (SENSOR, position, "driver")
            told = f"{_quoted(stanza.driver)} is recorded or simulated and cannot speak of a patient"
            yield Problem(line_of(lines, path), _dotted(path), f'{told}: write validity = "test" below [box]')


def _file_path(loc: Sequence[str | int], raw: Mapping[str, object]) -> Path:
    """The path in the file: pydantic puts the driver between a stanza's position and its keys."""
    if loc[:1] == (SENSOR,) and len(loc) > 2 and loc[2] == _driver(raw, loc[1]):
        return (*loc[:2], *loc[3:])
    return tuple(loc)


def _driver(raw: Mapping[str, object], position: str | int) -> str | None:
    stanzas = raw.get(SENSOR)
    if not isinstance(stanzas, list) or not isinstance(position, int) or position >= len(stanzas):
        return None
    stanza: object = stanzas[position]
    driver: object = stanza.get("driver") if isinstance(stanza, dict) else None
    return driver if isinstance(driver, str) else None


def _dotted(path: Path) -> str:
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else ("." if text else "") + _written(part)
    return text


def _written(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else json.dumps(name[:_QUOTE_LIMIT])


def _sentence(path: Path, detail: ErrorDetails, raw: Mapping[str, object]) -> str:
    kind = detail["type"]
    section = _section_around(path, raw)
    name = str(path[-1]) if path else ""
    key = keys(section).get(name) if section else None
    if kind == "extra_forbidden":
        return _unknown(name, path, section)
    if kind == "union_tag_not_found":
        return f"has no driver: add driver = {_one_of(drivers())}"
    if kind == "union_tag_invalid":
        wrong = str(detail["ctx"]["tag"])
        return f"there is no driver {_quoted(wrong)}{_nearest(wrong, drivers())}: write {_one_of(drivers())}"
    if kind == "missing" and key:
        return f"is missing: add {key.name} = {key.example}   # {key.doc}"
    if kind == "value_error":
        return str(detail["msg"]).removeprefix("Value error, ")
    return _wrong_value(detail, key, path)


def _section_around(path: Path, raw: Mapping[str, object]) -> type[Section] | None:
    if path[:1] == (SENSOR,) and len(path) == 3:
        return section_of((SENSOR,), _driver(raw, path[1]))
    return section_of(tuple(str(part) for part in path[:-1]), None)


def _wrong_value(detail: ErrorDetails, key: Key | None, path: Path) -> str:
    given = _quoted(detail["input"])
    if key is None:
        header = f"[[{SENSOR}]]" if path[:1] == (SENSOR,) else f"[{_dotted(path)}]"
        return f"is {given}; it must be a table: write {header} on a line of its own, its keys below"
    nearest = _nearest(detail["input"], key.choices) if isinstance(detail["input"], str) else ""
    return f"is {given}{nearest}; it must be {key.wanted}. For example: {key.name} = {key.example}"


def _unknown(name: str, path: Path, section: type[Section] | None) -> str:
    if section is None:
        return "is unknown: remove it"
    if section is Config:
        known: Sequence[str] = [SENSOR, *(table for table in tables() if "." not in table)]
        where = [f"[{table}]" for table, model in tables().items() if name in keys(model)]
        moved = f"; {name} belongs below {' or '.join(where)}" if where else ""
        return f"there is no such table{_nearest(name, known)}{moved}. Tables: {', '.join(known)}"
    known = [*keys(section), *(["tls"] if path[:1] == ("mqtt",) and len(path) == 2 else [])]
    return f"there is no such key{_nearest(name, known)}. Keys of this table: {', '.join(known)}"


def _nearest(name: str, known: Iterable[str]) -> str:
    found = difflib.get_close_matches(name.lower(), list(known), n=1, cutoff=0.6)
    return f" (did you mean {found[0]}?)" if found else ""


def _one_of(known: Iterable[str]) -> str:
    return " or ".join(json.dumps(name) for name in known)


def _quoted(value: object) -> str:
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, bool):
        return "true" if value else "false"
    try:
        text = json.dumps(value, ensure_ascii=False) if isinstance(value, str) else str(value)
    except ValueError:  # Python refuses to print integers of thousands of digits
        return "a number of absurd length"
    return text if len(text) <= _QUOTE_LIMIT else text[:_QUOTE_LIMIT] + "…"


def _twins(raw: Mapping[str, object], lines: Mapping[Path, int]) -> Iterator[Problem]:
    stanzas = raw.get(SENSOR)
    first: dict[str, int] = {}
    for position, stanza in enumerate(stanzas if isinstance(stanzas, list) else []):
        name: object = stanza.get("name") if isinstance(stanza, dict) else None
        if not isinstance(name, str):
            continue
        path: Path = (SENSOR, position, "name")
        line = line_of(lines, path)
        if name in first:
            yield Problem(line, _dotted(path), _twin(name, first[name]))
        first.setdefault(name, line)


def _twin(name: str, line: int) -> str:
    return f"is {_quoted(name)}, as is the sensor in line {line}: every sensor needs a name of its own"
