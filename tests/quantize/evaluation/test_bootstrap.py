"""The bootstrap: over people, and the same again with the same seed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from quantize.evaluation.bootstrap import draws, interval


def test_every_round_draws_as_many_as_there_are() -> None:
    assert (draws(7, rounds=20, seed=1).sum(axis=1) == 7).all()


def test_the_same_seed_gives_the_same_interval() -> None:
    values = np.arange(10.0)

    def mean(count: NDArray[np.float64]) -> float:
        return float(count @ values / count.sum())

    first, second = (interval(mean, draws(10, rounds=100, seed=3)) for _ in range(2))
    assert first == second
    assert first.low < first.value == 4.5 < first.high


def test_one_person_alone_has_no_interval() -> None:
    found = interval(lambda count: float(count.sum()), draws(1, rounds=10, seed=1))
    assert (found.value, np.isnan(found.low)) == (1.0, True)


def test_rounds_without_a_figure_are_left_out() -> None:
    found = interval(lambda count: float("nan") if count[0] == 0 else 1.0, draws(3, rounds=50, seed=1))
    assert (found.low, found.high) == (1.0, 1.0)
