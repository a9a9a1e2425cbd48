"""The repository itself: what lies where, what is locked, what may not be named."""

from __future__ import annotations

import hashlib
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

TOP = {
    ".ci",
    ".gitattributes",
    ".gitignore",
    "CHANGELOG.md",
    "LICENSE",
    "Makefile",
    "README.md",
    "docs",
    "edge",
    "models",
    "pyproject.toml",
    "quantize",
    "requirements.lock",
    "systemd",
    "tests",
}
"""Everything that may lie at the top."""

APACHE_2 = "cfc7749b96f63bd31c3c42b5c471bf756814053e847c10f3eb003417bc523d30"
"""SHA-256 of the licence's text as its authors publish it."""

LOCKS = (
    "requirements.lock",
    "tests/requirements-bench.lock",
    "tests/requirements-tflite.lock",
    "systemd/requirements-numpy1.lock",
    "quantize/requirements.lock",
)

MACHINE_PATH = re.compile(r"(?<![\w.])/(work|root|tmp/[a-z]*venv|home/[a-z]+)/")
"""A path that exists on one machine only."""

BUDGET_BYTES = 3 * 1024 * 1024
"""Largest file: the demonstration's clip and each model are far below."""


def tracked() -> list[Path]:
    """The files of the repository, or a skip outside one."""
    outcome = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if outcome.returncode != 0:
        pytest.skip("not in a git checkout")
    return [ROOT / name for name in outcome.stdout.split("\0") if name and (ROOT / name).is_file()]


def texts() -> dict[Path, str]:
    """Tracked files that are text."""
    found: dict[Path, str] = {}
    for path in tracked():
        data = path.read_bytes()
        if b"\0" not in data:
            found[path.relative_to(ROOT)] = data.decode("utf-8")
    return found


def test_nothing_else_lies_at_the_top() -> None:
    assert {path.relative_to(ROOT).parts[0] for path in tracked()} - TOP == set()


def test_no_text_names_a_path_of_one_machine() -> None:
    own = Path("tests/test_project.py")
    named = {str(path): found[0] for path, text in texts().items() if (found := MACHINE_PATH.search(text))}
    named.pop(str(own), None)
    assert named == {}


def test_no_file_is_large() -> None:
    assert [path for path in tracked() if path.stat().st_size > BUDGET_BYTES] == []


def test_the_licence_is_the_unmodified_text() -> None:
    assert hashlib.sha256((ROOT / "LICENSE").read_bytes()).hexdigest() == APACHE_2


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_names_no_host(name: str) -> None:
    rows = (ROOT / name).read_text().splitlines()
    assert [row for row in rows if "://" in row or row.startswith(("-i", "--index", "--extra-index", "--find"))] == []


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_is_exact(name: str) -> None:
    rows = [row for row in (ROOT / name).read_text().splitlines() if row and not row.startswith((" ", "#"))]
    assert [row for row in rows if not re.match(r"[\w.-]+==[\w.!+-]+( ;|$| \\)", row)] == []


@pytest.mark.parametrize("name", LOCKS[:4])
def test_every_locked_package_has_a_hash(name: str) -> None:
    blocks = re.split(r"\n(?=\S)", (ROOT / name).read_text())
    assert [block for block in blocks if "==" in block and "--hash=sha256:" not in block] == []


def names(requirements: list[str]) -> set[str]:
    """Distribution names, as locks write them."""
    found = (re.match(r"[\w.-]+", row) for row in requirements)
    return {match[0].lower().replace("_", "-").replace(".", "-") for match in found if match}


def test_the_lock_has_every_dependency_of_the_box_and_its_tests() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    wanted = names([*project["dependencies"], *extras["test"]])
    assert wanted - names((ROOT / "requirements.lock").read_text().splitlines()) == set()


def test_what_figures_are_measured_beside_is_locked_apart() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    apart = names((ROOT / "tests/requirements-bench.lock").read_text().splitlines())
    assert names(extras["bench"]) - apart == set()
    assert names(extras["bench"]) & names((ROOT / "requirements.lock").read_text().splitlines()) == set()


def test_the_training_lock_has_every_dependency_of_training() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    locked = (ROOT / "quantize/requirements.lock").read_text().splitlines()
    assert names(extras["quantize"]) - names(locked) == set()


def test_the_training_lock_pins_the_torch_that_was_measured() -> None:
    assert "torch==2.13.0" in (ROOT / "quantize/requirements.lock").read_text().splitlines()


def test_no_room_is_called_utils() -> None:
    assert [path for path in tracked() if "utils" in path.stem] == []


def test_every_script_can_be_executed() -> None:
    scripts = [path for path in tracked() if path.read_bytes()[:2] == b"#!"]
    assert [path for path in scripts if not path.stat().st_mode & 0o100] == []
