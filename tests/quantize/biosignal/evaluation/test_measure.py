"""The whole evaluation on made-up scores."""

from __future__ import annotations

import dataclasses
import json
import math

import numpy as np
import pytest

from quantize.biosignal.evaluation.figures import Figures, Subset, as_json
from quantize.biosignal.evaluation.measure import figures
from quantize.biosignal.evaluation.people import Cohort
from tests.quantize.biosignal.evaluation.made_up import SECONDS, THRESHOLDS, cohort, person


def measured(people: Cohort) -> Figures:
    return figures(people, THRESHOLDS, seed=1, rounds=60)


def subset(found: Figures, name: str) -> Subset:
    return next(one for one in found.subsets if one.name == name)


def normal(x: float) -> float:
    return 0.5 * (1.0 + math.erf(x / math.sqrt(2.0)))


def test_two_normals_apart_have_the_area_that_theory_gives() -> None:
    one = subset(measured(cohort()), "PPG").int8
    assert one.pooled.value == pytest.approx(normal(1.0 / math.sqrt(2.0)), abs=0.02)
    assert one.pooled.low < one.pooled.value < one.pooled.high
    assert one.within.value == pytest.approx(one.pooled.value, abs=0.02)
    assert (one.people, one.seconds) == (6, 1.0)


def test_accuracy_at_even_odds_is_that_of_the_middle_between_the_classes() -> None:
    one = subset(measured(cohort()), "GSR")
    assert one.balanced.value == pytest.approx(normal(0.5), abs=0.02)
    assert one.balanced.value == pytest.approx((one.sensitivity.value + one.specificity.value) / 2)


def test_two_signals_that_err_apart_are_worth_more_than_one() -> None:
    found = measured(cohort())
    assert subset(found, "PPG and GSR").int8.pooled.low > subset(found, "PPG").int8.pooled.high


def test_log_odds_that_are_right_have_a_small_calibration_error() -> None:
    assert subset(measured(cohort()), "PPG").ece.value < 0.03


def test_log_odds_that_are_too_sure_are_caught() -> None:
    bold = [person(f"S{k}", 1.0, k) for k in range(4)]
    bold = [dataclasses.replace(one, lines=dict.fromkeys(one.lines, (5.0, 0.0))) for one in bold]
    assert subset(measured(Cohort("bold", tuple(bold))), "PPG").ece.low > 0.1


def test_the_same_scores_in_float_lose_nothing_and_a_blind_yardstick_is_passed() -> None:
    one = subset(measured(cohort()), "GSR")
    assert one.lost is not None
    assert one.gained is not None
    assert (one.lost.value, one.lost.high) == (0.0, 0.0)
    assert one.gained.low > 0.2


def test_what_nobody_kept_is_not_stated() -> None:
    one = subset(measured(dataclasses.replace(cohort(), float32=None, yardstick=None)), "PPG")
    assert (one.float32, one.lost, one.yardstick, one.gained) == (None, None, None, None)


def test_quality_bands_share_out_the_scored_seconds() -> None:
    bands = subset(measured(cohort()), "PPG").bands
    assert [(band.low, band.high) for band in bands] == [(0.0, 0.3), (0.3, 0.5), (0.5, 0.8), (0.8, 1.0)]
    assert sum(band.seconds for band in bands) == pytest.approx(1.0)
    assert np.isnan(bands[0].pooled.value)


def test_a_subset_that_no_band_sends_is_left_out() -> None:
    silent = np.full(SECONDS, np.nan)
    people = tuple(person(f"S{k}", 1.0, k, ppg=silent, hr=silent) for k in range(3))
    assert [one.name for one in measured(Cohort("skin only", people)).subsets] == ["GSR"]


def test_seconds_that_are_not_judged_are_in_no_figure() -> None:
    people = cohort(people=3).people
    labels = people[0].labels.copy()
    labels[:1500] = -1
    cut = dataclasses.replace(people[0], labels=labels)
    found = measured(Cohort("half judged", (cut, *people[1:])))
    assert found.seconds == 2 * SECONDS + 1500
    assert found.persons[0].seconds == 1500


def test_alarms_are_counted_per_calm_hour() -> None:
    one = subset(measured(cohort(shift=3.0)), "PPG and GSR")
    assert one.calm_hours == pytest.approx(6 * SECONDS / 2 / 3600)
    assert (one.false_per_hour.value, one.found.value, one.spans) == (0.0, 1.0, 30)


def test_everybody_has_a_row() -> None:
    rows = measured(cohort()).persons
    assert [row.name for row in rows] == [f"S{k:02d}" for k in range(6)]
    assert rows[0].quality["gsr"] == pytest.approx(0.9)
    assert rows[0].areas["PPG and GSR"] == pytest.approx(normal(1.0), abs=0.05)


def test_the_json_holds_no_number_that_json_has_not() -> None:
    stored = json.loads(as_json(measured(cohort(people=1))))
    assert stored["format"] == "anodyne-biosignal-figures-2"
    assert stored["subsets"][0]["int8"]["pooled"]["low"] is None
