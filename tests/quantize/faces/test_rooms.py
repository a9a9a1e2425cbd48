"""Painted rooms: seeded, with labels that lie where the heads were pasted."""

from __future__ import annotations

import numpy as np
import pytest

from edge.face.scan import HEIGHT_PX, WIDTH_PX
from quantize.faces.cutouts import BOX_PX, CENTRE, HEAD, SIZE_PX, Cutouts
from quantize.faces.furniture import room
from quantize.faces.rooms import FACE, TURNED, _paste, scene


def heads() -> Cutouts:
    """A frontal and a turned head: discs, so that no assets are needed."""
    y, x = np.mgrid[:SIZE_PX, :SIZE_PX]
    disc = (np.hypot(x - CENTRE[0], y - CENTRE[1]) < 0.5 * BOX_PX).astype(np.uint8)
    rows = np.zeros(2, HEAD)
    rows["yaw"] = (5, 140)
    rows["points"] = np.array([(20, -15), (-20, -15), (0, 5), (15, 25), (-15, 25)], np.float32) + CENTRE
    rows["visible"] = 1
    return Cutouts(np.stack([disc * 180, disc * 90]), np.stack([disc * 255, disc * 255]), rows)


def test_the_same_seed_paints_the_same_scene() -> None:
    first, second = (scene(heads(), np.random.default_rng(5))[0] for _ in range(2))
    assert np.array_equal(first, second)


def test_scenes_have_the_size_of_the_input_and_up_to_two_heads() -> None:
    made = [scene(heads(), np.random.default_rng([2, k])) for k in range(12)]
    assert {picture.shape for picture, _ in made} == {(HEIGHT_PX, WIDTH_PX)}
    assert {len(rows) for _, rows in made} == {0, 1, 2}


def test_turned_heads_are_called_so() -> None:
    made = [row for k in range(60) for row in scene(heads(), np.random.default_rng([3, k]))[1]]
    assert all((abs(float(row["yaw"])) > 60) == (str(row["what"]) == TURNED) for row in made if row["what"] != "hidden")
    assert {str(row["what"]) for row in made} >= {FACE, TURNED}


@pytest.mark.parametrize("roll_deg", [-100.0, 0.0, 35.0])
def test_a_pasted_head_lies_in_its_box(roll_deg: float) -> None:
    picture = np.zeros((288, 384), np.float32)
    cutouts = heads()
    _paste(picture, cutouts.shade[0], cutouts.opacity[0], (150.0, 120.0, 60.0, roll_deg))
    y, x = np.nonzero(picture > 0.4)
    assert (x.mean(), y.mean(), np.ptp(x)) == pytest.approx((150, 120, 60), abs=2)


def test_a_pasted_landmark_turns_clockwise_with_the_head() -> None:
    cutouts = heads()
    matrix = _paste(
        np.zeros((288, 384), np.float32), cutouts.shade[0], cutouts.opacity[0], (150.0, 120.0, BOX_PX, 90.0)
    )
    left_eye = matrix[:, :2] @ cutouts.rows["points"][0, 0] + matrix[:, 2]
    assert left_eye == pytest.approx((150 + 15, 120 + 20), abs=0.1)


def test_a_room_is_a_picture_of_finite_light() -> None:
    made = room(np.random.default_rng(9), 96, 128)
    assert made.shape == (96, 128)
    assert np.isfinite(made).all()
