"""The pooled area from a table of pairs is the area itself."""

from __future__ import annotations

import numpy as np
import pytest

from quantize.biosignal.evaluate import area
from quantize.biosignal.evaluation.separation import Pairs, mean_within


def drawn() -> tuple[list[np.typing.NDArray[np.float64]], list[np.typing.NDArray[np.int64]]]:
    rng = np.random.default_rng(1)
    scores = [rng.integers(0, 8, size).astype(np.float64) for size in (40, 25, 60)]
    return scores, [(rng.random(one.size) < 0.4).astype(np.int64) for one in scores]


def test_pooled_area_is_that_of_all_seconds_in_one_curve() -> None:
    scores, labels = drawn()
    whole = area(np.concatenate(labels), np.concatenate(scores))
    assert Pairs(scores, labels).pooled(np.ones(3)) == pytest.approx(whole)


def test_a_person_drawn_twice_counts_twice() -> None:
    scores, labels = drawn()
    twice = area(np.concatenate([labels[0], labels[0], labels[2]]), np.concatenate([scores[0], scores[0], scores[2]]))
    assert Pairs(scores, labels).pooled(np.array([2.0, 0.0, 1.0])) == pytest.approx(twice)


def test_areas_within_people_are_their_own() -> None:
    scores, labels = drawn()
    assert Pairs(scores, labels).within()[1] == pytest.approx(area(labels[1], scores[1]))


def test_a_person_of_one_class_has_no_area_and_is_left_out_of_the_mean() -> None:
    scores, labels = drawn()
    labels[0][:] = 0
    within = Pairs(scores, labels).within()
    assert np.isnan(within[0])
    assert mean_within(within, np.ones(3)) == pytest.approx(within[1:].mean())


def test_nobody_aroused_gives_no_area() -> None:
    assert np.isnan(Pairs([np.zeros(3)], [np.zeros(3, dtype=np.int64)]).pooled(np.ones(1)))
