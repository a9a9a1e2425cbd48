"""From numbers to the estimate: interval, unknown, reference, episode."""

from __future__ import annotations

import dataclasses

import pytest

from edge.bundle import Parameters
from edge.errors import BundleError
from edge.face.episode import FEATURES
from edge.face.find import STAYS_S
from edge.face.judge import Settings
from edge.face.reference import NEEDED_S
from edge.face.units import LABELS
from edge.types import Absence
from tests.face.numbers import ANNA, BERTA, PAIN, Floats, Patient, figure
from tests.face.test_episode import Course, sleep, smile, speech

CALM = {"AU4": 0.6}


@pytest.fixture
def patient() -> Patient:
    """Somebody whose reference is known."""
    one = Patient()
    one.show(CALM, 60)
    return one


def test_a_calm_face_has_no_change(patient: Patient) -> None:
    assert patient.show(CALM, 5)[-1].value == pytest.approx(0.0, abs=0.15)


def test_standing_pain_counts_in_full(patient: Patient) -> None:
    last = patient.show(PAIN, 8)[-1]
    assert last.value == pytest.approx(last.evidence["pspi_change"])
    assert last.value > 8.0


@pytest.mark.parametrize("course", [smile, speech, sleep])
def test_what_the_filter_knows_to_be_something_else_is_taken_back(patient: Patient, course: Course) -> None:
    last = patient.show(course, 8)[-1]
    assert last.value <= max(0.5 * last.evidence["pspi_change"], 0.5)


def test_the_upper_end_takes_nothing_back(patient: Patient) -> None:
    last = patient.show(sleep, 8)[-1]
    assert last.interval[1] >= last.evidence["pspi_change"]


def test_a_mask_lowers_the_quality_and_widens_the_interval(patient: Patient) -> None:
    bare = patient.show(CALM, 5)[-1]
    masked = patient.show(CALM, 5, "nose", "mouth")[-1]
    assert masked.quality == pytest.approx(bare.quality * 11 / 16)
    assert masked.interval[1] - bare.interval[1] > 4.0


def test_with_too_little_in_sight_the_face_is_covered(patient: Patient) -> None:
    last = patient.show(PAIN, 5, "brows", "left_eye", "right_eye")[-1]
    assert last.absence is Absence.FACE_COVERED


def test_an_unsure_network_widens_the_interval(patient: Patient) -> None:
    sure, unsure = patient.show(CALM, 5)[-1], patient.show(CALM, 5, deviation=1.5)[-1]
    assert unsure.interval[1] > sure.interval[1] + 1.0


def test_without_a_reference_it_says_so_and_is_less_sure(patient: Patient) -> None:
    new = Patient().show(CALM, 2)[-1]
    known = patient.show(CALM, 2)[-1]
    assert new.evidence["reference_needed_s"] >= NEEDED_S - 2
    assert known.evidence["reference_needed_s"] == 0.0
    assert (new.quality < known.quality, new.interval[0] < known.interval[0]) == (True, True)


def test_in_pain_since_the_start_nothing_is_learnt() -> None:
    patient = Patient()
    last = patient.show(PAIN, 120)[-1]
    assert (last.evidence["reference_s"] < 5, last.value > 7.0) == (True, True)


def test_an_episode_freezes_the_reference(patient: Patient) -> None:
    before = patient.judge.rest.units.copy()
    patient.show(PAIN, 300)
    assert patient.judge.rest.units.tolist() == pytest.approx(before.tolist(), abs=0.05)


def test_poor_pictures_teach_nothing() -> None:
    assert Patient().show(CALM, 60, trust=0.4)[-1].evidence["reference_s"] == 0.0


def test_a_nurse_sets_the_face_that_rests_with_deep_folds() -> None:
    patient = Patient()
    folds = {"AU4": 2.2, "AU10": 0.6}
    patient.show(folds, 10)
    assert patient.judge.set_reference(round(109.9e9), "Sister Ruth") is not None
    last = patient.show(folds, 10)[-1]
    assert [last.value, last.evidence["reference_needed_s"]] == pytest.approx([0.0, 0.0], abs=0.1)


def test_a_face_in_an_episode_is_not_set(patient: Patient) -> None:
    patient.show(PAIN, 8)
    assert patient.judge.set_reference(round((100 + patient.now_s) * 1e9), "Sister Ruth") is None


def test_a_face_that_is_not_there_is_not_set(patient: Patient) -> None:
    patient.away(20)
    assert patient.judge.set_reference(round((100 + patient.now_s) * 1e9), "Sister Ruth") is None


@pytest.mark.parametrize(("who", "kept"), [(ANNA, True), (BERTA, False)], ids=["same", "another"])
def test_after_a_long_absence_only_the_same_person_keeps_the_reference(
    patient: Patient, who: Floats, kept: bool
) -> None:
    patient.away(STAYS_S + 10)
    last = patient.show(CALM, 2, who=who)[-1]
    assert (last.evidence["reference_needed_s"] == 0.0) is kept


def test_the_evidence_names_the_episode_and_its_age(patient: Patient) -> None:
    said = patient.show(PAIN, 12)
    assert said[-1].evidence["episode_s"] == pytest.approx(12, abs=1.0)
    assert {name for name in said[-1].evidence if name.startswith("made_")} >= {"made_AU4", "made_AU43"}
    assert figure(said[:5], "episode_s") == [0.0] * 5


def test_the_interval_holds_the_value(patient: Patient) -> None:
    said = [*patient.show(smile, 5), *patient.show(PAIN, 5), *patient.show(PAIN, 5, "mouth"), *patient.show(CALM, 5)]
    assert all(one.interval[0] <= one.value <= one.interval[1] for one in said)


PARAMETERS: dict[str, float | tuple[float, ...]] = {
    "smile_share": 1.0,
    "rest_low": 0.0,
    "rest_median": 0.3,
    "rest_high": 1.6,
    "residual_at": (0.0, 8.0),
    "residual_low": (-0.3, -2.0),
    "residual_high": (0.5, 2.0),
}


def test_a_bundle_without_weights_and_unit_figures_gives_the_start() -> None:
    found = Settings.read(Parameters("face_au", PARAMETERS))
    assert (len(found.weights), len(found.population.units)) == (len(FEATURES) + 1, len(LABELS))


@pytest.mark.parametrize("key", ["episode_weights", "rest_units"])
def test_a_list_of_another_length_is_refused(key: str) -> None:
    with pytest.raises(BundleError, match=key):
        Settings.read(Parameters("face_au", PARAMETERS | {key: (1.0, 2.0)}))


def test_numbers_alone_decide() -> None:
    one, other = Patient().show(speech, 20), Patient().show(speech, 20)
    assert [dataclasses.astuple(said) for said in one] == [dataclasses.astuple(said) for said in other]
