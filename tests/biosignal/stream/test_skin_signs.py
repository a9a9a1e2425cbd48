"""Trust in skin conductance is absolute: what is no conductance scores low, whatever came before."""

from __future__ import annotations

import numpy as np
import pytest

from edge.biosignal.grid import Grid
from edge.biosignal.stream.skin_signs import conductance_trust, motion_trust
from edge.sensors.simulated.waveform import ACC_HZ, GSR_HZ
from tests.biosignal.signals import Samples, calm, whole

RNG = np.random.default_rng(5)


def skin() -> Samples:
    return calm(60.0).gsr_us[80:140]


def trust(values: Samples) -> float:
    return conductance_trust(whole(values, GSR_HZ))


def shaken(strength_g: float) -> Grid:
    still = calm(60.0).acc_g[:320]
    return whole(still + RNG.normal(0.0, strength_g, still.shape).astype(np.float32), ACC_HZ)


def test_a_clean_signal_is_good() -> None:
    assert trust(skin()) > 0.9


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
    assert trust(values) < 0.1


def test_movement_takes_trust_step_by_step() -> None:
    assert motion_trust(shaken(0.0)) == 1.0
    assert 0.0 < motion_trust(shaken(0.08)) < 1.0
    assert motion_trust(shaken(0.5)) == 0.0


def test_a_band_without_accelerometer_is_not_punished() -> None:
    assert motion_trust(None) == 1.0


def test_gaps_lower_the_trust() -> None:
    values = skin().astype(np.float64)
    present = np.ones(60, dtype=np.bool_)
    present[10:25] = False
    assert 0.0 < conductance_trust(Grid(values, present, GSR_HZ)) < 0.8
    present[:40] = False
    assert conductance_trust(Grid(values, present, GSR_HZ)) == 0.0
