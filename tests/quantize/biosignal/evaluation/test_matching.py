"""Beats that belong together."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantize.biosignal.evaluation.matching import aligned, f1, matched, nearest, rate_bpm

BEATS = np.arange(0.5, 60.0, 0.8)


def test_the_same_beats_match_one_by_one() -> None:
    assert matched(BEATS, BEATS).all()


def test_a_constant_offset_is_taken_out() -> None:
    assert matched(aligned(BEATS + 0.2, BEATS), BEATS).all()
    assert not matched(BEATS + 0.2, BEATS).any()


def test_a_beat_found_twice_counts_once() -> None:
    twice = np.sort(np.concatenate([BEATS, BEATS[:5] + 0.05]))
    assert int(matched(twice, BEATS).sum()) == BEATS.size


def test_a_missed_beat_costs_sensitivity() -> None:
    half = BEATS[::2]
    assert f1(float(matched(half, BEATS).sum()), half.size, BEATS.size) == pytest.approx(2 / 3, abs=0.01)


def test_nothing_against_nothing_has_no_figure() -> None:
    assert np.isnan(f1(0.0, 0.0, 0.0))
    assert aligned(np.empty(0), BEATS).size == 0


@given(st.lists(st.floats(0, 100), min_size=1, max_size=20), st.lists(st.floats(0, 100), min_size=1, max_size=20))
def test_the_nearest_is_the_nearest(times: list[float], among: list[float]) -> None:
    rising = np.unique(among)
    found = nearest(np.array(times), rising)
    best = np.abs(np.array(times)[:, None] - rising).min(axis=1)
    np.testing.assert_allclose(np.abs(found - np.array(times)), best)


def test_heart_rate_is_that_of_the_median_interval() -> None:
    assert rate_bpm(np.array([0.0, 0.8, 1.6, 2.4, 5.0])) == pytest.approx(75.0)
    assert np.isnan(rate_bpm(BEATS[:3]))
