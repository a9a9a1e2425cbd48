"""From scores to evidence, as the fusion counts it."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from edge.bundle import Bundle
from quantize.biosignal.evaluation.people import (
    APART_S,
    Line,
    Person,
    Source,
    joined,
    lines_without,
    shipped_lines,
    thresholds,
)
from tests.quantize.biosignal.evaluation.made_up import LABELS, SECONDS, THRESHOLDS, person

NAN = float("nan")


def four_seconds(quality: tuple[float, ...] = (1.0, 1.0, 1.0, 1.0)) -> Person:
    scores = {"ppg": np.array([1.0, NAN, 3.0, NAN]), "gsr": np.array([2.0, 2.0, NAN, NAN]), "hr": np.full(4, NAN)}
    lines: dict[Source, Line] = {"ppg": (2.0, 0.5), "gsr": (1.0, 0.0), "hr": (1.0, 0.0)}
    return Person(
        "S01",
        np.zeros(4, dtype=np.int64),
        {"ppg": scores["ppg"], "gsr": scores["gsr"], "hr": scores["hr"]},
        {"ppg": np.array(quality), "gsr": np.ones(4)},
        lines,
        lines | {"ppg": (1.0, 0.0)},
    )


def test_evidence_is_calibrated_and_added_where_it_is() -> None:
    np.testing.assert_allclose(four_seconds().log_odds(("ppg", "gsr")), [4.5, 2.0, 6.0, NAN])


def test_people_are_compared_on_one_line_for_all() -> None:
    np.testing.assert_allclose(four_seconds().log_odds(("ppg",), shared=True), [1.0, NAN, 3.0, NAN])


def test_each_second_is_held_against_the_threshold_of_its_own_mode() -> None:
    found = four_seconds().margin(("ppg", "gsr"), THRESHOLDS, 0.3)
    np.testing.assert_allclose(found, [4.5 - 2.0, 2.0 - 1.5, 6.0 - 1.5, NAN])


def test_poor_evidence_is_set_aside_and_fair_evidence_weighs_less() -> None:
    found = four_seconds((0.1, 1.0, 0.3, 1.0)).margin(("ppg", "gsr"), THRESHOLDS, 0.3)
    np.testing.assert_allclose(found[[0, 2]], [2.0 - 1.5, 3.0 - 1.5])


def test_the_lower_quality_of_those_that_speak_counts() -> None:
    found = four_seconds((0.4, 0.2, 0.5, 0.6)).lowest_quality(("ppg", "gsr"))
    np.testing.assert_allclose(found, [0.4, 1.0, 0.5, NAN])


def test_without_any_quality_none_is_claimed() -> None:
    bare = dataclasses.replace(four_seconds(), quality={})
    assert np.isnan(bare.lowest_quality(("ppg",))).all()
    assert bare.margin(("ppg",), THRESHOLDS, 0.3)[0] == pytest.approx(2.5 - 1.5)


def test_a_line_is_fitted_on_the_others_only() -> None:
    labels = dict.fromkeys(("S01", "S02", "S03"), LABELS)
    scores = {name: person(name, 1.0, k).scores["ppg"] for k, name in enumerate(labels)}
    scores["S03"] = 100.0 * scores["S03"]
    lines = lines_without(labels, scores)
    assert lines["S03"][0] == pytest.approx(1.0, abs=0.25)
    assert lines["S01"][0] < 0.5


def test_the_bundle_holds_a_line_and_a_threshold_for_every_subset() -> None:
    bundle = Bundle.load()
    assert set(shipped_lines(bundle)) == {"ppg", "gsr", "hr"}
    assert all(0.5 < value < 4.0 for value in thresholds(bundle).values())


def test_two_recordings_of_one_person_are_one_with_a_blind_gap() -> None:
    ann, ben = person("Ann"), person("Ben", seed=2)
    both, other = joined([ann, ben, person("Ann", seed=3)])
    assert (both.name, other) == ("Ann", ben)
    gap = slice(SECONDS, SECONDS + APART_S)
    assert both.labels.size == 2 * SECONDS + APART_S
    assert (both.labels[gap] == -1).all()
    assert np.isnan(both.margin(("ppg",), THRESHOLDS, 0.3)[gap]).all()
    np.testing.assert_array_equal(both.scores["gsr"][gap.stop :], person("Ann", seed=3).scores["gsr"])
