"""Each metric on numbers that can be checked by hand or against a published table."""

from __future__ import annotations

import numpy as np
import pytest

from quantize.faces.evaluation.metrics import agreement, auc, effective_rank, icc31, moments, weighted_auc

SHROUT_FLEISS = np.array(
    [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]], np.float64
)
"""Four judges, six targets: table 2 of Shrout & Fleiss 1979, whose ICC(3,1) is .71."""


def test_icc_is_that_of_the_published_example() -> None:
    assert icc31(SHROUT_FLEISS) == pytest.approx(0.71, abs=0.005)


def test_icc_from_sums_is_that_of_the_table_of_two_raters() -> None:
    two = SHROUT_FLEISS[:, :2]
    sums = moments(two[:, 0], two[:, 1], np.arange(6)).sum(axis=0)
    assert agreement(sums).icc == pytest.approx(icc31(two))


def test_a_constant_offset_costs_error_and_neither_r_nor_consistency() -> None:
    truth = np.array([0.0, 1.0, 2.0])
    found = agreement(moments(truth, truth + 1, np.zeros(3, np.int64)).sum(axis=0))
    assert (found.r, found.icc, found.mae) == pytest.approx((1, 1, 1))


def test_r_is_numpys() -> None:
    truth, guess = np.array([0.0, 1, 2, 5]), np.array([1.0, 0, 3, 4])
    found = agreement(moments(truth, guess, np.array([1, 1, 2, 2])).sum(axis=0))
    assert found.r == pytest.approx(np.corrcoef(truth, guess)[0, 1])


def test_what_was_not_coded_does_not_count() -> None:
    truth = np.array([0.0, 1.0, 2.0, np.nan])
    sums = moments(truth, np.array([0.0, 1.0, 2.0, 5.0]), np.array([1, 1, 2, 2])).sum(axis=0)
    assert (agreement(sums).mae, sums[0]) == (0.0, 3.0)


def test_readings_without_spread_have_no_correlation() -> None:
    assert np.isnan(agreement(moments(np.arange(4.0), np.ones(4), np.arange(4)).sum(axis=0)).r)


def test_auc_counts_pairs_in_order() -> None:
    assert auc(np.array([3, 1], np.float32), np.array([2, 0], np.float32)) == 0.75


def test_auc_counts_ties_half() -> None:
    assert auc(np.array([1, 1], np.float32), np.array([1, 1], np.float32)) == 0.5


def test_auc_of_nothing_is_not_a_number() -> None:
    assert np.isnan(auc(np.zeros(0), np.zeros(3)))


def test_a_face_that_counts_twice_is_as_two_faces() -> None:
    score, positive = np.array([3.0, 1.0, 2.0, 0.0]), np.array([True, True, False, False])
    assert weighted_auc(score, positive, np.array([1.0, 2.0, 1.0, 1.0])) == pytest.approx(
        auc(np.array([3.0, 1.0, 1.0]), np.array([2.0, 0.0]))
    )


def test_independent_outputs_have_full_effective_rank() -> None:
    assert effective_rank(np.random.default_rng(1).normal(size=(20_000, 9)).astype(np.float32)) > 8.9


def test_outputs_that_all_say_the_same_have_rank_one() -> None:
    one = np.random.default_rng(1).normal(size=(500, 1)).astype(np.float32)
    assert effective_rank(one * np.ones((1, 9), np.float32)) == pytest.approx(1, abs=0.01)


def test_a_dead_output_lowers_the_rank() -> None:
    values = np.random.default_rng(1).normal(size=(20_000, 9)).astype(np.float32)
    values[:, 3:] = 0
    assert effective_rank(values) == pytest.approx(3, abs=0.05)
