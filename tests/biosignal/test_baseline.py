"""The personal baseline: from the past only, usable early, not carried away by an episode."""

from __future__ import annotations

import numpy as np
import pytest

from edge.biosignal.baseline import Baseline
from edge.biosignal.features import PulseHistory, SkinHistory
from edge.biosignal.rows import NO_PULSE, PulseRow, SkinRow


def filled(values: list[float], prior: float | None = 72.0) -> Baseline:
    baseline = Baseline(0.2, prior)
    for second, value in enumerate(values):
        baseline.add(second, value)
    return baseline


def test_it_begins_at_the_population() -> None:
    assert Baseline(0.2, 72.0).reference == 72.0


def test_half_a_minute_weighs_as_much_as_the_population() -> None:
    assert filled([60.0] * 30).reference == pytest.approx(66.0)


def test_minutes_make_it_personal() -> None:
    assert filled([60.0] * 600).reference == pytest.approx(60.0, abs=0.6)


def test_an_hour_of_arousal_does_not_become_rest() -> None:
    assert filled([60.0] * 1800 + [90.0] * 3600).reference == pytest.approx(60.0, abs=1.0)


def test_hours_later_the_old_past_is_forgotten() -> None:
    assert filled([60.0] * 1800 + [80.0] * 9000).reference == pytest.approx(80.0, abs=1.0)


def test_without_a_population_it_begins_with_the_first_value() -> None:
    baseline = Baseline(0.2, None)
    assert np.isnan(baseline.reference)
    baseline.add(0, 3.0)
    assert baseline.reference == 3.0


def test_a_second_is_compared_before_it_joins_the_past() -> None:
    history = PulseHistory()
    for second in range(60):
        history.push(second, PulseRow(1.0, 60.0, 50.0, 0.05))
    resting = history.resting_bpm
    history.push(60, PulseRow(1.0, 100.0, 50.0, 0.05))
    assert history.newest(60)[1] == pytest.approx((100.0 - resting) / 10.0)


def test_poor_seconds_leave_no_trace() -> None:
    history = PulseHistory()
    history.push(0, NO_PULSE)
    history.push(1, PulseRow(0.2, 150.0, 50.0, 0.05))
    assert history.resting_bpm == 72.0
    assert not history.sequence(1).any()


def test_a_gap_is_zero_in_the_sequence() -> None:
    history = SkinHistory()
    for second in (*range(10), *range(20, 30)):
        history.push(second, SkinRow(1.0, 2.0, 0.0, 3.0, 0.1))
    assert history.sequence(29)[:, 0].tolist() == [1.0] * 10 + [0.0] * 10 + [1.0] * 10
