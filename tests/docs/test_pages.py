"""Pages that name things of the code name them right."""

from __future__ import annotations

import ast
import re

import pytest

from edge.station.words import CONDITION_WORDS
from edge.types import Condition
from tests.docs.architecture import ROOT, tree

NURSE = (ROOT / "docs/nurse.md").read_text()
HAZARDS = (ROOT / "docs/hazards.md").read_text()

WORDS_ON_ONE_PAGE = 700
"""More do not fit on a sheet of A4 in 10 points with two tables."""


def titles() -> list[str]:
    """What the station calls a bed, from the code that does."""
    source = tree((ROOT / "edge/station/picture.py").read_text())
    [function] = [one for one in source.body if isinstance(one, ast.FunctionDef) and one.name == "_title"]
    texts = [one.value for one in ast.walk(function) if isinstance(one, ast.Constant) and isinstance(one.value, str)]
    return [text.removesuffix(": ") for text in texts if len(text) > 5 and text[0].isupper() and "\n" not in text]


def test_the_nurses_page_has_everything_that_a_bed_can_be_called() -> None:
    assert len(titles()) >= 8
    assert [title for title in titles() if title not in NURSE] == []


@pytest.mark.parametrize(
    "condition", [one for one in Condition if one not in (Condition.PAIN, Condition.CANNOT_ASSESS)]
)
def test_the_nurses_page_says_what_to_do_about_every_technical_alarm(condition: Condition) -> None:
    [row] = [line for line in NURSE.splitlines() if line.startswith(f"| {CONDITION_WORDS[condition]} |")]
    assert len(row.split("|")[2].split()) >= 4


def test_the_nurses_page_is_one_page() -> None:
    assert len(NURSE.split()) <= WORDS_ON_ONE_PAGE


def test_every_hazard_has_cause_control_and_test() -> None:
    rows = [
        [cell.strip() for cell in line.split("|")[1:-1]] for line in HAZARDS.splitlines() if re.match(r"\| \d", line)
    ]
    assert [row[0] for row in rows] == [str(number) for number in range(1, len(rows) + 1)]
    assert len(rows) >= 20
    assert [row for row in rows if len(row) != 5 or not all(row) or "`tests/" not in row[4]] == []


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`(tests/[^`]+)`", HAZARDS))))
def test_the_test_that_a_hazard_names_exists(name: str) -> None:
    file, _, function = name.partition("::")
    found = {
        node.name
        for node in ast.walk(tree((ROOT / file).read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    assert not function or function in found
    assert any(one.startswith("test_") for one in found)


def test_no_page_points_at_a_page_or_file_that_is_not_there() -> None:
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    links = [(page, link) for page in pages for link in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text())]
    assert len(links) > 60
    local = [(page, link) for page, link in links if "://" not in link]
    assert [(page.name, link) for page, link in local if not (page.parent / link).exists()] == []
