"""Figures of made-up detectors on made-up scenes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from edge.face.align import FaceBox
from edge.face.scan import HEIGHT_PX, WIDTH_PX, Candidate
from quantize.detector.evaluate import box_of, measure, shared
from quantize.faces.rooms import FACE, FOUND, TURNED, Scenes


def scenes() -> Scenes:
    """An empty room, a face, and a turned head; the first pixel tells which."""
    pictures = np.zeros((3, HEIGHT_PX, WIDTH_PX), np.uint8)
    pictures[:, 0, 0] = (0, 1, 2)
    rows = np.zeros(2, FOUND)
    rows["scene"], rows["what"] = (1, 2), (FACE, TURNED)
    rows["box"] = (90.0, 70.0, 40.0, 30.0)
    rows["worn"], rows["light"] = "mask", "room"
    return Scenes(pictures, rows)


def candidate(turned: float = 0.0) -> Candidate:
    box = box_of(scenes().rows[0])
    return Candidate(box, 0.9, turned, np.zeros((5, 2), np.float32), np.zeros(5, np.float32))


def perfect(picture: NDArray[np.uint8]) -> list[Candidate]:
    match int(picture[0, 0]):
        case 1:
            return [candidate()]
        case 2:
            return [candidate(0.95)]
        case _:
            return []


def test_a_perfect_detector_finds_all() -> None:
    figures = measure(perfect, scenes())
    assert (figures.recall["all"].value, figures.recall["worn mask"].value, figures.false_all) == (1, 1, 0)
    assert figures.turned_seen.value == 1


def test_a_detector_that_always_fires_has_false_faces_in_empty_rooms() -> None:
    figures = measure(lambda _: [candidate()], scenes())
    assert (figures.false_empty, figures.turned_as_face.value) == (1, 1)


def test_a_box_of_twice_the_size_is_no_hit() -> None:
    large = replace(candidate(), box=FaceBox(90, 70, 80, 30))
    assert measure(lambda _: [large], scenes()).recall["all"].value == 0


def test_squares_that_are_turned_against_one_another_share_less() -> None:
    assert shared(FaceBox(0, 0, 10), FaceBox(0, 0, 10, 45)) == pytest.approx(0.707, abs=0.01)
