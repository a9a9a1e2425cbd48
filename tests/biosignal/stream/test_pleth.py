"""The idea of the Surgical Pleth Index: ranks among the patient's own beats."""

from __future__ import annotations

import math

import pytest

from edge.biosignal.stream.pleth import PlethIndex, Ranks


def settled() -> PlethIndex:
    index = PlethIndex()
    for second in range(600):
        index.add(float(second), 0.85 + 0.05 * math.sin(second), 100.0 + 10.0 * math.sin(1.7 * second))
    return index


def test_the_usual_is_in_the_middle() -> None:
    assert settled().value(0.85, 100.0) == pytest.approx(50.0, abs=12.0)


def test_short_intervals_and_small_pulses_raise_it() -> None:
    index = settled()
    assert index.value(0.6, 50.0) > 95.0
    assert index.value(1.2, 200.0) < 5.0


def test_amplitude_weighs_twice_the_interval() -> None:
    index = settled()
    assert index.value(1.2, 50.0) == pytest.approx(67.0, abs=2.0)
    assert index.value(0.5, 200.0) == pytest.approx(33.0, abs=2.0)


def test_an_unknown_patient_has_no_index() -> None:
    index = PlethIndex()
    index.add(0.0, 0.8, 100.0)
    assert math.isnan(index.value(0.8, 100.0))
    assert math.isnan(index.amplitude_change(100.0))


def test_the_unit_of_the_band_does_not_matter() -> None:
    small, large = PlethIndex(), PlethIndex()
    for second in range(100):
        small.add(float(second), 0.8, 0.01 + 0.001 * (second % 7))
        large.add(float(second), 0.8, 1000.0 + 100.0 * (second % 7))
    assert small.value(0.8, 0.012) == pytest.approx(large.value(0.8, 1200.0), abs=1.0)


def test_half_the_pulse_is_a_change_of_minus_a_half() -> None:
    assert settled().amplitude_change(50.0) == pytest.approx(-0.5, abs=0.05)


def test_hours_later_the_old_past_is_forgotten() -> None:
    index = settled()
    for second in range(600, 600 + 4 * 3600, 2):
        index.add(float(second), 0.85, 50.0)
    assert index.amplitude_change(50.0) == pytest.approx(0.0, abs=0.06)


def test_ranks_begin_with_the_population() -> None:
    ranks = Ranks(0.3, 2.0, (math.log(0.83), 0.2))
    assert ranks.rank(0.83) == pytest.approx(0.5, abs=0.05)
    assert ranks.rank(0.5) < 0.02
