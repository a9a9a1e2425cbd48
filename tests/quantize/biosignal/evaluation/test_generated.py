"""Generated signals: what the box's own detectors make of a known truth."""

from __future__ import annotations

import numpy as np
import pytest

from quantize.biosignal.evaluation.detectors import SMALLEST_US, Tool
from quantize.biosignal.evaluation.generated import bateman, cases, detected, rated, truths

PERFECT = Tool("nothing found", lambda _ppg, _rate_hz: np.empty(0), None)


def test_three_kinds_of_recording_with_the_same_truth() -> None:
    made = list(cases(1, 60))
    assert [case.name for case in made] == ["at rest", "cold hands", "walking"]
    assert made[0].waves[0].beats_s.tolist() == made[2].waves[0].beats_s.tolist()
    assert made[2].acc_g[0].std(axis=0).max() > 0.1 > made[0].acc_g[0].std(axis=0).max()


def test_the_box_finds_clean_beats_and_walking_costs_some() -> None:
    found = {one.case: one for one in truths((), 1, 90) if one.tool == "Anodyne"}
    assert found["at rest"].f1 >= 0.97
    assert found["at rest"].rate_mae_bpm <= 2.0
    assert found["walking"].f1 < found["at rest"].f1


def test_a_tool_that_finds_nothing_is_told_so() -> None:
    found = next(one for one in truths((PERFECT,), 1, 60) if one.tool == PERFECT.name)
    assert found.f1 == 0.0
    assert np.isnan(found.rate_mae_bpm)
    assert np.isnan(found.scr_per_min)


def test_seconds_at_rest_that_are_rated_good_have_the_right_heart_rate() -> None:
    good = rated(1, 60)["at rest"][-1]
    assert good.within_5_bpm.value >= 0.95
    assert good.seconds > 0.8


def test_a_response_is_one_high_and_over_before_the_next() -> None:
    curve = bateman(np.arange(-5.0, 20.0, 0.01))
    assert curve.max() == pytest.approx(1.0, abs=1e-4)
    assert curve[:500].max() == 0.0
    assert curve[-1] < 0.01


def test_large_responses_are_counted_and_tiny_ones_are_not() -> None:
    large, tiny = detected("large", np.full(40, 0.5), 1), detected("tiny", np.full(40, 0.2 * SMALLEST_US), 1)
    assert (large.found, large.expected, large.events) == (1.0, 1.0, 40)
    assert large.bias_us == pytest.approx(0.0, abs=0.05)
    assert tiny.found < 0.1
    assert tiny.expected == 0.0


def test_nothing_is_found_where_nothing_was_made() -> None:
    found = detected("none", np.zeros(40), 1)
    assert (found.events, found.found) == (0, 0.0)
    assert found.false_per_min < 0.2
