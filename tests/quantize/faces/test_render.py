"""The renderer, where its packages and the head assets are present."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

pytest.importorskip("numba")

from quantize.faces.dataset import render_person
from quantize.faces.expression import Units, deform
from quantize.faces.head import Head, Material, load_head
from quantize.faces.person import make_person
from quantize.faces.render import Camera, Drawing, Renderer, compose
from quantize.faces.shot import Pose, Shot


@pytest.fixture(scope="module")
def head(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Head:
    return load_head(shared, tmp_path_factory.mktemp("head"))


def draw(head: Head, units: Units, facs: float, pose: Pose | None = None, side: int = 200) -> Drawing:
    person = make_person(head, np.random.default_rng([3, 1]))
    moved = deform(head, person, units, np.random.default_rng(1), facs)
    camera = Camera(side, side, side / 2, side / 2, 0.6 * side)
    return Renderer(head).draw(person, moved, units, Shot(pose or Pose()), camera)


def lowered(head: Head, units: Units, facs: float, part: str) -> float:
    """How far the lowest point of the upper lids, or the jaw, came down, dm."""
    person = make_person(head, np.random.default_rng([3, 1]))
    moved = deform(head, person, units, np.random.default_rng(1), facs) - person.vertices
    return float(-moved[:, 1].min()) if part == "lid" else float(np.abs(moved).max())


def test_the_head_holds_both_sculpts(head: Head) -> None:
    assert {"facs/43", "mpfb/asian/eye-left-closure", "macro/african-female-old"} <= set(head.targets)


def test_eyes_are_beside_each_other(head: Head) -> None:
    left, right = (head.base[head.eye(kind)].mean(axis=0) for kind in (Material.EYE_LEFT, Material.EYE_RIGHT))
    assert (left[1], left[0]) == (pytest.approx(right[1], abs=1e-3), pytest.approx(-right[0], abs=1e-3))


@pytest.mark.parametrize("facs", [0.0, 1.0])
def test_closed_eyes_cover_the_iris(head: Head, facs: float) -> None:
    open_eyes, shut = (draw(head, units, facs).luminance for units in ({}, {"AU43": 5.0}))
    eyes = (slice(70, 95), slice(55, 145))
    assert np.abs(open_eyes[eyes] - shut[eyes]).mean() > 2 * np.abs(open_eyes[130:150] - shut[130:150]).mean()


def test_more_intensity_moves_more(head: Head) -> None:
    assert lowered(head, {"AU26": 5.0}, 1.0, "jaw") > 1.5 * lowered(head, {"AU26": 2.0}, 1.0, "jaw")


@pytest.mark.parametrize("name", ["AU4", "AU6", "AU7", "AU9", "AU10", "AU12", "AU25", "AU26"])
def test_every_unit_changes_the_picture(head: Head, name: str) -> None:
    assert np.abs(draw(head, {name: 5.0}, 0.5).luminance - draw(head, {}, 0.5).luminance).max() > 0.05


def test_the_cascade_draws_its_box_where_we_say(head: Head) -> None:
    person = make_person(head, np.random.default_rng([3, 1]))
    drawing = draw(head, {}, 1.0, side=300)
    picture = compose(drawing, np.full((300, 300), 0.6, np.float32), person)
    grey: NDArray[np.uint8] = np.asarray(np.clip(picture * 0.8, 0, 1) * 255, dtype=np.uint8)
    cascade = cv2.CascadeClassifier(str(Path(cv2.__file__).parent / "data/haarcascade_frontalface_default.xml"))
    ((x, y, side, _),) = cascade.detectMultiScale(grey, 1.1, 5, minSize=(100, 100))
    assert (x + side / 2, y + side / 2, side) == pytest.approx(
        (drawing.box.x, drawing.box.y, drawing.box.side), rel=0.2
    )


def test_a_turned_head_stays_in_its_box(head: Head) -> None:
    drawing = draw(head, {}, 1.0, Pose(yaw_deg=30, roll_deg=20))
    assert drawing.inside[60:140, 60:140].mean() > 0.8


def test_the_same_seed_renders_the_same_pixels(head: Head) -> None:
    first, second = (render_person(Renderer(head), 9, 4) for _ in range(2))
    assert (first.crops == second.crops).all()
    assert (first.units == second.units).all()


def test_two_identities_differ(head: Head) -> None:
    first, second = (render_person(Renderer(head), 9, number) for number in (4, 5))
    assert np.abs(first.crops.astype(int) - second.crops.astype(int)).mean() > 10
