"""What the detector should answer, and scenes that are changed together with their labels."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from edge.face.scan import HEIGHT_PX, STRIDES, WIDTH_PX
from quantize.detector.data import varied, wanted
from quantize.faces.rooms import FACE, FOUND, HIDDEN, TURNED


def heads(what: str = FACE, side: float = 24.0) -> NDArray[np.void]:
    rows = np.zeros(1, FOUND)
    rows["what"] = what
    rows["box"] = (100.0, 60.0, side, 0.0)
    rows["points"] = np.array([(104, 57), (96, 57), (100, 62), (103, 66), (97, 66)], np.float32)
    rows["visible"] = (1, 1, 0, 1, 1)
    return rows


@pytest.mark.parametrize(("side", "grids"), [(16.0, [True, False]), (35.0, [True, True]), (90.0, [False, True])])
def test_each_grid_answers_for_its_sizes(side: float, grids: list[bool]) -> None:
    assert [bool((grid.score == 1).any()) for grid in wanted(heads(side=side))] == grids


def test_the_cells_around_are_free_to_answer_or_not() -> None:
    fine, _ = wanted(heads())
    assert (fine.score[..., 0] == -1).sum() > 0


def test_a_turned_head_is_wanted_in_the_other_channel() -> None:
    _, coarse = wanted(heads(TURNED, 60.0))
    assert ((coarse.score[..., 0] == 1).any(), (coarse.score[..., 1] == 1).any()) == (False, True)


def test_a_hidden_head_is_wanted_nowhere() -> None:
    assert not any((grid.score == 1).any() for grid in wanted(heads(HIDDEN)))


def test_what_is_wanted_decodes_to_the_box() -> None:
    fine, _ = wanted(heads())
    row, column = np.argwhere(fine.known == 2)[0]
    centre = (np.array([column, row]) + 0.5) * STRIDES[0] - 0.5
    assert centre + fine.place[row, column, :2] * 24 == pytest.approx((100, 60), abs=1e-4)


def test_a_landmark_stays_on_its_pixel_when_the_scene_is_moved() -> None:
    for seed in range(12):
        picture = np.zeros((HEIGHT_PX, WIDTH_PX), np.uint8)
        rows = heads()
        picture[55:60, 101:108] = 255  # around the person's left eye at (104, 57)
        moved, changed = varied(picture, rows, np.random.default_rng(seed))
        eyes = changed["points"][0, :2]
        bright = [moved[round(float(y)), round(float(x))] > moved.mean() + 1 for x, y in eyes]
        assert sum(bright) == 1


def test_a_mirrored_face_has_its_own_left_eye_on_the_left_of_its_right_one() -> None:
    for seed in range(12):
        _, changed = varied(np.zeros((HEIGHT_PX, WIDTH_PX), np.uint8), heads(), np.random.default_rng(seed))
        left, right = changed["points"][0, :2]
        assert left[0] > right[0]
