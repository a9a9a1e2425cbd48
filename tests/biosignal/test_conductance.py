"""Skin conductance responses and level against the generator's truth."""

from __future__ import annotations

import numpy as np
import pytest

from edge.biosignal import conductance
from edge.sensors.simulated.scene import Scene
from edge.sensors.simulated.waveform import GSR_HZ, Patient, synthesise


def bump(onset_s: float, amplitude_us: float, duration_s: float = 40.0) -> conductance.Signal:
    t_s = np.arange(0.0, duration_s, 1.0 / GSR_HZ)
    since = np.maximum(t_s - onset_s, 0.0)
    curve = np.exp(-since / 2.0) - np.exp(-since / 0.75)
    return np.asarray(2.0 + amplitude_us * curve / curve.max())


def test_one_response_has_its_onset_and_amplitude() -> None:
    found = conductance.responses(bump(15.0, 0.3), GSR_HZ)
    assert found.onsets_s == pytest.approx([15.0], abs=0.75)
    assert found.amplitudes_us == pytest.approx([0.3], rel=0.15)


def test_a_rise_below_the_smallest_response_does_not_count() -> None:
    assert conductance.responses(bump(15.0, 0.015), GSR_HZ).onsets_s.size == 0


def test_a_slow_drift_is_not_a_response() -> None:
    drift = 2.0 + np.linspace(0.0, 1.0, 160)
    assert conductance.responses(drift, GSR_HZ).onsets_s.size == 0


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_separate_responses_are_counted(seed: int) -> None:
    rested = Patient(scr_per_min=3.0, scr_us=0.2, gsr_noise_us=0.001)
    waves = synthesise(Scene(title="rest", duration_s=600.0), seed, rested)
    apart = np.diff(waves.scr_onsets_s, prepend=-10.0) > 4.0  # closer ones grow together, as they do on skin
    found = conductance.responses(waves.gsr_us.astype(np.float64), GSR_HZ)
    gaps = np.abs(found.onsets_s[:, None] - waves.scr_onsets_s[apart]).min(axis=0)
    assert float((gaps < 2.0).mean()) >= 0.85
    assert found.onsets_s.size <= 1.1 * waves.scr_onsets_s.size


def test_the_level_is_not_moved_by_one_response() -> None:
    assert conductance.level_us(bump(15.0, 1.0)) == pytest.approx(2.0, abs=0.03)


def test_slope_is_relative() -> None:
    rising = 3.0 * np.exp(0.01 * np.arange(40) / GSR_HZ)
    assert conductance.slope_per_s(rising, GSR_HZ) == pytest.approx(0.01)
