"""A resting body's own ups and downs: the same for the same seed, without any pain, and as large as on real wrists."""

from __future__ import annotations

import numpy as np
import pytest

from edge.sensors.simulated.course import GRID_HZ, Course, course_of
from edge.sensors.simulated.scene import Patient, Scene
from edge.sensors.simulated.unrest import STIRS_PER_HOUR, Signal, unrest

SEEDS = range(1, 13)


def calm(seed: int) -> Course:
    return course_of(Scene(title="calm", duration_s=3600.0, patient=Patient()), seed)


def steps(signal: Signal) -> Signal:
    """Mean of each 4 s less the median of 25 to 180 s before: what the table of docs/scenes.md counts."""
    second = signal[: int(signal.size // GRID_HZ) * int(GRID_HZ)].reshape(-1, int(GRID_HZ)).mean(axis=1)
    return np.array([second[k - 3 : k + 1].mean() - np.median(second[k - 180 : k - 25]) for k in range(180, 3600)])


def test_the_same_seed_is_the_same_body() -> None:
    one, again, other = unrest(calm(1)), unrest(calm(1)), unrest(calm(2))
    assert np.array_equal(one.pulse, again.pulse)
    assert not np.array_equal(one.pulse, other.pulse)


def test_the_pulse_wanders_as_on_the_calmer_real_wrists() -> None:
    largest = [np.percentile(-steps(unrest(calm(seed)).pulse), 95) for seed in SEEDS]
    assert 0.25 < np.median(largest) < 0.57  # a tenth of the real wrists lie below 0.43, a quarter below 0.57


def test_conductance_wanders_less_than_the_pulse() -> None:
    pairs = [(np.abs(steps(one.skin)).mean(), np.abs(steps(one.pulse)).mean()) for one in map(unrest, map(calm, SEEDS))]
    assert all(skin < pulse for skin, pulse in pairs)


def test_something_stirs_the_patient_now_and_then() -> None:
    begun = [int((np.diff((unrest(calm(seed)).stir > 0).astype(int)) == 1).sum()) for seed in SEEDS]
    assert np.mean(begun) == pytest.approx(STIRS_PER_HOUR, rel=0.4)
