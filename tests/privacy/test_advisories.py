"""An audit that could not look up anything does not say that all is well."""

from __future__ import annotations

import json

import pytest

from tests.privacy.advisories import NONE, SOME, UNKNOWN, installed, read

GOOD = {"name": "numpy", "version": "2.1", "vulns": []}
BAD = {"name": "old", "version": "1.0", "vulns": [{"id": "PYSEC-1", "fix_versions": ["1.1"], "aliases": []}]}
SKIPPED = {"name": "x", "skip_reason": "Dependency not found on PyPI and could not be audited: x (1)"}


@pytest.mark.parametrize(
    ("rows", "code", "word"),
    [
        ([GOOD], NONE, "none of 1 packages"),
        ([GOOD, BAD], SOME, "old 1.0: PYSEC-1, mended in 1.1"),
        ([GOOD, SKIPPED], UNKNOWN, "1 of 2 packages"),
        ([BAD, SKIPPED], SOME, "PYSEC-1"),
        ([SKIPPED, SKIPPED], UNKNOWN, "could not be asked about any"),
    ],
)
def test_what_is_known_and_what_is_not(rows: list[dict[str, object]], code: int, word: str) -> None:
    found = read(json.dumps({"dependencies": rows, "fixes": []}))
    assert found.code == code
    assert word in found.words()


@pytest.mark.parametrize("report", ["", "{", "[]", "{}"])
def test_no_report_says_nothing(report: str) -> None:
    assert read(report).code == UNKNOWN


def test_the_box_installs_what_it_needs_and_no_tool() -> None:
    names = {one.partition("==")[0].lower() for one in installed()}
    assert {"numpy", "pydantic", "cryptography", "paho-mqtt"} <= names
    assert not names & {"pytest", "mypy", "ruff", "torch", "matplotlib", "hypothesis"}
