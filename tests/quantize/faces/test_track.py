"""Courses in time: what each kind does over a minute, and what it never does."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

pytest.importorskip("numba")

from edge.face.units import CLOSED_FROM, LABELS, pspi
from quantize.faces.expression import MIDLINE, Expression
from quantize.faces.head import Head
from quantize.faces.kinds import Kind
from quantize.faces.person import Person, make_person
from quantize.faces.track import draw_track

RATE_HZ, SECONDS = 20.0, 60.0
SEEDS = range(12)


@pytest.fixture(scope="module")
def person(head: Head) -> Person:
    drawn = make_person(head, np.random.default_rng([3, 1]))
    return replace(drawn, ptosis=(0.0, 0.0), weak_side=0, weakness=0.0)


def track(kind: Kind, seed: int = 0, seconds: float = SECONDS, person: Person | None = None) -> list[Expression]:
    return draw_track(np.random.default_rng([11, seed]), kind, seconds, RATE_HZ, person=person)


def curve(course: list[Expression], name: str) -> NDArray[np.float64]:
    return np.array([moment.both.get(name, 0.0) for moment in course])


def scores(course: list[Expression]) -> NDArray[np.float32]:
    table = [[moment.both.get(name, 0.0) for name in LABELS] for moment in course]
    return pspi(np.array(table, np.float32))


def longest_run(flags: NDArray[np.bool_]) -> float:
    """Seconds of the longest unbroken run of true values."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(np.int8), [0]])))
    return float((edges[1::2] - edges[::2]).max(initial=0)) / RATE_HZ


def rate_hz(values: NDArray[np.float64]) -> float:
    """Where the spectrum of a course has its middle between 0.5 and 8 Hz."""
    power = np.abs(np.fft.rfft(values - values.mean())) ** 2
    frequency = np.fft.rfftfreq(len(values), 1 / RATE_HZ)
    band = (frequency > 0.7) & (frequency < 8)
    return float((power * frequency)[band].sum() / power[band].sum())


@pytest.mark.parametrize("kind", list(Kind))
def test_a_course_has_a_moment_for_every_tick(kind: Kind) -> None:
    assert len(track(kind)) == 1200


@pytest.mark.parametrize("kind", list(Kind))
def test_intensities_stay_on_the_scale(kind: Kind) -> None:
    values = [v for moment in track(kind) for side in (moment.left, moment.right) for v in side.values()]
    assert 0 <= min(values, default=0.0) <= max(values, default=0.0) <= 5


@pytest.mark.parametrize("kind", list(Kind))
def test_the_same_seed_draws_the_same_course(kind: Kind) -> None:
    assert track(kind, seconds=5.0) == track(kind, seconds=5.0)


def test_two_seeds_draw_different_courses() -> None:
    assert track(Kind.PAIN, 1) != track(Kind.PAIN, 2)


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind not in (Kind.SLEEP, Kind.MOUTH_BREATHING)])
def test_a_course_begins_at_rest(kind: Kind) -> None:
    assert all(scores(track(kind, seed))[0] < 1 for seed in SEEDS)


@pytest.mark.parametrize("kind", list(Kind))
def test_nothing_but_lids_jumps(kind: Kind) -> None:
    sudden = {Kind.SNEEZE, Kind.TALK, Kind.CHEW}
    limit = 5.0 if kind in sudden else 2.5  # in a twentieth of a second
    course = track(kind)
    assert all(np.abs(np.diff(curve(course, name))).max() <= limit for name in ("AU4", "AU6", "AU9", "AU10", "AU12"))


@pytest.mark.parametrize("kind", list(Kind))
def test_an_open_jaw_parts_the_lips(kind: Kind) -> None:
    course = track(kind)
    jaw = np.maximum(curve(course, "AU26"), curve(course, "AU27"))
    assert (curve(course, "AU25")[jaw > 1] >= 0.75 * jaw[jaw > 1]).all()


def test_pain_lasts_for_seconds_and_is_felt() -> None:
    strong = [scores(track(Kind.PAIN, seed)) >= 3 for seed in SEEDS]
    assert np.median([longest_run(flags) for flags in strong]) > 2


def test_pain_comes_and_goes() -> None:
    shares = [float((scores(track(Kind.PAIN, seed, 600.0)) < 1).mean()) for seed in range(4)]
    assert min(shares) > 0.05


def test_a_resting_face_blinks_ten_to_twenty_five_times_a_minute() -> None:
    shut = curve(track(Kind.NEUTRAL, seconds=300.0), "AU43") >= CLOSED_FROM
    assert 40 < np.count_nonzero(np.diff(shut.astype(int)) == 1) < 125


def test_a_resting_face_scores_nothing_between_blinks() -> None:
    assert all(np.quantile(scores(track(Kind.NEUTRAL, seed)), 0.9) < 1 for seed in SEEDS)


def test_blinks_are_short() -> None:
    assert longest_run(curve(track(Kind.NEUTRAL, seconds=300.0), "AU43") >= CLOSED_FROM) < 0.5


def test_sleepers_keep_their_eyes_shut() -> None:
    assert all(curve(track(Kind.SLEEP, seed), "AU43").min() >= CLOSED_FROM for seed in SEEDS)


def test_sleep_is_no_pain() -> None:
    assert max(float(np.median(scores(track(Kind.SLEEP, seed)))) for seed in SEEDS) < 2


def test_a_yawn_takes_four_to_eight_seconds() -> None:
    gapes = [longest_run(curve(track(Kind.YAWN, seed), "AU27") > 0) for seed in SEEDS]
    assert 3.5 < min(gapes) <= max(gapes) < 8.5


def test_smiles_leave_the_brow_alone() -> None:
    assert max(curve(track(Kind.SMILE, seed), "AU4").max() for seed in SEEDS) < 1


def test_speech_has_syllables() -> None:
    assert 2 < np.mean([rate_hz(curve(track(Kind.TALK, seed), "AU25")) for seed in SEEDS]) < 6


def test_jaws_chew_once_or_so_a_second() -> None:
    assert 0.9 < np.mean([rate_hz(curve(track(Kind.CHEW, seed), "AU26")) for seed in SEEDS]) < 2


def test_a_sneeze_shuts_the_eyes_for_a_moment() -> None:
    shut = curve(track(Kind.SNEEZE), "AU43") >= CLOSED_FROM
    assert 0.3 < longest_run(shut) < 2


def test_a_mouth_that_breathes_stays_open() -> None:
    assert all(curve(track(Kind.MOUTH_BREATHING, seed), "AU25").min() > 0.5 for seed in SEEDS)


def test_a_palsied_side_does_not_smile(person: Person) -> None:
    palsied = replace(person, weak_side=1, weakness=1.0)
    course = track(Kind.SMILE, person=palsied)
    assert max(moment.left.get("AU12", 0.0) for moment in course) == 0
    assert max(moment.right.get("AU12", 0.0) for moment in course) > 0.5


def test_a_drooping_lid_hangs_throughout(person: Person) -> None:
    course = track(Kind.NEUTRAL, person=replace(person, ptosis=(0.4, 0.0)))
    assert min(moment.left["AU43"] for moment in course) == pytest.approx(2.0)


def test_the_middle_of_the_mouth_has_no_side() -> None:
    assert all(moment.left.get(n, 0.0) == moment.right.get(n, 0.0) for moment in track(Kind.PAIN) for n in MIDLINE)


def test_a_short_course_has_its_event_too() -> None:
    assert min(curve(track(Kind.SMILE, seed, 4.0), "AU12").max() for seed in SEEDS) > 0.3
