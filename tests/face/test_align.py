"""The crop's geometry and the normalisation: what training and the daemon share."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from edge.face.align import CLIP, SHIFT_DOWN, SIDE_PX, FaceBox, crop, light, normalise


def ramp(width: int = 320, height: int = 240) -> NDArray[np.uint8]:
    """A picture whose grey is its column, at half scale."""
    return np.repeat((np.arange(width) / 2).astype(np.uint8)[None, :], height, axis=0)


def face(seed: int = 1) -> NDArray[np.uint8]:
    smooth = cv2.GaussianBlur(np.random.default_rng(seed).normal(120, 60, (SIDE_PX, SIDE_PX)), (0, 0), 3)
    return np.clip(smooth * 4 - 350, 0, 255).astype(np.uint8)


def test_the_crop_is_centred_on_the_box() -> None:
    middle = crop(ramp(), FaceBox(160, 120, 100))[:, SIDE_PX // 2 - 1 : SIDE_PX // 2 + 1].mean()
    assert middle == pytest.approx(160 / 2, abs=1)


def test_the_crop_spans_the_box() -> None:
    row = crop(ramp(), FaceBox(160, 120, 100))[SIDE_PX // 2].astype(float) * 2
    assert row[-1] - row[0] == pytest.approx(100 * (SIDE_PX - 1) / SIDE_PX, abs=3)


def test_the_crop_reaches_lower_than_the_box() -> None:
    picture = np.repeat(np.arange(240, dtype=np.uint8)[:, None], 320, axis=1)
    middle = crop(picture, FaceBox(160, 120, 100))[SIDE_PX // 2 - 1 : SIDE_PX // 2 + 1].mean()
    assert middle == pytest.approx(120 + SHIFT_DOWN * 100, abs=1)


def test_a_turned_face_is_set_upright() -> None:
    picture = np.zeros((240, 320), np.uint8)
    cv2.line(picture, (160, 120), (160 + 26, 120 - 45), 255.0, 5)  # a nose that points 30 degrees clockwise of up
    upright = crop(picture, FaceBox(160, 120, 100, roll_deg=30))
    columns = np.flatnonzero(upright[10:30].max(axis=0) > 100)
    assert abs(columns.mean() - SIDE_PX / 2) < 3


def test_beyond_the_picture_its_edge_goes_on() -> None:
    picture = np.full((100, 100), 77, np.uint8)
    assert (crop(picture, FaceBox(0, 0, 150)) == 77).all()


@pytest.mark.parametrize("side", [20.0, 80.0, 200.0, 700.0])
def test_every_size_gives_the_same_shape(side: float) -> None:
    assert crop(ramp(), FaceBox(160, 120, side)).shape == (SIDE_PX, SIDE_PX)


def test_brightness_and_contrast_do_not_matter() -> None:
    dim = (face() * 0.5 + 40).astype(np.uint8)
    assert np.abs(normalise(face()) - normalise(dim)).mean() < 0.02


def test_normalised_grey_stays_within_the_int8_range() -> None:
    assert np.abs(normalise(face())).max() <= CLIP


def test_a_flat_picture_is_not_blown_up_to_noise() -> None:
    flat = np.full((SIDE_PX, SIDE_PX), 90, np.uint8)
    flat[::2] += 1
    assert np.abs(normalise(flat)).max() < 0.2


def test_light_looks_at_the_middle() -> None:
    framed = np.full((SIDE_PX, SIDE_PX), 255, np.uint8)
    framed[8:-8, 8:-8] = 40
    assert light(framed).mean < 80
