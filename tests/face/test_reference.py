"""One person's resting face: where it begins, what moves it, and what must not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.face.certainty import Floats, known, level
from edge.face.reference import CALM_SHARE, NEEDED_S, WINDOW_S, RestingFace, Source, calm_median
from edge.face.units import LABELS
from edge.types import NS_PER_S
from tests.face.numbers import POPULATION, Shown, units, visible

ALL = np.ones(len(LABELS), np.float32)


def live(rest: RestingFace, shown: Shown, start_s: int, seconds: int, share: Floats = ALL) -> None:
    for second in range(start_s, start_s + seconds):
        for third in range(3):
            rest.learn(units(shown), share, second * NS_PER_S + third * NS_PER_S // 3)


def pspi_of(rest: RestingFace) -> float:
    return level(rest.units, ALL, 1.0)


@pytest.fixture
def rest() -> RestingFace:
    return RestingFace(POPULATION, 1.0)


def test_it_begins_with_the_population_and_says_what_it_needs(rest: RestingFace) -> None:
    assert [pspi_of(rest), rest.needed_s] == pytest.approx([0.3, NEEDED_S])


def test_each_action_unit_becomes_the_persons_own(rest: RestingFace) -> None:
    live(rest, {"AU4": 0.8, "AU7": 0.4, "AU15": 2.0}, 0, 90)
    found = dict(zip(LABELS, rest.units.tolist(), strict=True))
    assert (found["AU4"], found["AU7"], found["AU15"]) == pytest.approx((0.8, 0.4, 2.0), abs=0.25)


def test_after_forty_seconds_it_is_known(rest: RestingFace) -> None:
    live(rest, {}, 0, NEEDED_S + 1)
    assert rest.needed_s == 0


def test_five_minutes_of_unnoticed_pain_do_not_raise_it(rest: RestingFace) -> None:
    live(rest, {"AU4": 0.2}, 0, 600)
    live(rest, {"AU4": 4.0, "AU7": 4.0}, 600, 300)
    assert pspi_of(rest) == pytest.approx(0.2, abs=0.1)


def test_pain_from_the_start_is_not_taken_for_rest(rest: RestingFace) -> None:
    live(rest, {"AU4": 4.0, "AU7": 4.0}, 0, 2 * WINDOW_S)
    assert pspi_of(rest) <= POPULATION.high


def test_a_covered_mouth_teaches_nothing_about_the_lip(rest: RestingFace) -> None:
    live(rest, {"AU10": 3.0, "AU4": 0.9}, 0, 90, known(visible("mouth")))
    found = dict(zip(LABELS, rest.units.tolist(), strict=True))
    assert (found["AU10"], found["AU4"]) == (0.0, pytest.approx(0.9, abs=0.15))


def test_the_far_past_is_forgotten(rest: RestingFace) -> None:
    live(rest, {"AU4": 1.5}, 0, 300)
    live(rest, {"AU4": 0.1}, 300, WINDOW_S + 2)
    assert pspi_of(rest) == pytest.approx(0.1, abs=0.05)


def test_after_hours_only_the_remembered_seconds_count(rest: RestingFace) -> None:
    live(rest, {"AU4": 1.0}, 0, 2 * WINDOW_S + 300)
    live(rest, {"AU4": 0.2, "AU15": 1.5}, 2 * WINDOW_S + 300, WINDOW_S + 1)
    fresh = RestingFace(POPULATION, 1.0)
    live(fresh, {"AU4": 0.2, "AU15": 1.5}, 0, WINDOW_S + 1)
    assert rest.units == pytest.approx(fresh.units)
    assert rest.seconds == WINDOW_S


@given(st.integers(1, 40), st.integers(0, 2**32 - 1), st.floats(0, 1))
def test_medians_are_those_of_the_calmest_seconds_in_which_a_unit_was_seen(n: int, seed: int, hidden: float) -> None:
    rng = np.random.default_rng(seed)
    calm, seen = rng.random(n), rng.random((n, len(LABELS))).astype(np.float32)
    seen[rng.random(seen.shape) < hidden] = np.nan
    calmest = seen[np.argsort(calm)[: max(1, round(CALM_SHARE * n))]]
    expected = [float(np.median(one[~np.isnan(one)])) if not np.isnan(one).all() else np.nan for one in calmest.T]
    assert calm_median(calm, seen) == pytest.approx(expected, nan_ok=True)


def test_a_set_face_is_fixed_and_not_bounded(rest: RestingFace) -> None:
    rest.set(units({"AU4": 3.0}), ALL, 5, "Sister Ruth")
    live(rest, {"AU4": 0.0}, 0, 120)
    assert (pspi_of(rest), rest.needed_s, rest.source, rest.by) == (3.0, 0, Source.SET, "Sister Ruth")


def test_forgetting_begins_anew_under_another_version(rest: RestingFace) -> None:
    live(rest, {"AU4": 1.2}, 0, 100)
    rest.forget("Sister Ruth")
    assert [rest.version, rest.seconds, pspi_of(rest)] == pytest.approx([2, 0, 0.3])


def test_it_comes_back_from_disk_as_it_was(rest: RestingFace) -> None:
    live(rest, {"AU4": 1.2}, 0, 100)
    kept = rest.snapshot()
    other = RestingFace(POPULATION, 1.0)
    other.restore(kept)
    assert (other.snapshot(), other.needed_s) == (kept, 0)


def test_what_was_restored_yields_to_what_is_learnt(rest: RestingFace) -> None:
    live(rest, {"AU4": 1.2}, 0, 100)
    other = RestingFace(POPULATION, 1.0)
    other.restore(rest.snapshot())
    live(other, {"AU4": 0.2}, 0, 400)
    assert pspi_of(other) == pytest.approx(0.3, abs=0.1)
