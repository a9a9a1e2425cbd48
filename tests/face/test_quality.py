"""Quality falls with each thing that spoils a face picture."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from edge.face.align import FaceBox, crop
from edge.face.find import Sighting
from edge.face.quality import parts
from tests.face.clip import demo_clip

BOX = FaceBox(160, 124, 112)
GOOD = Sighting(BOX, 0, 1.0, fresh=True)


@pytest.fixture(scope="module")
def face() -> NDArray[np.uint8]:
    return crop(demo_clip()[20], BOX)


def test_a_good_picture_is_worth_nearly_all(face: NDArray[np.uint8]) -> None:
    assert min(parts(face, GOOD).values()) > 0.8


def test_a_small_face_is_worth_less(face: NDArray[np.uint8]) -> None:
    assert parts(face, Sighting(FaceBox(0, 0, 50), 0, 1.0, fresh=True))["size"] < 0.5


def test_a_dark_face_is_worth_less(face: NDArray[np.uint8]) -> None:
    assert parts((face * 0.2).astype(np.uint8), GOOD)["light"] < 0.5


def test_a_face_in_fog_is_worth_less(face: NDArray[np.uint8]) -> None:
    assert parts((face * 0.1 + 150).astype(np.uint8), GOOD)["contrast"] < 0.5


def test_a_blurred_face_is_worth_less(face: NDArray[np.uint8]) -> None:
    blurred = np.asarray(cv2.GaussianBlur(face, (0, 0), 5), dtype=np.uint8)
    assert parts(blurred, GOOD)["sharpness"] < 0.6 < parts(face, GOOD)["sharpness"]


def test_a_face_seen_now_and_then_is_worth_less(face: NDArray[np.uint8]) -> None:
    assert parts(face, Sighting(BOX, 0, 0.3, fresh=True))["stability"] < 0.5
