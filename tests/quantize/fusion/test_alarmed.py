"""The alarm rule on courses of evidence: what counts as raised, as false, and as too long."""

from __future__ import annotations

import numpy as np
import pytest

from edge import config
from quantize.fusion.alarmed import HYSTERESIS, Found, alarms, choose, judge, together
from quantize.fusion.lives import Floats, Life

RULE = config.Alarm()
"""Ten seconds to begin, twenty to end."""


def course(*spans: tuple[int, int], seconds: int = 600, high: float = 2.0, low: float = -3.0) -> Floats:
    evidence = np.full(seconds, low)
    for start, end in spans:
        evidence[start:end] = high
    return evidence


def hurting(*spans: tuple[int, int], seconds: int = 600) -> Life:
    return Life("made_up-1", course(*spans, seconds=seconds, high=8.0, low=0.0), {})


def test_an_alarm_begins_after_its_delay_and_ends_after_its_own() -> None:
    assert alarms(course((100, 150)), 0.0, RULE) == [(109, 170)]


def test_evidence_that_stays_too_short_raises_nothing() -> None:
    assert alarms(course((100, 109)), 0.0, RULE) == []


def test_a_pause_shorter_than_the_clearing_is_the_same_alarm() -> None:
    assert len(alarms(course((100, 150), (165, 200)), 0.0, RULE)) == 1
    assert len(alarms(course((100, 150), (175, 200)), 0.0, RULE)) == 2


def test_evidence_just_below_the_threshold_ends_nothing() -> None:
    evidence = course((100, 150), low=-0.5 * HYSTERESIS)
    assert alarms(evidence, 0.0, RULE) == [(109, 600)]


def test_another_mode_neither_begins_nor_ends() -> None:
    evidence = course((100, 120))
    evidence[120:300] = np.nan
    assert alarms(evidence, 0.0, RULE) == [(109, 320)]


def test_an_episode_is_raised_in_time_or_not() -> None:
    life = hurting((100, 200))
    assert judge(life, course((105, 200)), 0.0, RULE).raised == 1
    assert judge(life, course((130, 200)), 0.0, RULE).raised == 0


def test_an_alarm_without_pain_is_false_and_its_time_is_counted() -> None:
    found = judge(hurting((100, 160)), course((400, 450)), 0.0, RULE)
    assert (found.episodes, found.raised, found.false, found.alarmed_s) == (1, 0, 1, 61)
    assert found.false_per_hour == pytest.approx(3600.0 / found.calm_s)


def test_an_episode_that_another_mode_saw_is_not_asked_of_this_one() -> None:
    evidence = course()
    evidence[100:130] = np.nan
    assert judge(hurting((100, 200)), evidence, 0.0, RULE).episodes == 0


def test_the_threshold_that_finds_most_within_the_budget_is_chosen() -> None:
    life = hurting((100, 200), (400, 480), seconds=7200)
    evidence = course((105, 200), seconds=7200, high=5.0)
    evidence[405:480] = 2.0
    for start in range(1000, 7000, 300):
        evidence[start : start + 30] = 1.0
    threshold, found = choose([life], [evidence], RULE, budget_per_hour=0.5, most_alarmed=0.02)
    assert 1.0 < threshold <= 2.0
    assert (found.raised, found.false) == (2, 0)


def test_what_finds_nothing_within_the_budget_gets_a_threshold_out_of_reach() -> None:
    life = hurting((100, 200), seconds=7200)
    evidence = course((0, 7200), seconds=7200)
    threshold, found = choose([life], [evidence], RULE, budget_per_hour=0.5, most_alarmed=0.02)
    assert (threshold, found.raised) == (2.0, 0)


def test_lives_are_counted_together() -> None:
    assert together([Found(1, 1, 0, 5, 100), Found(2, 1, 3, 5, 200)]) == Found(3, 2, 3, 10, 300)
    assert (Found().share, Found().false_per_hour, Found().alarmed_share) == (0.0, 0.0, 0.0)
