"""`anodyne doctor`: what it prints, and how it ends."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.capture import anodyne

UNREACHABLE = '[mqtt]\nhost = "127.0.0.1"\nport = 1\n'

NAMES = [
    *("config", "python", "versions", "runtime", "bundle", "opencv", "state", "rights state", "rights config"),
    *("bluetooth", "rtc", "clock", "daemon", "broker name", "broker tcp"),
]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A configuration whose broker cannot be reached."""
    path = tmp_path / "box.toml"
    path.write_text(f'[box]\nstate_dir = "{tmp_path}"\n{UNREACHABLE}')
    return path


def test_a_box_without_its_broker_is_not_fit(file: Path) -> None:
    outcome = anodyne("doctor", "--config", str(file), "--json")
    assert (outcome.code, json.loads(outcome.out)["fit"]) == (1, False)


def test_everything_is_looked_at_even_after_an_error(file: Path) -> None:
    findings = json.loads(anodyne("doctor", "--config", str(file), "--json").out)["findings"]
    found = [finding["name"] for finding in findings]
    assert [name for name in NAMES if name not in found] == []


def test_a_configuration_that_cannot_be_used_is_a_finding_and_the_rest_is_still_checked(tmp_path: Path) -> None:
    (tmp_path / "box.toml").write_text("[box]\nsight = 1\n")
    outcome = anodyne("doctor", "--config", str(tmp_path / "box.toml"), "--json")
    findings = {finding["name"]: finding for finding in json.loads(outcome.out)["findings"]}
    assert (outcome.code, findings["config"]["grade"], "runtime" in findings) == (1, "error", True)


@pytest.mark.models
def test_a_machine_without_a_configuration_is_fit_or_only_warned() -> None:
    assert anodyne("doctor").code == 0


@pytest.mark.models
def test_every_model_is_named_with_what_xnnpack_does() -> None:
    findings = json.loads(anodyne("doctor", "--json").out)["findings"]
    models = {finding["name"]: finding["text"] for finding in findings if finding["name"].startswith("model ")}
    assert {name for name, text in models.items() if "XNNPACK" in text} == set(models) >= {"model face_au"}


def test_the_text_has_one_row_per_finding(file: Path) -> None:
    rows = anodyne("doctor", "--config", str(file)).out.splitlines()
    assert {row.split()[0] for row in rows} <= {"ok", "warning", "error", "->"}


def test_what_is_wrong_comes_with_what_to_do(file: Path) -> None:
    findings = json.loads(anodyne("doctor", "--config", str(file), "--json").out)["findings"]
    tcp = next(one for one in findings if one["name"] == "broker tcp")
    assert tcp["grade"] == "error"
    assert "start the broker" in tcp["remedy"]
