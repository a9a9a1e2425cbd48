"""Signal quality is absolute: what is not a signal scores low, whatever came before."""

from __future__ import annotations

import numpy as np
import pytest

from edge.biosignal import quality
from edge.biosignal.grid import Grid
from edge.sensors.simulated.waveform import ACC_HZ, GSR_HZ, PPG_HZ
from tests.biosignal.signals import Samples, calm, whole

RNG = np.random.default_rng(5)


def pulse(start_s: int = 20) -> Samples:
    return calm(60.0).ppg[start_s * 64 : (start_s + 10) * 64]


def skin() -> Samples:
    return calm(60.0).gsr_us[80:140]


def ppg_quality(values: Samples, acc_g: Grid | None = None) -> float:
    return quality.ppg_quality(whole(values, PPG_HZ), acc_g)


def gsr_quality(values: Samples) -> float:
    return quality.gsr_quality(whole(values, GSR_HZ))


def shaken(strength_g: float) -> Grid:
    still = calm(60.0).acc_g[:320]
    return whole(still + RNG.normal(0.0, strength_g, still.shape).astype(np.float32), ACC_HZ)


def test_clean_signals_are_good() -> None:
    assert ppg_quality(pulse()) > 0.9
    assert gsr_quality(skin()) > 0.9


@pytest.mark.parametrize(
    "values",
    [
        pytest.param(np.full(640, 3.0, dtype=np.float32), id="flat line"),
        pytest.param(RNG.normal(0, 50, 640).astype(np.float32), id="white noise"),
        pytest.param(np.cumsum(RNG.normal(0, 5, 640)).astype(np.float32), id="random walk"),
        pytest.param(np.clip(pulse() * 20.0, -60.0, 60.0), id="saturated"),
        pytest.param(np.linspace(0, 100, 640, dtype=np.float32), id="drift"),
    ],
)
def test_a_pulse_wave_that_is_none_scores_low(values: Samples) -> None:
    assert ppg_quality(values) < 0.1


@pytest.mark.parametrize(
    "values",
    [
        pytest.param(np.full(60, 2.0, dtype=np.float32), id="flat line"),
        pytest.param(np.abs(RNG.normal(1.0, 0.5, 60)).astype(np.float32), id="white noise"),
        pytest.param(np.full(60, 100.0, dtype=np.float32) + skin(), id="above what skin can have"),
        pytest.param(np.abs(RNG.normal(0.0, 0.01, 60)).astype(np.float32), id="off the wrist"),
        pytest.param(np.minimum(skin() + np.linspace(0, 30, 60, dtype=np.float32), 3.0), id="saturated"),
    ],
)
def test_conductance_that_is_none_scores_low(values: Samples) -> None:
    assert gsr_quality(values) < 0.1


def test_noise_lowers_the_quality_step_by_step() -> None:
    noise = RNG.normal(0.0, 1.0, 640).astype(np.float32)
    scores = [ppg_quality(pulse() + strength * noise) for strength in (0.0, 50.0, 100.0, 300.0)]
    assert scores == sorted(scores, reverse=True)
    assert scores[-1] < 0.2


def test_movement_takes_the_trust_in_a_pulse_wave() -> None:
    assert ppg_quality(pulse(), shaken(0.0)) > 0.9
    assert ppg_quality(pulse(), shaken(0.5)) == 0.0


def test_movement_halves_the_trust_in_conductance() -> None:
    moved = quality.gsr_quality(whole(skin(), GSR_HZ), shaken(0.5))
    assert moved == pytest.approx(0.5 * gsr_quality(skin()))


def test_a_band_without_accelerometer_is_not_punished() -> None:
    assert quality.motion_trust(None) == 1.0


def test_gaps_lower_the_quality() -> None:
    values = pulse().astype(np.float64)
    present = np.ones(640, dtype=np.bool_)
    present[100:300] = False
    assert 0.0 < quality.ppg_quality(Grid(values, present, PPG_HZ)) < 0.6
    present[:400] = False
    assert quality.ppg_quality(Grid(values, present, PPG_HZ)) == 0.0
