"""One person's resting level: where it begins, what moves it, and what must not."""

from __future__ import annotations

import pytest

from edge.face.reference import WINDOW_S, Population, RestingLevel
from edge.types import NS_PER_S

POPULATION = Population(median=0.4, low=0.0, high=1.6)


def live(rest: RestingLevel, pspi: float, start_s: int, seconds: int) -> None:
    for second in range(start_s, start_s + seconds):
        for tenth in range(10):
            rest.learn(pspi, second * NS_PER_S + tenth * NS_PER_S // 10)


def test_it_begins_with_the_population() -> None:
    assert RestingLevel(POPULATION).level == 0.4


def test_it_becomes_the_persons_own_within_a_minute() -> None:
    rest = RestingLevel(POPULATION)
    live(rest, 1.2, 0, 60)
    assert rest.level == pytest.approx(1.2, abs=0.15)


def test_ten_minutes_of_pain_do_not_raise_it() -> None:
    rest = RestingLevel(POPULATION)
    live(rest, 0.2, 0, 600)
    live(rest, 9.0, 600, 600)
    assert rest.level == pytest.approx(0.2, abs=0.05)


def test_pain_from_the_start_is_not_taken_for_rest() -> None:
    rest = RestingLevel(POPULATION)
    live(rest, 9.0, 0, 2 * WINDOW_S)
    assert rest.level == POPULATION.high


def test_the_far_past_is_forgotten() -> None:
    rest = RestingLevel(POPULATION)
    live(rest, 1.5, 0, 600)
    live(rest, 0.3, 600, WINDOW_S + 2)
    assert rest.level == pytest.approx(0.3, abs=0.02)


def test_a_long_gap_does_not_keep_old_seconds() -> None:
    rest = RestingLevel(POPULATION)
    live(rest, 1.5, 0, 600)
    live(rest, 0.1, 600 + 2 * WINDOW_S, 120)
    assert rest.level < 0.2
