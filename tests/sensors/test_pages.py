"""docs/sensors.md names everything that a sensor can be in."""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import Path

import pytest

from edge.errors import SensorReason
from edge.sensors.charge import ENOUGH_PERCENT, LOW_PERCENT
from edge.sensors.wear import NO_PULSE_S, NO_PULSE_STILL_S, OPEN_CIRCUIT_US
from edge.types import SensorState, SensorWarning

PAGE = (Path(__file__).parents[2] / "docs" / "sensors.md").read_text()


def rows(heading: str) -> dict[str, list[str]]:
    """The table under a heading: its first column, without the quotes, to the others."""
    section = PAGE.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    cells = [
        [cell.strip() for cell in row.strip("|").split("|")] for row in re.findall(r"^\|.*\|$", section, re.MULTILINE)
    ]
    return {first.strip("`"): rest for first, *rest in cells[2:]}


@pytest.mark.parametrize(
    ("heading", "members"), [("States", SensorState), ("Reasons", SensorReason), ("Warnings", SensorWarning)]
)
def test_every_member_has_its_row_and_no_other(heading: str, members: type[StrEnum]) -> None:
    assert sorted(rows(heading)) == sorted(str(member) for member in members)


def test_every_reason_says_what_to_do() -> None:
    assert [reason for reason, (_, remedy) in rows("Reasons").items() if len(remedy) < 4] == []


def test_the_figures_are_those_of_the_code() -> None:
    assert f"at {LOW_PERCENT:.0f} %" in rows("Warnings")["battery_low"][0]
    assert f"at {ENOUGH_PERCENT:.0f} %" in rows("Warnings")["battery_low"][1]
    assert f"less than {OPEN_CIRCUIT_US} µS" in PAGE
    assert (NO_PULSE_STILL_S, NO_PULSE_S) == (5 * 60.0, 10 * 60.0)
