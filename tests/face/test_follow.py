"""Whose face is followed: tracks, the patient, visitors, and every reason to judge nothing. Virtual time."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from edge.face import follow
from edge.face.align import FaceBox
from edge.face.find import LONG_ABSENCE_S, STAYS_S, Reading, Sighting
from edge.face.follow import Follower
from edge.face.scan import Candidate
from edge.face.track import FAR_YAW, yaw_measure
from edge.types import NS_PER_S, Absence

TICK_NS = NS_PER_S // 10
PATIENT = np.eye(16, dtype=np.float32)[0]
VISITOR = np.eye(16, dtype=np.float32)[1] - np.float32(0.6) * PATIENT
FRONTAL = ((0.18, -0.12), (-0.18, -0.12), (0.0, 0.08), (0.14, 0.27), (-0.14, 0.27))
OPEN = (1.0, 1.0, 1.0, 1.0, 1.0)


def head(
    x: float = 300, y: float = 200, side: float = 100, *, turned: bool = False, visible: tuple[float, ...] = OPEN
) -> Candidate:
    points = np.array(FRONTAL, np.float32) * side + np.array([x, y], np.float32)
    face, away = (0.1, 0.9) if turned else (0.9, 0.1)
    return Candidate(FaceBox(x, y, side), face, away, points, np.array(visible, np.float32))


def profile(x: float = 300, y: float = 200, side: float = 100) -> Candidate:
    one = head(x, y, side)
    points = one.points.copy()
    points[2, 0] += 0.25 * side
    return replace(one, points=points)


def reading(
    who: np.ndarray[tuple[int], np.dtype[np.float32]] = PATIENT,
    *,
    face: float = 0.95,
    right: float = 0.0,
    roll_deg: float = 0.0,
    visible: tuple[float, ...] = OPEN,
) -> Reading:
    return Reading(right, 0.0, 0.0, roll_deg, face, np.array(visible, np.float32), who)


class Bed:
    """Plays what the detector and the action unit network would say, ten times a second."""

    def __init__(self) -> None:
        self.follower = Follower()
        self.now_ns = 100 * NS_PER_S
        self.scans = 0

    def tick(self, heads: list[Candidate], read: dict[float, Reading] | Reading | None = None) -> Sighting | Absence:
        """One frame; `read` is what any crop shows, or by the x of the box that is read."""
        self.now_ns += TICK_NS
        if self.follower.due(self.now_ns):
            self.scans += 1
            self.follower.scanned(heads, self.now_ns)
        outcome = self.follower.outcome(self.now_ns)
        if isinstance(outcome, Sighting) and read is not None:
            nearest = read
            if isinstance(read, dict):
                nearest = read[min(read, key=lambda x: abs(x - outcome.box.x))]
            assert isinstance(nearest, Reading)
            self.follower.read(nearest, self.now_ns)
        return outcome

    def play(
        self, seconds: float, heads: list[Candidate], read: dict[float, Reading] | Reading | None = None
    ) -> list[Sighting | Absence]:
        """Frames for some seconds."""
        return [self.tick(heads, read) for _ in range(round(seconds * 10))]


def why(outcome: Sighting | Absence) -> Absence | None:
    """The absence that a frame amounts to, or None where it may be judged."""
    return outcome.doubt if isinstance(outcome, Sighting) else outcome


@pytest.fixture(autouse=True)
def _quick_to_learn(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """Three seconds instead of a minute until the patient is known, but in the test of that minute."""
    if "minute" not in request.node.name:
        monkeypatch.setattr(follow, "LEARN_READINGS", 30)


@pytest.fixture
def bed() -> Bed:
    """A bed whose patient has been watched for ten seconds."""
    one = Bed()
    one.play(10, [head()], reading())
    return one


def test_a_face_counts_when_it_was_found_three_times_and_read_as_one_three_times() -> None:
    outcomes = Bed().play(0.7, [head()], reading())
    assert [why(one) for one in outcomes] == [*[Absence.NO_FACE] * 5, None, None]


def test_what_is_found_now_and_then_never_counts() -> None:
    one = Bed()
    outcomes = [one.tick([head()] if k % 2 else [], reading()) for k in range(60)]
    assert {why(outcome) for outcome in outcomes} == {Absence.NO_FACE}


def test_while_a_face_is_followed_the_detector_looks_every_two_seconds(bed: Bed) -> None:
    bed.scans = 0
    bed.play(20, [head()], reading())
    assert bed.scans == 10


def test_the_detector_looks_at_once_when_the_crop_shows_no_face(bed: Bed) -> None:
    bed.scans = 0
    bed.play(0.5, [head()], reading(face=0.1))
    assert bed.scans >= 4


def test_an_empty_room_is_looked_at_five_times_a_second(bed: Bed) -> None:
    bed.play(10, [])
    bed.scans = 0
    bed.play(10, [])
    assert bed.scans == 50


def test_an_eased_detector_looks_rarer_but_at_once_where_the_face_is_missed(bed: Bed) -> None:
    bed.follower.ease(2.0)
    bed.scans = 0
    assert {why(one) for one in bed.play(20, [head()], reading())} == {None}
    assert bed.scans == 5
    bed.scans = 0
    bed.play(0.5, [head()], reading(face=0.1))
    assert bed.scans >= 4
    bed.play(10, [])
    bed.scans = 0
    bed.play(10, [])
    assert bed.scans == 25


def test_the_box_goes_where_the_reading_saw_the_face(bed: Bed) -> None:
    bed.tick([head()], reading(right=0.2))
    moved = bed.tick([head()], reading())
    assert isinstance(moved, Sighting)
    assert moved.box.x == pytest.approx(320, abs=1)


def test_a_turned_box_moves_along_its_own_axes() -> None:
    one = Bed()
    lying = replace(head(), box=FaceBox(300, 200, 100, 90.0))
    one.play(1, [lying], reading())
    one.tick([lying], reading(right=0.2))
    moved = one.tick([lying], reading())
    assert isinstance(moved, Sighting)
    assert (moved.box.x, moved.box.y) == pytest.approx((300, 220), abs=1)


def test_a_short_miss_keeps_the_face_with_its_old_time(bed: Bed) -> None:
    outcomes = bed.play(0.5, [], reading(face=0.1))
    assert all(isinstance(one, Sighting) and one.seen_ns < bed.now_ns for one in outcomes[1:])


def test_a_face_that_left_is_gone_within_two_seconds(bed: Bed) -> None:
    outcomes = bed.play(2, [], reading(face=0.1))
    assert outcomes[-1] is Absence.NO_FACE


def test_a_head_that_looks_away_is_no_empty_bed(bed: Bed) -> None:
    outcomes = bed.play(3, [head(turned=True)], reading(face=0.1))
    assert why(outcomes[-1]) is Absence.FACE_TURNED


def test_a_profile_is_turned_too_far_to_be_judged() -> None:
    outcomes = Bed().play(2, [profile()], reading())
    assert why(outcomes[-1]) is Absence.FACE_TURNED


def test_a_covered_face_is_not_judged(bed: Bed) -> None:
    outcomes = bed.play(3, [head()], reading(visible=(1, 0, 0, 0, 0)))
    assert why(outcomes[-1]) is Absence.FACE_COVERED


def test_a_face_that_is_uncovered_is_judged_again(bed: Bed) -> None:
    bed.play(3, [head()], reading(visible=(1, 0, 0, 0, 0)))
    assert why(bed.play(3, [head()], reading())[-1]) is None


def test_two_faces_of_alike_size_cannot_be_told_apart_at_first() -> None:
    outcomes = Bed().play(2, [head(200), head(450)], reading())
    assert outcomes[-1] is Absence.TWO_FACES


def test_of_two_faces_the_much_larger_is_the_patients() -> None:
    outcome = Bed().play(2, [head(200, side=60), head(450, side=120)], reading())[-1]
    assert isinstance(outcome, Sighting)
    assert outcome.box.x == pytest.approx(450)


def test_a_visitor_who_comes_does_not_become_the_patient(bed: Bed) -> None:
    people = {300.0: reading(), 500.0: reading(VISITOR)}
    outcomes = bed.play(10, [head(), head(500, side=200)], people)
    assert all(isinstance(one, Sighting) and abs(one.box.x - 300) < 5 for one in outcomes)


def test_a_visitor_who_stays_when_the_patient_left_is_somebody_else(bed: Bed) -> None:
    people = {300.0: reading(face=0.1), 500.0: reading(VISITOR)}
    outcomes = bed.play(10, [head(500)], people)
    assert {why(one) for one in outcomes[20:]} == {Absence.OTHER_FACE}


def test_a_visitor_is_never_judged_in_the_patients_absence(bed: Bed) -> None:
    bed.play(3, [], reading(face=0.1))
    outcomes = bed.play(10, [head(500)], reading(VISITOR))
    assert None not in {why(one) for one in outcomes}


def test_another_face_at_the_patients_place_is_somebody_elses(bed: Bed) -> None:
    bed.play(3, [], reading(face=0.1))
    assert why(bed.play(3, [head()], reading(VISITOR))[-1]) is Absence.OTHER_FACE


def test_the_patient_who_comes_back_is_known_again_anywhere(bed: Bed) -> None:
    bed.play(3, [], reading(face=0.1))
    assert why(bed.play(3, [head(500)], reading())[-1]) is None


def test_of_two_faces_the_known_one_is_the_patients(bed: Bed) -> None:
    bed.play(3, [], reading(face=0.1))
    people = {200.0: reading(VISITOR), 450.0: reading()}
    outcome = bed.play(4, [head(200), head(450)], people)[-1]
    assert isinstance(outcome, Sighting)
    assert why(outcome) is None
    assert outcome.box.x == pytest.approx(450)


def test_a_patient_who_changes_under_the_box_is_noticed(bed: Bed) -> None:
    outcomes = bed.play(10, [head()], reading(VISITOR))
    assert why(outcomes[-1]) is Absence.OTHER_FACE


def test_after_forgetting_the_next_face_is_the_patients(bed: Bed) -> None:
    bed.play(10, [head()], reading(VISITOR))
    bed.follower.forget()
    assert why(bed.play(2, [head()], reading(VISITOR))[-1]) is None


def test_a_descriptor_of_nothing_tells_nobody_apart() -> None:
    one = Bed()
    nothing = reading(np.zeros(16, np.float32))
    one.play(10, [head()], nothing)
    assert why(one.play(3, [head()], nothing)[-1]) is None


def test_a_clock_that_runs_backwards_loses_the_face(bed: Bed) -> None:
    bed.now_ns -= 50 * NS_PER_S
    assert bed.tick([head()], reading()) is Absence.NO_FACE


def test_the_yaw_measure_of_a_frontal_face_is_small() -> None:
    assert yaw_measure(head().points) < 0.05
    assert yaw_measure(profile().points) > FAR_YAW


def known_patient() -> Bed:
    bed = Bed()
    bed.play(5.0, [head()], reading())
    return bed


@pytest.mark.parametrize(("empty_s", "expected"), [(60.0, Absence.OTHER_FACE), (LONG_ABSENCE_S + 5.0, None)])
def test_after_a_long_empty_bed_whoever_comes_is_the_patient(empty_s: float, expected: Absence | None) -> None:
    bed = known_patient()
    bed.play(2.0, [])
    bed.now_ns += round(empty_s * NS_PER_S)
    bed.play(1.0, [])
    assert why(bed.play(6.0, [head()], reading(VISITOR))[-1]) is expected


def test_a_visitor_who_stays_beside_the_bed_does_not_become_the_patient() -> None:
    bed = known_patient()
    bed.play(2.0, [head(x=500)], reading(VISITOR))
    for _ in range(40):  # a glance a minute is enough: somebody was there all the time
        bed.now_ns += 59 * NS_PER_S
        last = bed.play(4.0, [head(x=500)], reading(VISITOR))[-1]
    assert why(last) is Absence.OTHER_FACE


def test_what_only_looks_like_a_face_does_not_stand_beside_the_patients() -> None:
    bed = Bed()
    clock_on_the_wall = head(x=500)
    outcomes = bed.play(3.0, [head(), clock_on_the_wall], {300: reading(), 500: reading(VISITOR, face=0.02)})
    assert Absence.TWO_FACES in {why(one) for one in outcomes}
    assert why(outcomes[-1]) is None
    assert isinstance(outcomes[-1], Sighting)
    assert outcomes[-1].box.x == pytest.approx(300, abs=2)


def test_a_lone_thing_that_is_no_face_is_given_up_and_looked_at_again() -> None:
    bed = Bed()
    assert why(bed.play(2.0, [head()], reading(face=0.02))[-1]) is Absence.NO_FACE
    assert why(bed.play(6.0, [head()], reading())[-1]) is None  # it was the patient, badly lit


def test_a_known_patient_who_is_read_badly_for_a_moment_stays_the_patient() -> None:
    bed = known_patient()
    bed.play(0.6, [head()], reading(face=0.2))
    assert why(bed.play(0.5, [head()], reading())[-1]) is None


def test_a_patient_who_stays_is_the_patient_all_along() -> None:
    bed = Bed()
    bed.play(0.5, [head()], reading())
    assert {why(one) for one in bed.play(60.0, [head()], reading())} == {None}


def test_a_face_that_cannot_be_read_does_not_keep_the_patient_from_being_known_again() -> None:
    bed = known_patient()
    bed.play(2.0, [])
    far, patient = head(x=560, side=30), head()
    for _ in range(40):
        outcome = bed.tick([far, patient])
        if isinstance(outcome, Sighting) and outcome.box.side > 48:  # a smaller crop is not read
            bed.follower.read(reading(), bed.now_ns)
    assert why(outcome) is None


def test_a_face_that_lies_alone_at_the_patients_place_for_long_is_the_patients() -> None:
    bed = known_patient()
    masked = reading(-PATIENT)
    assert why(bed.play(30.0, [head()], masked)[-1]) is Absence.OTHER_FACE
    assert why(bed.play(STAYS_S + 5.0, [head()], masked)[-1]) is None


def test_a_short_turn_of_the_head_does_not_begin_the_ten_minutes_anew() -> None:
    bed, masked = known_patient(), reading(-PATIENT)
    for _ in range(11):
        bed.play(55.0, [head()], masked)
        bed.play(5.0, [])
    assert why(bed.play(5.0, [head()], masked)[-1]) is None


def test_where_the_patient_left_a_crease_the_patient_is_found_elsewhere() -> None:
    bed = known_patient()
    crease = reading(face=0.02)
    bed.play(3.0, [head()], crease)
    outcomes = bed.play(5.0, [head(), head(x=520)], {300: crease, 520: reading()})
    assert why(outcomes[-1]) is None
    assert isinstance(outcomes[-1], Sighting)
    assert outcomes[-1].box.x == pytest.approx(520, abs=2)


def test_who_sets_the_camera_up_within_a_minute_is_not_taken_for_the_patient() -> None:
    bed, nurse = Bed(), reading(VISITOR)
    bed.play(30.0, [head(side=220)], nurse)
    bed.play(5.0, [])
    assert {why(one) for one in bed.play(120.0, [head(x=420, side=90)], reading())[5:]} == {None}


def test_what_is_hardly_a_face_is_never_judged() -> None:
    assert None not in {why(one) for one in Bed().play(10.0, [head()], reading(face=0.8))}
