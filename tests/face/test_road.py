"""The thin part that touches pictures: find, crop, network, follow, and what is no face to judge."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from edge.bundle import Bundle
from edge.errors import BundleError
from edge.face import FaceEstimator
from edge.face.align import FaceBox
from edge.face.find import Reading, Sighting
from edge.types import Absence, Estimate
from tests.face.clip import demo_clip, frame, span
from tests.fixtures.bundles import face_bundle

BOX = FaceBox(160, 124, 112)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return Bundle.load(face_bundle(tmp_path_factory.mktemp("face") / "models"))


class Follower:
    """A finder that has seen a face at the start and follows it from then on."""

    def __init__(self, answer: Absence | None = None) -> None:
        self.readings: list[Reading] = []
        self.eased = (1.0, 1)
        self._answer = answer

    def find(self, pixels: NDArray[np.uint8], now_ns: int) -> Sighting | Absence:
        """Always the same place, or always the same answer."""
        del pixels, now_ns
        return self._answer or Sighting(BOX, 0, 1.0, fresh=not self.readings)

    def follow(self, reading: Reading, now_ns: int) -> None:
        """Keep what the network said."""
        del now_ns
        self.readings.append(reading)

    def ease(self, stretch: float, threads: int) -> None:
        """It costs nothing."""
        self.eased = (stretch, threads)

    def forget(self) -> None:
        """Begin anew."""
        self.readings.clear()


def test_a_followed_face_is_judged_in_every_picture(bundle: Bundle) -> None:
    finder = Follower()
    estimator = FaceEstimator(bundle, finder=finder)
    said = [estimator.step(one) for one in span(10, 12)]
    assert [one.measured_ns for one in said] == [one.measured_ns for one in span(10, 12)]
    assert {one.absence for one in said} == {None}


def test_the_finder_hears_where_the_face_went(bundle: Bundle) -> None:
    finder = Follower()
    estimator = FaceEstimator(bundle, finder=finder)
    estimator.step(span(10, 11)[0])
    [reading] = finder.readings
    assert reading.face > 0.9
    assert (reading.visible.shape, reading.identity.shape) == ((5,), (16,))
    assert max(abs(reading.right), abs(reading.down), abs(reading.log_size), abs(reading.roll_deg) / 30) < 1.0


@pytest.mark.parametrize(
    "why", [Absence.NO_FACE, Absence.FACE_TURNED, Absence.FACE_COVERED, Absence.TWO_FACES, Absence.OTHER_FACE]
)
def test_what_the_finder_says_is_handed_on(bundle: Bundle, why: Absence) -> None:
    assert FaceEstimator(bundle, finder=Follower(why)).step(span(10, 11)[0]).absence is why


def test_in_the_dark_nobody_can_say_that_there_is_no_face(bundle: Bundle) -> None:
    black = frame(np.zeros((240, 320), np.uint8), 0.0)
    assert FaceEstimator(bundle, finder=Follower(Absence.NO_FACE)).step(black).absence is Absence.TOO_DARK


def test_a_reference_that_is_learnt_anew_is_of_whoever_lies_there_now(bundle: Bundle) -> None:
    finder = Follower()
    estimator = FaceEstimator(bundle, finder=finder)
    estimator.step(span(10, 11)[0])
    estimator.forget_reference("nurse")
    assert finder.readings == []


def test_the_detector_finds_the_face_of_the_clip(bundle: Bundle) -> None:
    estimator = FaceEstimator(bundle)
    said: list[Estimate] = [estimator.step(one) for one in span(10, 12)]
    assert said[-1].absence is None


def test_evidence_is_numbers_only_and_names_its_ground(bundle: Bundle) -> None:
    last = [FaceEstimator(bundle, finder=Follower()).step(one) for one in span(10, 11)][-1]
    grounds = {"AU4", "AU4_sd", "pspi", "pspi_rest", "pspi_change", "pspi_low", "pspi_high", "smile_discount", "box_px"}
    grounds |= {"unknown", "reference_version", "reference_s", "reference_needed_s", "episode", "intensity"}
    assert grounds <= set(last.evidence)
    assert {type(value) for value in last.evidence.values()} == {float}


def test_a_network_of_before_is_refused(tmp_path: Path) -> None:
    folder = face_bundle(tmp_path / "models")
    text = (folder / "bundle.toml").read_text()
    (folder / "bundle.toml").write_text(text.replace('name = "deviation"', 'name = "spread"'))
    with pytest.raises(BundleError, match="its outputs are not"):
        FaceEstimator(Bundle.load(folder))


def with_mean(folder: Path, numbers: int) -> Path:
    """The tiny network with a mean descriptor of so many ones."""
    text = (folder / "bundle.toml").read_text()
    here = "[model.face_au.parameters]"
    assert here in text
    (folder / "bundle.toml").write_text(text.replace(here, f"{here}\nidentity_mean = {[1.0] * numbers}"))
    return folder


def test_the_mean_descriptor_is_taken_out(bundle: Bundle, tmp_path: Path) -> None:
    plain, centred = Follower(), Follower()
    other = Bundle.load(with_mean(face_bundle(tmp_path / "models"), 16))
    for finder, one in ((plain, bundle), (centred, other)):
        FaceEstimator(one, finder=finder).step(span(10, 11)[0])
    assert centred.readings[0].identity == pytest.approx(plain.readings[0].identity - 1.0)


def test_a_mean_descriptor_of_another_length_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="identity_mean has 3 numbers, 16 expected"):
        FaceEstimator(Bundle.load(with_mean(face_bundle(tmp_path / "models"), 3)))


def test_an_estimate_of_a_picture_holds_no_picture(bundle: Bundle) -> None:
    estimator = FaceEstimator(bundle, finder=Follower())
    estimator.step(frame(demo_clip()[0], 0.0))
    held = [value for value in vars(estimator).values() if isinstance(value, np.ndarray) and value.ndim > 1]
    assert held == []


def test_what_is_to_be_spared_is_spared_from_the_next_picture_on(bundle: Bundle) -> None:
    finder = Follower()
    estimator = FaceEstimator(bundle, threads=3, finder=finder)
    before = estimator.step(span(10, 11)[0])
    estimator.ease(2.0, 1)
    after = estimator.step(span(10, 11)[0])
    assert finder.eased == (2.0, 1)
    assert after.quality == pytest.approx(before.quality, abs=0.05)
    estimator.ease(1.0, None)
    estimator.step(span(10, 11)[0])
    assert finder.eased == (1.0, 3)
