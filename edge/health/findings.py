"""What a check of `anodyne doctor` says."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Grade(StrEnum):
    """How a finding bears on the box."""

    OK = "ok"
    WARNING = "warning"
    """The box works, but worse than it could, or later not at all."""
    ERROR = "error"
    """Something that the box needs is missing."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        name: what was looked at ("runtime", "model face_au").
        grade: how it stands.
        text: what was found and, where it is not ok and `remedy` says nothing, what to do.
        remedy: what to do; "" where `text` says so, or nothing is to be done.
    """

    name: str
    grade: Grade
    text: str
    remedy: str = ""


def ok(name: str, text: str) -> Finding:
    """A finding that is as it should be."""
    return Finding(name, Grade.OK, text)


def warning(name: str, text: str, remedy: str = "") -> Finding:
    """A finding that a person should look at."""
    return Finding(name, Grade.WARNING, text, remedy)


def error(name: str, text: str, remedy: str = "") -> Finding:
    """A finding that keeps the box from its work."""
    return Finding(name, Grade.ERROR, text, remedy)


_WIDTH = 20
"""Width of the column of names, characters."""


def row(finding: Finding) -> str:
    """A finding as a line of text, with its remedy below it."""
    said = f"{finding.text}\n-> {finding.remedy}" if finding.remedy else finding.text
    text = said.replace("\n", "\n" + " " * (_WIDTH + 10))
    return f"{finding.grade.value:8}  {finding.name:{_WIDTH}}{text}"
