"""Intervals between beats."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.biosignal import intervals


def between(times_s: intervals.Signal) -> intervals.Intervals:
    return intervals.reject(np.diff(times_s), times_s[1:])


def regular(count: int = 20, seconds: float = 0.8) -> intervals.Signal:
    return np.arange(count, dtype=np.float64) * seconds


def test_a_missed_beat_does_not_change_the_rate() -> None:
    times_s = np.delete(regular(), 9)
    assert intervals.heart_rate_bpm(between(times_s)) == pytest.approx(75.0)


def test_a_missed_beat_is_left_out() -> None:
    kept = between(np.delete(regular(), 9))
    assert kept.seconds.max() == pytest.approx(0.8)
    assert kept.kept == pytest.approx(17 / 18)


def test_an_extra_beat_is_left_out() -> None:
    kept = between(np.sort(np.append(regular(), 5 * 0.8 + 0.35)))
    assert kept.seconds.min() == pytest.approx(0.8)


def test_differences_across_a_rejected_interval_do_not_count() -> None:
    seconds = np.array([0.8, 0.8, 0.8, 0.8, 1.6, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9])
    assert intervals.rmssd_s(intervals.reject(seconds, np.cumsum(seconds))) == pytest.approx(0.0, abs=1e-9)


def test_rmssd_of_alternating_intervals() -> None:
    seconds = np.tile([0.78, 0.82], 10)
    assert intervals.rmssd_s(intervals.reject(seconds, np.cumsum(seconds))) == pytest.approx(0.04)


def test_too_few_intervals_give_no_number() -> None:
    few = between(regular(4))
    assert np.isnan(intervals.heart_rate_bpm(few))
    assert np.isnan(intervals.rmssd_s(few))


@given(st.lists(st.floats(0.001, 10.0), max_size=40))
def test_what_is_kept_can_be_a_heart_beat(lengths: list[float]) -> None:
    kept = between(np.cumsum(lengths))
    assert bool(((kept.seconds >= 0.3) & (kept.seconds <= 2.0)).all())
