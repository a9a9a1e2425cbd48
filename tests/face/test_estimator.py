"""The whole face path, with the shipped network."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from edge.bundle import Bundle, Parameters
from edge.errors import BundleError, BundleReason, InferenceError, InferenceReason
from edge.face import FaceEstimator
from edge.face.units import LABELS
from edge.types import Absence, Estimate, Frame, Modality
from tests.face.clip import demo_clip, frame, read_grey, span

pytestmark = pytest.mark.models


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    return Bundle.load()


def replay(bundle: Bundle, frames: Iterable[Frame]) -> list[Estimate]:
    estimator = FaceEstimator(bundle)
    return [estimator.step(one) for one in frames]


def values(estimates: Iterable[Estimate]) -> list[float]:
    return [estimate.value for estimate in estimates if estimate.absence is None]


def test_a_calm_face_is_near_its_rest(bundle: Bundle) -> None:
    assert max(values(replay(bundle, span(0, 12)))) < 1.0


def test_pain_raises_the_change_far_above_rest(bundle: Bundle) -> None:
    estimates = replay(bundle, [*span(30, 46)])
    assert np.median(values(estimates[-20:])) > 6.0


def test_the_face_leaves_and_is_absent_with_its_reason(bundle: Bundle) -> None:
    estimates = replay(bundle, span(68, 74))
    assert {estimate.absence for estimate in estimates[-10:]} == {Absence.NO_FACE}


def test_it_comes_back_and_is_judged_again(bundle: Bundle) -> None:
    assert replay(bundle, span(93, 97))[-1].absence is None


def test_evidence_names_every_unit_and_its_ground(bundle: Bundle) -> None:
    last = replay(bundle, span(10, 11))[-1]
    grounds = {"pspi", "pspi_rest", "pspi_change", "pspi_low", "pspi_high", "smile_discount", "box_px", "unknown"}
    grounds |= {"reference_version", "reference_s", "reference_needed_s", "episode", "intensity"}
    assert {*LABELS, *(f"{name}_sd" for name in LABELS), *grounds} <= set(last.evidence)


def test_the_interval_holds_the_value(bundle: Bundle) -> None:
    estimates = [estimate for estimate in replay(bundle, span(38, 44)) if estimate.absence is None]
    assert all(low <= estimate.value <= high for estimate in estimates for low, high in [estimate.interval])


def test_while_the_face_is_missed_the_last_estimate_keeps_its_time(bundle: Bundle) -> None:
    estimator = FaceEstimator(bundle)
    seen = [estimator.step(one) for one in span(10, 11)]
    blank = np.full_like(demo_clip()[0], 128)
    assert estimator.step(frame(blank, 11.0)) is seen[-1]


def test_a_black_picture_is_too_dark_to_say(bundle: Bundle) -> None:
    black = np.zeros((240, 320), np.uint8)
    assert replay(bundle, [frame(black, 0.0)])[0].absence is Absence.TOO_DARK


def test_a_dim_face_is_too_dark_or_of_low_quality(bundle: Bundle) -> None:
    dim = [frame((one.pixels * 0.15).astype(np.uint8), k / 10) for k, one in enumerate(span(10, 12))]
    last = replay(bundle, dim)[-1]
    assert last.absence is Absence.TOO_DARK or last.quality < 0.5


def test_a_far_face_is_too_small(bundle: Bundle) -> None:
    far = []
    for k, one in enumerate(span(10, 12)):
        canvas = np.full((240, 320), int(np.median(one.pixels)), np.uint8)
        canvas[80:152, 112:208] = cv2.resize(one.pixels, (96, 72), interpolation=cv2.INTER_AREA)  # 32 pixels
        far.append(frame(canvas, k / 10))
    assert replay(bundle, far)[-1].absence is Absence.FACE_TOO_SMALL


@pytest.mark.parametrize(
    "pixels",
    [
        np.zeros((240, 320, 3), np.uint8),
        np.zeros((240, 320), np.float32),
        np.zeros((0, 0), np.uint8),
        np.zeros((10, 320), np.uint8),
    ],
    ids=["colour", "float", "empty", "sliver"],
)
def test_what_is_no_frame_is_refused_with_its_shape(bundle: Bundle, pixels: NDArray[np.uint8]) -> None:
    with pytest.raises(InferenceError, match="uint8 luminance") as caught:
        FaceEstimator(bundle).step(Frame("camera", pixels, 1, 1))
    assert caught.value.reason is InferenceReason.BAD_INPUT


def test_a_network_with_other_labels_is_refused(bundle: Bundle) -> None:
    model = bundle.model("face_au")
    settings = dict(model.parameters) | {"labels": ("AU1",)}
    other = dataclasses.replace(model, parameters=Parameters("face_au", settings))
    wrong = dataclasses.replace(bundle, models={**bundle.models, "face_au": other})
    with pytest.raises(BundleError) as caught:
        FaceEstimator(wrong)
    assert caught.value.reason is BundleReason.FORMAT


def test_two_cameras_do_not_share_a_patient(bundle: Bundle) -> None:
    first, second = FaceEstimator(bundle), FaceEstimator(bundle)
    for one in span(44, 46):
        first.step(one)
    assert second.step(span(72, 72.1)[0]).absence is Absence.NO_FACE


def test_it_speaks_for_the_face_only(bundle: Bundle) -> None:
    assert {estimate.modality for estimate in replay(bundle, span(69, 72))} == {Modality.FACE}


def test_a_real_smile_stays_far_below_rendered_pain(bundle: Bundle, shared: Path) -> None:
    """A real person goes from neutral to a wide smile; the change must stay below the calibrated even odds of pain."""
    calibration = bundle.calibration("face")
    even_odds = -calibration.number("intercept") / calibration.number("slope")
    frames = [frame(pixels, k / 10) for k, pixels in enumerate(read_grey(shared / "media" / "single_face.mp4")[::3])]
    assert max(values(replay(bundle, frames))) < even_odds


def test_a_real_face_that_leaves_is_absent(bundle: Bundle, shared: Path) -> None:
    frames = [frame(pixels, k / 9) for k, pixels in enumerate(read_grey(shared / "media" / "face_noface.mov")[::3])]
    estimates = replay(bundle, frames)
    assert (estimates[10].absence, estimates[-1].absence) == (None, Absence.NO_FACE)
