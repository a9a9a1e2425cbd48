"""Checks that run in a root or a machine of their own find there what they import: their lock names all of it."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def imported(source: Path) -> Iterator[str]:
    """Modules that a file imports when it is itself imported."""
    for node in ast.parse(source.read_text()).body:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def files_of(module: str) -> list[Path]:
    """The project's own files behind a module's name, its packages' among them."""
    parts = module.split(".")
    stems = [ROOT.joinpath(*parts[:depth]) for depth in range(1, len(parts) + 1)]
    candidates = [path for stem in stems for path in (stem.with_suffix(".py"), stem / "__init__.py")]
    return [path for path in candidates if path.is_file()]


def needs(folder: Path) -> set[str]:
    """Packages, of those installed here, that the checks of a folder import, also through the project's own modules."""
    waiting = [ROOT / "tests/conftest.py", *folder.glob("*.py")]
    seen: set[Path] = set()
    others: set[str] = set()
    while waiting:
        source = waiting.pop()
        if source in seen:
            continue
        seen.add(source)
        for module in imported(source):
            own = files_of(module) if module.split(".")[0] in ("edge", "tests") else []
            waiting.extend(own)
            if not own:
                others.add(module.split(".")[0])
    installed = packages_distributions()
    return {installed[name][0] for name in others - set(sys.stdlib_module_names) if name in installed}


def same(name: str) -> str:
    """A package's name as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.mark.parametrize("name", ["picamera2", "vm"])
def test_the_lock_names_whatever_the_checks_import(name: str) -> None:
    folder = ROOT / "tests" / name
    locked = {same(found) for found in re.findall(r"^([\w.-]+)==", (folder / "requirements.lock").read_text(), re.M)}
    needed = {same(one) for one in needs(folder)}
    assert {"pytest", "hypothesis"} <= needed
    assert needed - locked == set()
