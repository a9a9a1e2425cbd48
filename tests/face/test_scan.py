"""From a frame to the detector's input and from its int8 outputs to heads."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from edge.bundle import TensorSpec
from edge.face.align import FaceBox
from edge.face.scan import (
    HEADS,
    HEIGHT_PX,
    OUTPUTS,
    STRIDES,
    WIDTH_PX,
    Candidate,
    Fit,
    apart,
    decode,
    fitted,
    normalise,
    roll_of,
    share_of_union,
)

STEP = 0.05
EXACT = Fit(1.0, 0.0, 0.0)


def nothing() -> list[NDArray[np.int8]]:
    """Outputs that hold no head: log-odds -6."""
    outputs = []
    for name, stride in ((name, stride) for stride in STRIDES for name in HEADS):
        fill = -120 if name == "score" else 0
        outputs.append(np.full((1, HEIGHT_PX // stride, WIDTH_PX // stride, HEADS[name]), fill, np.int8))
    return outputs


def specs() -> list[TensorSpec]:
    return [TensorSpec(name, (), STEP, 0) for name in OUTPUTS]


def put(outputs: list[NDArray[np.int8]], row: int, column: int, *, channel: int = 0, steps: int = 60) -> None:
    """A head of 64 pixels in a cell of the coarse grid, its landmarks those of a face that lies on its left side."""
    outputs[4][0, row, column, channel] = steps
    place = np.array([0, 0, 0.2, -0.2, 0.2, 0.2, 0, 0, -0.2, -0.2, -0.2, 0.2])
    outputs[5][0, row, column] = np.rint(place / STEP).astype(np.int8)


def test_a_cell_that_fires_is_a_head_at_its_centre() -> None:
    outputs = nothing()
    put(outputs, 4, 6)
    (found,) = decode(outputs, specs(), EXACT, 0.5)
    assert (found.box.x, found.box.y, found.box.side) == pytest.approx((103.5, 71.5, 64.0))


def test_the_roll_is_that_from_the_eyes_to_the_mouth() -> None:
    outputs = nothing()
    put(outputs, 4, 6)
    (found,) = decode(outputs, specs(), EXACT, 0.5)
    assert found.box.roll_deg == pytest.approx(90.0)


def test_a_head_below_the_threshold_is_left_out() -> None:
    outputs = nothing()
    put(outputs, 4, 6, steps=10)
    assert decode(outputs, specs(), EXACT, 0.7) == []


def test_neighbouring_cells_are_one_head() -> None:
    outputs = nothing()
    for column in (5, 6, 7):
        put(outputs, 4, column, steps=50 + column)
    assert len(decode(outputs, specs(), EXACT, 0.5)) == 1


def test_a_turned_head_is_told_from_a_face() -> None:
    outputs = nothing()
    put(outputs, 4, 6, channel=1)
    (found,) = decode(outputs, specs(), EXACT, 0.5)
    assert found.turned > 0.9 > found.face


def test_boxes_are_in_pixels_of_the_frame() -> None:
    outputs = nothing()
    put(outputs, 4, 6)
    _, fit = fitted(np.zeros((480, 640), np.uint8))
    (found,) = decode(outputs, specs(), fit, 0.5)
    assert (found.box.x, found.box.y) == pytest.approx((104 / 0.4 - 0.5, 72 / 0.4 - 0.5))


def test_a_tall_frame_lies_in_the_middle() -> None:
    small, fit = fitted(np.zeros((640, 480), np.uint8))
    assert small.shape == (192, 144)
    assert fit.left == pytest.approx(56, abs=0.5)


def test_the_input_has_zero_mean_and_unit_deviation() -> None:
    values = normalise(np.random.default_rng(1).integers(60, 120, (HEIGHT_PX, WIDTH_PX)).astype(np.uint8))
    assert (values.mean(), values.std()) == pytest.approx((0, 1), abs=0.01)


def test_a_flat_picture_is_not_blown_up() -> None:
    assert not normalise(np.full((HEIGHT_PX, WIDTH_PX), 77, np.uint8)).any()


@pytest.mark.parametrize("roll_deg", [-110, -45, 0, 30, 110])
def test_roll_of_turned_landmarks(roll_deg: float) -> None:
    upright = np.array([(0.2, -0.2), (-0.2, -0.2), (0, 0), (0.15, 0.2), (-0.15, 0.2)], np.float32)
    angle = np.deg2rad(roll_deg)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]], np.float32)
    assert roll_of(upright @ turn.T) == pytest.approx(roll_deg, abs=0.01)


def test_the_better_of_two_that_overlap_is_kept() -> None:
    points, visible = np.zeros((5, 2), np.float32), np.ones(5, np.float32)
    found = [Candidate(FaceBox(x, 0, 10), score, 0.0, points, visible) for x, score in ((0, 0.6), (2, 0.9), (40, 0.5))]
    assert [one.box.x for one in apart(found)] == [2, 40]


def test_half_of_two_squares_that_are_shifted_by_a_third_is_shared() -> None:
    assert share_of_union(FaceBox(0, 0, 30), FaceBox(10, 0, 30)) == pytest.approx(0.5)
