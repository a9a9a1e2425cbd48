"""A scene survives being written and read."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.sensors.simulated.scene import Scene
from edge.simulate.library import find, names
from edge.simulate.scene_file import as_toml


@pytest.mark.parametrize("name", names())
def test_every_shipped_scenario_is_the_same_after_writing_and_reading(name: str, tmp_path: Path) -> None:
    scene = find(name)
    path = tmp_path / "scene.toml"
    path.write_text(as_toml(scene), encoding="utf-8")
    assert Scene.load(path) == scene


def test_a_title_with_quotes_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "scene.toml"
    path.write_text(as_toml(Scene(title='the "bad" \\ night', duration_s=10.0)), encoding="utf-8")
    assert Scene.load(path).title == 'the "bad" \\ night'
