"""Pain stands; smiles, speech, yawns, sleep, chewing, sneezes and a palsy are something else."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from edge.face.certainty import known
from edge.face.episode import RESET_S, Episode, EpisodeFilter
from edge.face.units import LABELS
from edge.types import NS_PER_S
from tests.face.numbers import PAIN, Shown, at, steps, units, visible

ALL = np.ones(len(LABELS), np.float32)
Course = Callable[[float], Shown]


def follow(course: Course, seconds: float = 10.0, rate_hz: float = 10.0, *, noise: float = 0.0) -> list[Episode]:
    rng = np.random.default_rng(1)
    one = EpisodeFilter()
    said = []
    for passed in steps(seconds, rate_hz):
        change = units(course(passed)) + rng.normal(0, noise, len(LABELS)).astype(np.float32)
        said.append(one.step(change.astype(np.float32), ALL, at(passed)))
    return said


def smile(_: float) -> Shown:
    return {"AU12": 4.0, "AU6": 3.0, "AU10": 1.5, "AU25": 3.0}


def speech(t: float) -> Shown:
    beat = 0.5 + 0.5 * math.sin(2 * math.pi * 2.2 * t)
    return {"AU25": 4 * beat, "AU26": 3 * beat, "AU10": 1.5 * beat, "AU1": 1.0, "AU4": 1.2}


def chewing(t: float) -> Shown:
    beat = 0.5 + 0.5 * math.sin(2 * math.pi * 1.3 * t)
    return {"AU26": 3 * beat, "AU24": 3 * (1 - beat), "AU17": 2 * (1 - beat), "AU7": 0.8}


def yawn(t: float) -> Shown:
    return {"AU26": 5.0, "AU27": 5.0, "AU25": 5.0, "AU43": 5.0, "AU9": 1.0, "AU4": 1.5} if 1 < t < 7 else {}


def sleep(_: float) -> Shown:
    return {"AU43": 5.0, "AU25": 1.0}


def sneeze(t: float) -> Shown:
    return PAIN | {"AU9": 4.0} if 2.0 <= t < 3.6 else {}


def half_smile(_: float) -> Shown:
    """What the network states of a palsied smile: the side that moves, which is also the one that pulls the mouth."""
    return {"AU12": 3.0, "AU6": 1.5, "AU25": 1.0, "AU10": 1.0}


def half_blink(t: float) -> Shown:
    """A lid that a palsy keeps from closing moves a little when the other one blinks."""
    return {"AU43": 2.0, "AU7": 1.0} if t % 3 < 0.4 else {}


NOT_PAIN: list[Course] = [smile, speech, chewing, yawn, sleep, sneeze, half_smile, half_blink]


@pytest.mark.parametrize("noise", [0.0, 0.3])
@pytest.mark.parametrize("course", NOT_PAIN)
def test_what_is_not_pain_begins_no_episode(course: Course, noise: float) -> None:
    assert not any(one.onset_ns for one in follow(course, noise=noise))


@pytest.mark.parametrize("rate_hz", [4.0, 10.0, 25.0])
def test_pain_begins_one_within_three_seconds_at_any_frame_rate(rate_hz: float) -> None:
    said = follow(lambda t: PAIN if t >= 2 else {}, 6.0, rate_hz)
    begins = next(k / rate_hz for k, one in enumerate(said) if one.onset_ns is not None)
    assert 3.0 < begins < 5.0


def test_its_onset_is_when_the_face_changed_not_when_it_was_believed() -> None:
    last = follow(lambda t: PAIN if t >= 2 else {}, 8.0)[-1]
    assert last.onset_ns is not None
    assert (last.onset_ns - at(0)) / NS_PER_S == pytest.approx(2.0, abs=0.3)


def test_it_names_what_made_it_the_strongest_first() -> None:
    made = follow(lambda _: PAIN)[-1].made_by
    assert [name for name, _ in made] == ["AU43", "AU4", "AU7", "AU10", "AU6"]


def test_its_intensity_is_the_standing_pspi() -> None:
    assert follow(lambda _: PAIN)[-1].intensity == pytest.approx(3.5 + 3.0 + 2.5 + 1.0, abs=0.1)


def test_pain_while_the_mouth_cries_out_is_still_pain() -> None:
    course: Course = lambda t: PAIN | {"AU25": 4.0, "AU26": 2 + math.sin(9 * t)}  # noqa: E731  # one line says it
    assert follow(course)[-1].onset_ns is not None


def test_it_ends_two_seconds_after_the_face_is_calm() -> None:
    said = follow(lambda t: PAIN if t < 6 else {}, 14.0)
    ends = next(k / 10 for k, one in enumerate(said) if k > 60 and one.onset_ns is None)
    assert 8.0 < ends < 11.0


def test_a_face_lost_for_three_seconds_does_not_end_it() -> None:
    one = EpisodeFilter()
    before = [one.step(units(PAIN), ALL, at(t)) for t in steps(6, 10)][-1]
    after = [one.step(units(PAIN), ALL, at(9 + t)) for t in steps(4, 10)]
    assert {said.onset_ns for said in after} == {before.onset_ns}


@pytest.mark.parametrize("jump_s", [RESET_S + 1, -30.0], ids=["gap", "backwards"])
def test_a_longer_gap_or_a_clock_that_jumps_begins_anew(jump_s: float) -> None:
    one = EpisodeFilter()
    for t in steps(6, 10):
        one.step(units(PAIN), ALL, at(t))
    assert one.step(units({}), ALL, at(6 + jump_s)).onset_ns is None


def test_under_a_mask_brow_and_lids_are_enough() -> None:
    one = EpisodeFilter()
    share = known(visible("nose", "mouth"))
    said = [one.step(units({"AU4": 3.0, "AU7": 3.0, "AU43": 5.0}), share, at(t)) for t in steps(5, 10)]
    assert said[-1].onset_ns is not None


def test_a_face_of_which_one_side_is_palsied_still_shows_pain() -> None:
    # The network states the stronger side; on it a palsied face's brow and lid move as another's do.
    one_sided = {name: 0.9 * value for name, value in PAIN.items()}
    assert follow(lambda _: one_sided, 6.0)[-1].probability > 0.5
