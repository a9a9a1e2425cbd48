"""Prints the alarm table and the conditions into a page: `python -m edge.alarm.pages docs/alarms.md`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from edge.alarm.signs import SOURCES, rules
from edge.alarm.table import ACKNOWLEDGING, TABLE
from edge.config import Alarm
from edge.publish.payload import KIND
from edge.types import Condition

BEGIN, END = "<!-- generated: make docs -->", "<!-- end -->"
"""What is between these lines is written by this module."""


def generated() -> str:
    """Both tables, with the default configuration, as Markdown."""
    return "\n".join([*_conditions(), "", *_transitions()])


def _conditions() -> Iterator[str]:
    yield "| condition | kind | priority | after | ends after | latches | rests on |"
    yield "|---|---|---|---|---|---|---|"
    for condition, rule in rules(Alarm()).items():
        priority = "low, medium, high" if condition is Condition.PAIN else str(rule.priority)
        latches = "yes" if rule.latches else "no"
        row = (f"`{condition}`", str(KIND[condition]), priority, f"{rule.onset_s:g} s", f"{rule.clear_s:g} s", latches)
        yield f"| {' | '.join((*row, SOURCES[condition][1]))} |"


def _transitions() -> Iterator[str]:
    yield "| presence | when | becomes | row |"
    yield "|---|---|---|---|"
    for row in (*TABLE, *ACKNOWLEDGING):
        yield f"| {row.presence} | {row.when} | {row.becomes} | {row.name} |"


def filled(page: str) -> str:
    """The page with its tables written anew.

    Raises:
        ValueError: the page has no place for them.
    """
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the page needs the lines {BEGIN} and {END}")
    return f"{before}{BEGIN}\n{generated()}\n{END}{after}"


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit("usage: python -m edge.alarm.pages FILE")
    target = Path(sys.argv[1])
    target.write_text(filled(target.read_text(encoding="utf-8")), encoding="utf-8")
