"""The generator: seeded, with the truth in hand, and in the directions that pain has."""

from __future__ import annotations

import numpy as np
import pytest

from edge.sensors.simulated.scene import DEMO_SCENE, PainSpan, Scene
from edge.sensors.simulated.waveform import ACC_HZ, GSR_HZ, PPG_HZ, Patient, Waveforms, synthesise

SCENE = Scene(title="calm, then pain", duration_s=300.0, pain=(PainSpan(start_s=150.0, end_s=290.0, level=10.0),))


@pytest.fixture(scope="module")
def waves() -> Waveforms:
    return synthesise(SCENE, seed=3)


def test_the_same_seed_gives_the_same_samples() -> None:
    scene = Scene.load(DEMO_SCENE)
    first, second, other = synthesise(scene, 1), synthesise(scene, 1), synthesise(scene, 2)
    np.testing.assert_array_equal(first.ppg, second.ppg)
    np.testing.assert_array_equal(first.gsr_us, second.gsr_us)
    assert not np.array_equal(first.ppg, other.ppg)


def test_lengths_follow_the_rates(waves: Waveforms) -> None:
    assert (waves.ppg.size, waves.gsr_us.size) == (300 * PPG_HZ, 300 * GSR_HZ)
    assert waves.acc_g.shape == (300 * ACC_HZ, 3)


def test_every_beat_is_a_peak_of_the_wave() -> None:
    quiet = synthesise(SCENE, 3, Patient(ppg_noise=0.0))
    for beat_s in quiet.beats_s[5:40]:
        around = quiet.ppg[round((beat_s - 0.1) * PPG_HZ) : round((beat_s + 0.1) * PPG_HZ) + 1]
        peak_s = round((beat_s - 0.1) * PPG_HZ) / PPG_HZ + int(around.argmax()) / PPG_HZ
        assert peak_s == pytest.approx(beat_s, abs=1.5 / PPG_HZ)


def test_heart_rate_rises_with_pain(waves: Waveforms) -> None:
    calm = np.diff(waves.beats_s[waves.beats_s < 150]).mean()
    pain = np.diff(waves.beats_s[(waves.beats_s > 180) & (waves.beats_s < 290)]).mean()
    assert 60 / pain - 60 / calm == pytest.approx(22.0, abs=2.5)


def test_pulse_amplitude_falls_with_pain(waves: Waveforms) -> None:
    calm, pain = waves.ppg[20 * 64 : 140 * 64], waves.ppg[180 * 64 : 280 * 64]
    assert np.ptp(pain) < 0.75 * np.ptp(calm)


def test_responses_come_more_often_with_pain(waves: Waveforms) -> None:
    calm = int((waves.scr_onsets_s < 150).sum())
    pain = int((waves.scr_onsets_s > 155).sum())
    assert calm <= 10
    assert pain >= 20


def test_skin_conductance_stays_plausible(waves: Waveforms) -> None:
    assert float(waves.gsr_us.min()) > 0.5
    assert float(waves.gsr_us.max()) < 15.0


def test_a_resting_wrist_feels_one_gravity(waves: Waveforms) -> None:
    assert np.linalg.norm(waves.acc_g, axis=1).mean() == pytest.approx(1.0, abs=0.03)
