"""The shipped detector on the demonstration's clip and on real clips, with the follower behind it."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from edge.bundle import Bundle
from edge.face.find import Sighting
from edge.face.finder import NetworkFinder
from edge.types import NS_PER_S, Absence
from tests.face.clip import demo_clip, read_grey

pytestmark = pytest.mark.models


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    """The shipped bundle."""
    return Bundle.load()


def outcomes(bundle: Bundle, frames: list[NDArray[np.uint8]], rate_hz: float = 10) -> list[Sighting | Absence]:
    finder = NetworkFinder(bundle)
    return [finder.find(pixels, round((10 + k / rate_hz) * NS_PER_S)) for k, pixels in enumerate(frames)]


def share_found(found: list[Sighting | Absence]) -> float:
    return float(np.mean([isinstance(one, Sighting) for one in found]))


def test_the_face_of_the_demonstration_lies_where_it_was_drawn(bundle: Bundle) -> None:
    last = outcomes(bundle, list(demo_clip()[100:110]))[-1]
    assert isinstance(last, Sighting)
    assert (last.box.x, last.box.y, last.box.side) == pytest.approx((160, 124, 108), abs=16)


def test_an_empty_pillow_is_no_face(bundle: Bundle) -> None:
    assert share_found(outcomes(bundle, list(demo_clip()[720:940]))) == 0


@pytest.mark.parametrize("tilt_deg", [-100, -60, 60, 100])
def test_a_head_that_lies_is_found_at_its_roll(bundle: Bundle, tilt_deg: float) -> None:
    turn = cv2.getRotationMatrix2D((160, 120), -tilt_deg, 1.0)
    frames = [
        np.asarray(cv2.warpAffine(one, turn, (320, 240), borderMode=cv2.BORDER_REPLICATE), dtype=np.uint8)
        for one in demo_clip()[100:120]
    ]
    last = outcomes(bundle, frames)[-1]
    assert isinstance(last, Sighting)
    assert last.box.roll_deg == pytest.approx(tilt_deg, abs=15)


@pytest.mark.parametrize(("clip", "expected"), [("no_face.mp4", 0.0), ("single_face.mp4", 0.9)])
def test_real_clips_without_and_with_a_face(bundle: Bundle, shared: Path, clip: str, expected: float) -> None:
    frames = read_grey(shared / "media" / clip)[::3]
    assert share_found(outcomes(bundle, frames)) == pytest.approx(expected, abs=0.1)


def test_a_real_face_that_leaves_is_reported_gone(bundle: Bundle, shared: Path) -> None:
    found = outcomes(bundle, read_grey(shared / "media/face_noface.mov")[::3], 9)
    assert share_found(found[3:20]) == 1
    assert share_found(found[-10:]) == 0


def test_a_real_face_that_comes_is_found(bundle: Bundle, shared: Path) -> None:
    found = outcomes(bundle, read_grey(shared / "media/noface_face.mov")[::3], 9)
    assert share_found(found[:20]) == 0
    assert share_found(found[-20:-3]) == 1
