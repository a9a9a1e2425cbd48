"""Evidence over time through the box's alarm table."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edge.config import Alarm
from quantize.biosignal.evaluation.episodes import spans_of, watch

LABELS = np.zeros(600, dtype=np.int64)
LABELS[200:300] = 1


def margins(*spans: tuple[int, int]) -> NDArray[np.float64]:
    found = np.full(600, -3.0)
    for first, last in spans:
        found[first:last] = 1.0
    return found


def test_a_passing_of_the_threshold_shorter_than_the_delay_is_no_alarm() -> None:
    assert watch(margins((50, 58)), LABELS, Alarm()).false == 0


def test_an_alarm_in_calm_is_false() -> None:
    found = watch(margins((50, 80)), LABELS, Alarm())
    assert (found.false, found.calm_s, found.found, found.spans) == (1, 500, 0, 1)


def test_an_alarm_during_arousal_is_found_and_not_false() -> None:
    found = watch(margins((210, 260)), LABELS, Alarm())
    assert (found.false, found.found) == (0, 1)


def test_two_alarms_close_together_are_one() -> None:
    assert watch(margins((50, 80), (90, 120)), LABELS, Alarm()).false == 1


def test_two_alarms_far_apart_are_two() -> None:
    assert watch(margins((50, 80), (130, 160)), LABELS, Alarm()).false == 2


def test_blind_seconds_are_neither_calm_nor_a_chance_to_find() -> None:
    blind = margins()
    blind[150:350] = np.nan
    found = watch(blind, LABELS, Alarm())
    assert (found.calm_s, found.spans) == (400, 0)


def test_spans_too_short_to_be_found_do_not_count() -> None:
    labels = LABELS.copy()
    labels[400:410] = 1
    assert spans_of(labels) == [(200, 300)]


def test_seconds_that_are_not_judged_end_a_span() -> None:
    labels = LABELS.copy()
    labels[250] = -1
    assert spans_of(labels) == [(200, 250), (251, 300)]
