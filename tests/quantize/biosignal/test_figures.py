"""Figures of scores, the logistic yardstick, and the files that a run leaves."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantize.biosignal import evaluate, logistic, ship
from quantize.biosignal.holdout import HeldOut


def test_area_of_a_known_order() -> None:
    assert evaluate.area(np.array([0, 0, 1, 1]), np.array([0.1, 0.4, 0.35, 0.8])) == 0.75


def test_ties_count_half() -> None:
    assert evaluate.area(np.array([0, 1]), np.array([1.0, 1.0])) == 0.5


def test_one_class_has_no_curve() -> None:
    with pytest.raises(ValueError, match="both classes"):
        evaluate.area(np.array([1, 1]), np.array([0.0, 1.0]))


@given(st.lists(st.tuples(st.booleans(), st.integers(-5, 5)), min_size=4, max_size=40))
def test_area_is_the_share_of_ordered_pairs(rows: list[tuple[bool, int]]) -> None:
    ones = [score for label, score in rows if label]
    zeros = [score for label, score in rows if not label]
    if not ones or not zeros:
        return
    pairs = [float(a > b) + 0.5 * float(a == b) for a in ones for b in zeros]
    labels = np.array([int(label) for label, _ in rows])
    assert evaluate.area(labels, np.array([float(score) for _, score in rows])) == pytest.approx(np.mean(pairs))


def test_signals_are_added_and_either_may_be_absent() -> None:
    nan = float("nan")
    summed = evaluate.both(np.array([1.0, nan, 1.0, nan]), np.array([2.0, 2.0, nan, nan]))
    np.testing.assert_array_equal(summed, [3.0, 2.0, 1.0, nan])


def test_the_logistic_finds_the_line_that_made_the_labels() -> None:
    rng = np.random.default_rng(1)
    inputs = rng.normal(size=(20_000, 2))
    chance = 1.0 / (1.0 + np.exp(-(2.0 * inputs[:, 0] - inputs[:, 1])))
    labels = (rng.random(20_000) < chance).astype(np.int64)
    weights = logistic.fit(inputs, labels)
    assert weights == pytest.approx([2.0, -1.0, 0.0], abs=0.1)


def test_the_logistic_speaks_against_even_odds() -> None:
    rng = np.random.default_rng(1)
    labels = (rng.random(20_000) < 0.1).astype(np.int64)
    weights = logistic.fit(rng.normal(size=(20_000, 1)), labels)
    assert weights == pytest.approx([0.0, 0.0], abs=0.05)


def test_means_count_usable_seconds_only() -> None:
    inputs = np.zeros((1, 30, 3), dtype=np.float32)
    inputs[0, -4:] = [1.0, 2.0, 6.0]
    np.testing.assert_allclose(logistic.mean_of(inputs, 30), [[2.0, 6.0]])


def scores(shift: float) -> dict[str, evaluate.Floats]:
    rng = np.random.default_rng(3)
    return {name: rng.normal(size=400) + shift * (np.arange(400) >= 200) for name in ("S02", "S03", "S04")}


@pytest.fixture
def held_out() -> HeldOut:
    labels = {name: (np.arange(400) >= 200).astype(np.int64) for name in ("S02", "S03", "S04")}
    good = scores(1.0)
    good["S02"][:50] = np.nan
    return HeldOut(labels, {"ppg": good, "gsr": good}, {"ppg": good, "gsr": good}, {"ppg": good, "gsr": good}, good)


def test_figures_of_a_known_shift(held_out: HeldOut) -> None:
    auc = evaluate.measure(held_out.labels, held_out.int8["ppg"], seed=1)
    assert auc.pooled == pytest.approx(0.76, abs=0.05)  # two normals one deviation apart: Phi(1 / sqrt 2)
    assert auc.low < auc.pooled < auc.high
    assert auc.seconds == pytest.approx(1150 / 1200, abs=0.01)


def test_scatter_is_taken_around_each_state(held_out: HeldOut) -> None:
    assert evaluate.scatter(held_out.labels, held_out.int8["ppg"]) == pytest.approx(1.0, abs=0.07)


def test_calibration_of_scores_with_a_known_line(held_out: HeldOut) -> None:
    line = ship.calibrate(held_out)["ppg"]
    assert (line.slope, line.intercept) == pytest.approx((1.0, -0.5), abs=0.2)


def test_held_out_scores_are_dumped_for_the_fusion(held_out: HeldOut, tmp_path: Path) -> None:
    ship.dump(held_out, tmp_path / "new" / "heldout_arousal.npz")
    with np.load(tmp_path / "new" / "heldout_arousal.npz") as stored:
        kept = {"logit_ppg", "logit_gsr", "logit_hr", "float_ppg", "float_gsr", "yardstick_ppg", "yardstick_gsr"}
        assert set(stored) == kept | {"label", "subject"}
        assert stored["logit_ppg"].size == stored["label"].size == stored["subject"].size == 1200
        assert int(np.isnan(stored["logit_ppg"]).sum()) == 50


def test_every_row_of_the_card_has_figures(held_out: HeldOut) -> None:
    rows = ship.figures(held_out, ship.calibrate(held_out), seed=1)
    assert len(rows) == 10
    assert rows["PPG and GSR, int8"].pooled >= rows["PPG alone, int8"].pooled - 0.01
