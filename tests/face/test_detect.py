"""Finding, keeping and losing the face, on the demonstration's clip and on real clips."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from edge.face.detect import FaceFinder
from edge.types import NS_PER_S
from tests.face.clip import demo_clip, frame, read_grey, span


def test_a_face_is_confirmed_by_its_third_picture() -> None:
    finder = FaceFinder()
    seen = [finder.find(one.pixels, one.measured_ns) is not None for one in span(10, 10.5)]
    assert seen == [False, False, True, True, True]


def test_it_lies_where_it_was_drawn() -> None:
    finder = FaceFinder()
    for one in span(10, 11):
        sighting = finder.find(one.pixels, one.measured_ns)
    assert sighting is not None
    assert (sighting.box.x, sighting.box.y) == pytest.approx((160, 124), abs=14)


def test_nearly_every_face_picture_of_the_clip_is_found() -> None:
    finder = FaceFinder()
    found = [finder.find(one.pixels, one.measured_ns) is not None for one in span(0, 70)[::2]]
    assert np.mean(found) > 0.95


def test_a_face_that_left_is_gone_within_two_seconds() -> None:
    finder = FaceFinder()
    last_s = max(k / 10 for k, one in enumerate(span(68, 80)) if finder.find(one.pixels, one.measured_ns)) + 68
    assert last_s < 72


def test_an_empty_pillow_is_no_face() -> None:
    finder = FaceFinder()
    assert not any(finder.find(one.pixels, one.measured_ns) for one in span(72, 94))


def test_one_missed_picture_does_not_lose_the_face() -> None:
    finder = FaceFinder()
    for one in span(10, 11):
        finder.find(one.pixels, one.measured_ns)
    blank = np.full_like(demo_clip()[0], 128)
    sighting = finder.find(blank, frame(blank, 11.0).measured_ns)
    assert sighting is not None
    assert sighting.seen_ns < frame(blank, 11.0).measured_ns


@pytest.mark.parametrize("tilt_deg", [-35, 35])
def test_a_head_that_lies_tilted_is_found_upright(tilt_deg: float) -> None:
    finder = FaceFinder()
    sighting = None
    for k, one in enumerate(span(10, 12)):
        sighting = finder.find(tilted(one.pixels, tilt_deg), k * NS_PER_S // 10)
    assert sighting is not None
    assert sighting.box.roll_deg == pytest.approx(tilt_deg, abs=10)


def tilted(pixels: NDArray[np.uint8], clockwise_deg: float) -> NDArray[np.uint8]:
    turn = cv2.getRotationMatrix2D((160, 124), -clockwise_deg, 1.0)
    return np.asarray(cv2.warpAffine(pixels, turn, (320, 240), borderMode=cv2.BORDER_REPLICATE), dtype=np.uint8)


def test_time_that_runs_backwards_loses_the_face_but_does_not_fail() -> None:
    finder = FaceFinder()
    for one in reversed(span(10, 11)):
        finder.find(one.pixels, one.measured_ns)
    blank = np.full_like(demo_clip()[0], 128)
    assert finder.find(blank, 0) is None


@pytest.mark.parametrize(("clip", "expected"), [("no_face.mp4", 0.0), ("single_face.mp4", 0.9)])
def test_real_clips_without_and_with_a_face(shared: Path, clip: str, expected: float) -> None:
    finder = FaceFinder()
    frames = read_grey(shared / "media" / clip)[::3]
    share = np.mean([finder.find(pixels, k * NS_PER_S // 10) is not None for k, pixels in enumerate(frames)])
    assert share == pytest.approx(expected, abs=0.1)


def test_a_real_face_that_leaves_is_reported_gone(shared: Path) -> None:
    finder = FaceFinder()
    frames = read_grey(shared / "media" / "face_noface.mov")[::3]
    found = [finder.find(pixels, k * NS_PER_S // 9) is not None for k, pixels in enumerate(frames)]
    assert (any(found[:10]), any(found[-10:])) == (True, False)
