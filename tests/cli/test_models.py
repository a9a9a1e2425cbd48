"""`anodyne models`: what the bundle holds, and whether this machine runs it right."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.errors import BundleError
from tests.cli.capture import anodyne
from tests.fixtures.bundles import rewrite, tiny_bundle

pytestmark = pytest.mark.models


def test_the_shipped_models_are_listed() -> None:
    outcome = anodyne("models")
    told = ["face_au.tflite", "sha256", "1x80x80x1 int8", "cards/face_au.md", "XNNPACK"]
    assert (outcome.code, [word for word in told if word not in outcome.out]) == (0, [])


def test_the_shipped_models_give_their_golden_answers() -> None:
    outcome = anodyne("models", "--verify")
    assert (outcome.code, "answers as measured at export" in outcome.out) == (0, True)


def test_another_bundle_can_be_looked_at(tmp_path: Path) -> None:
    assert "calibration face: slope" in anodyne("models", "--bundle", str(tiny_bundle(tmp_path / "m"))).out


def test_a_model_that_computes_other_answers_ends_with_1(tmp_path: Path) -> None:
    folder = tiny_bundle(tmp_path / "m")
    rewrite(folder, 'card = "cards/tiny.md"', 'card = "cards/tiny.md"\ngolden = [[[0],[0,0,0]],[[0],[0,0,0]]]')
    outcome = anodyne("models", "--verify", "--bundle", str(folder))
    assert (outcome.code, "wrong: up to" in outcome.out) == (1, True)


def test_a_damaged_bundle_is_refused_as_a_whole(tmp_path: Path) -> None:
    folder = tiny_bundle(tmp_path / "m")
    (folder / "tiny.tflite").write_bytes(b"")
    with pytest.raises(BundleError):
        anodyne("models", "--bundle", str(folder))
