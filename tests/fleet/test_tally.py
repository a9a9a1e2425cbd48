"""Counts and latencies."""

from __future__ import annotations

import pytest

from edge.fleet.tally import Tally, percentile_ms


def test_what_did_not_arrive_is_lost_and_a_repeat_is_a_duplicate() -> None:
    tally = Tally("storm", 3, 100.0)
    for name in ("a", "b", "c"):
        tally.raise_alert(name, 100.0)
    tally.arrive("a", 100.5)
    tally.arrive("a", 100.6)
    tally.arrive("b", 102.0)
    tally.arrive("of somebody else", 102.5)
    figures = tally.figures(110.0)
    assert (figures["raised"], figures["arrived"], figures["lost"], figures["duplicates"]) == (3, 2, 1, 1)
    assert (figures["p50_ms"], figures["worst_ms"]) == (500.0, 2000.0)
    assert figures["alerts_per_s"] == 1.0


@pytest.mark.parametrize(
    ("count", "share", "expected"), [(1, 0.99, 1.0), (100, 0.99, 99.0), (101, 0.99, 100.0), (200, 0.5, 100.0)]
)
def test_a_percentile_is_a_value_that_was_measured(count: int, share: float, expected: float) -> None:
    assert percentile_ms([(number + 1) / 1000 for number in range(count)], share) == expected


def test_of_nothing_there_is_no_percentile() -> None:
    assert percentile_ms([], 0.99) is None
