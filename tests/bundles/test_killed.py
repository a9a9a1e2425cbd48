"""SIGKILL before operations on files, in every step: the box starts, and runs the old bundle or the new.

Every third operation here, every one in `make kills`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from edge.bundles import steps
from edge.bundles.pointer import Pointer, Shadowing, Trial, write_pointer
from edge.bundles.shelf import Shelf
from edge.clock import read_boot_id
from tests.fixtures.signed import Site

pytestmark = pytest.mark.timeout(300)

EVERY = 1 if os.environ.get("ANODYNE_EVERY_OPERATION") else 3
"""Operations from one death to the next."""


@dataclass(frozen=True)
class Death:
    """What a start found after a death; the last one is of the step that came through."""

    operation: str
    died: bool
    runs: str
    before: Pointer
    after: Pointer
    ids: list[str]


@pytest.fixture
def shelf(site: Site, tmp_path: Path) -> Shelf:
    """A box that runs an installed bundle, 0.2.0; its pointer is the test's to write."""
    (tmp_path / "state").mkdir()
    shelf = site.shelf(tmp_path / "state")
    name = shelf.install(site.bundle("0.2.0"))
    write_pointer(shelf.folder, Pointer(active=name, over=shelf.shipped_digest()))
    return shelf


def deaths(step: str, shelf: Shelf, site: Site, bundle: Path) -> list[Death]:
    """Kill a step at its operations."""
    arguments = [step, str(shelf.folder.parent), str(site.keys), str(bundle), str(EVERY)]
    command = [sys.executable, "-m", "tests.bundles.killed", *arguments]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr[-2000:]
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    found = [
        Death(
            row["operation"],
            row["died"],
            row["runs"],
            Pointer.model_validate(row["before"]),
            Pointer.model_validate(row["after"]),
            row["ids"],
        )
        for row in rows
    ]
    assert [one.died for one in found] == [True] * (len(found) - 1) + [False]
    return found


def test_an_installation(shelf: Shelf, site: Site) -> None:
    [old] = shelf.ids()
    found = deaths("install", shelf, site, site.bundle("0.3.0"))
    assert len(found) > 20 / EVERY
    assert {one.runs for one in found} == {old}
    assert {tuple(one.ids) for one in found[:-1]} <= {(old,), tuple(found[-1].ids)}
    assert found[0].ids == [old]
    assert len(found[-1].ids) == 2


def test_a_commit(shelf: Shelf, site: Site) -> None:
    old = shelf.ids()[0]
    new = shelf.install(site.bundle("0.3.0"))
    found = deaths("commit", shelf, site, site.bundle("0.3.0"))
    assert len(found) > 4 / EVERY
    assert {one.runs for one in found} == {old, new}
    assert all((one.before.trial is not None) is (one.runs == new) for one in found)
    assert all(one.before.active == old for one in found)


def test_a_start_of_a_trial_that_dies_is_the_last_one(shelf: Shelf, site: Site) -> None:
    old = shelf.ids()[0]
    new = shelf.install(site.bundle("0.3.0"))
    steps.commit(shelf, new, 60.0, "a test")
    found = deaths("begin", shelf, site, site.bundle("0.3.0"))
    assert {one.runs for one in found} == {old, new}
    for one in found:
        assert one.before.trial is not None
        assert (one.runs == old) is (one.before.trial.running is not None)


def test_a_confirmation(shelf: Shelf, site: Site) -> None:
    old = shelf.ids()[0]
    new = shelf.install(site.bundle("0.3.0"))
    running = Trial(id=new, seconds=60.0, running=read_boot_id())
    write_pointer(shelf.folder, Pointer(active=old, over=shelf.shipped_digest(), trial=running))
    found = deaths("confirm", shelf, site, site.bundle("0.3.0"))
    assert {one.runs for one in found} == {old, new}
    assert all((one.runs == new) is (one.before.active == new) for one in found)
    assert found[-1].after == Pointer(active=new, previous=old, over=shelf.shipped_digest())


def test_a_rollback(shelf: Shelf, site: Site) -> None:
    old = shelf.ids()[0]
    new = shelf.install(site.bundle("0.3.0"))
    write_pointer(shelf.folder, Pointer(active=new, previous=old, over=shelf.shipped_digest()))
    found = deaths("rollback", shelf, site, site.bundle("0.3.0"))
    assert {one.runs for one in found} == {old, new}
    assert found[-1].runs == old


@pytest.mark.parametrize("step", ["shadow", "shadow_ended", "clean"])
def test_what_is_beside_never_changes_what_runs(shelf: Shelf, site: Site, step: str) -> None:
    old = shelf.ids()[0]
    new = shelf.install(site.bundle("0.3.0"))
    beside = None if step == "shadow" else Shadowing(id=new, seconds=60.0, running=read_boot_id())
    write_pointer(shelf.folder, Pointer(active=old, over=shelf.shipped_digest(), shadow=beside))
    found = deaths(step, shelf, site, site.bundle("0.3.0"))
    assert len(found) > 3 / EVERY
    assert {one.runs for one in found} == {old}
