"""What a scene file may say, and how a wrong one is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.errors import ConfigError
from edge.sensors.simulated.scene import DEMO_SCENE, Scene

GOOD = """
title = "A test"
duration_s = 60.0
[[pain]]
start_s = 10.0
end_s = 40.0
level = 8.0
[[face_away]]
start_s = 30.0
end_s = 35.0
[[band_silent]]
start_s = 45.0
end_s = 55.0
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "scene.toml"
    path.write_text(text)
    return path


def test_the_demo_scene_is_the_one_of_the_readme() -> None:
    scene = Scene.load(DEMO_SCENE)
    assert scene.duration_s == 180.0
    assert scene.pain_level(60.0) == 8.0
    assert scene.face_away_at(80.0)
    assert scene.band_silent_at(110.0)


@pytest.mark.parametrize(("t_s", "level"), [(9.9, 0.0), (11.5, 4.0), (20.0, 8.0), (41.5, 4.0), (43.0, 0.0)])
def test_pain_ramps_over_three_seconds(tmp_path: Path, t_s: float, level: float) -> None:
    assert Scene.load(write(tmp_path, GOOD)).pain_level(t_s) == pytest.approx(level)


def test_a_span_ends_before_its_end(tmp_path: Path) -> None:
    scene = Scene.load(write(tmp_path, GOOD))
    assert scene.band_silent_at(45.0)
    assert not scene.band_silent_at(55.0)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("level = 8.0", "level = 12.0", "pain.1.level"),
        ("level = 8.0", "levle = 8.0", "there is no such key"),
        ("end_s = 40.0", "end_s = 4.0", "not later than start_s"),
        ("end_s = 55.0", "end_s = 65.0", "[[band_silent]] number 1 ends at 65 s"),
        ("duration_s = 60.0", "duration_s = 0.0", "duration_s"),
        ("[[pain]]", "[[pain]", "not valid TOML"),
    ],
)
def test_a_wrong_scene_is_refused_with_file_and_key(tmp_path: Path, old: str, new: str, said: str) -> None:
    path = write(tmp_path, GOOD.replace(old, new))
    with pytest.raises(ConfigError) as caught:
        Scene.load(path)
    assert said in caught.value.message
    assert str(path) in caught.value.message


def test_a_missing_scene_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        Scene.load(tmp_path / "none.toml")


def test_a_scene_that_is_not_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "scene.toml"
    path.write_bytes(b"\xff\xfe\x00binary")
    with pytest.raises(ConfigError, match="not a text file"):
        Scene.load(path)
