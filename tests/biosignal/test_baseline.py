"""The personal baseline: from the past only, usable early, not carried away by an episode."""

from __future__ import annotations

import numpy as np
import pytest

from edge.biosignal.baseline import Baseline, Kind
from edge.biosignal.features import PulseHistory, SkinHistory, filled
from edge.biosignal.rows import NO_PULSE, PulseRow, SkinRow

RATE = Kind(width=3.0, prior=72.0)


def with_past(values: list[float], kind: Kind = RATE) -> Baseline:
    baseline = Baseline(kind)
    for second, value in enumerate(values):
        baseline.add(second, value)
    return baseline


def at_ease(seconds: int, seed: int = 1) -> list[float]:
    """A heart rate that breathes about 60 per minute."""
    return [float(bpm) for bpm in np.random.default_rng(seed).normal(60.0, 2.0, seconds)]


def test_it_begins_at_the_population_and_in_the_middle() -> None:
    baseline = Baseline(RATE)
    assert baseline.resting == baseline.usual == 72.0
    assert baseline.rank(140.0) == baseline.rank(40.0) == 0.5


def test_half_a_minute_weighs_as_much_as_the_population() -> None:
    assert with_past([60.0] * 30).resting == pytest.approx(66.0)


def test_minutes_make_it_personal() -> None:
    assert with_past([60.0] * 600).resting == pytest.approx(60.0, abs=0.6)


def test_without_a_population_it_begins_with_the_first_value() -> None:
    baseline = Baseline(Kind(width=0.1))
    assert np.isnan(baseline.resting)
    baseline.add(0, 3.0)
    assert baseline.resting == baseline.usual == 3.0


def test_a_value_above_the_past_ranks_high_and_one_below_low() -> None:
    baseline = with_past(at_ease(600))
    assert baseline.rank(80.0) > 0.95
    assert baseline.rank(60.0) == pytest.approx(0.5, abs=0.05)
    assert baseline.rank(45.0) < 0.05


def test_a_value_that_hardly_moves_does_not_rank_high_by_moving_a_little() -> None:
    assert with_past([60.0] * 600).rank(61.0) < 0.6


def test_an_hour_of_arousal_does_not_become_the_usual() -> None:
    baseline = with_past(at_ease(1800) + [90.0] * 3600)
    assert baseline.resting == pytest.approx(60.0, abs=3.0)
    assert baseline.usual < 65.0
    assert baseline.rank(90.0) > 0.75


def test_while_the_present_ranks_high_the_past_takes_in_a_sixth() -> None:
    calm, aroused = with_past(at_ease(1800)), with_past(at_ease(1800) + [90.0] * 600)
    assert not calm.frozen
    assert aroused.frozen
    assert aroused.known_s - calm.known_s == pytest.approx(600 / 6, abs=40)


def test_after_the_episode_it_learns_as_before() -> None:
    baseline = with_past(at_ease(1800) + [90.0] * 600 + at_ease(300))
    assert not baseline.frozen


def test_whoever_is_aroused_at_the_start_is_told_from_rest_later() -> None:
    baseline = with_past([95.0] * 300 + at_ease(900))
    assert baseline.resting == pytest.approx(60.0, abs=2.0)
    assert baseline.rank(95.0) > 0.85


def test_hours_later_the_old_past_is_forgotten() -> None:
    assert with_past(at_ease(1800) + [52.0] * 9000).resting == pytest.approx(52.0, abs=1.0)


def test_a_second_is_compared_before_it_joins_the_past() -> None:
    history = PulseHistory()
    for second in range(60):
        history.push(second, PulseRow(1.0, 60.0))
    resting = history.resting_bpm
    history.push(60, PulseRow(1.0, 90.0))
    assert history.newest(60)[2] == pytest.approx((90.0 - resting) / 10.0)
    assert history.newest(60)[1] > 1.0


def test_poor_seconds_leave_no_trace() -> None:
    history = PulseHistory()
    history.push(0, NO_PULSE)
    history.push(1, PulseRow(0.4, 150.0))
    assert history.resting_bpm == 72.0
    assert not history.sequence(1).any()


def test_a_gap_is_zero_in_the_sequence_and_the_mean_for_the_network() -> None:
    history = SkinHistory()
    for second in (*range(10), *range(20, 30)):
        history.push(second, SkinRow(1.0, 2.0 + 0.01 * second, 0.1, 3.0))
    sequence = history.sequence(29)
    assert sequence[:, 0].tolist() == [1.0] * 10 + [0.0] * 10 + [1.0] * 10
    shown = filled(sequence)
    assert shown[:, 0].tolist() == sequence[:, 0].tolist()
    known = sequence[sequence[:, 0] > 0.0, 1:]
    np.testing.assert_allclose(shown[15, 1:], known.mean(axis=0), rtol=1e-5)


def test_a_rising_level_has_a_slope_and_more_responses_rank_higher() -> None:
    history = SkinHistory()
    for second in range(300):
        history.push(second, SkinRow(1.0, 2.0, 0.0, 2.0))
    assert history.newest(299)[4] == pytest.approx(0.0, abs=1e-6)
    for second in range(300, 340):
        history.push(second, SkinRow(1.0, 2.0 * 1.01 ** (second - 300), 0.0, 12.0))
    assert history.newest(339)[4] > 0.5
    assert history.newest(339)[5] > 1.0


def test_unknown_responses_are_in_the_middle() -> None:
    history = SkinHistory()
    history.push(0, SkinRow(1.0, 2.0, 0.0, float("nan")))
    assert history.newest(0)[5] == 0.0
