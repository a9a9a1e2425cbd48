"""Beats against the generator's truth."""

from __future__ import annotations

import numpy as np
import pytest

from edge.biosignal import beats, intervals
from edge.sensors.simulated.scene import PainSpan, Scene
from edge.sensors.simulated.waveform import PPG_HZ, Patient, synthesise
from tests.biosignal.signals import calm

UPSTROKE_S = 0.083
"""The steepest point comes this long before the systolic peak that the generator calls the beat."""


def matched(found_s: intervals.Signal, true_s: intervals.Signal, within_s: float) -> int:
    gaps = np.abs((found_s + UPSTROKE_S)[:, None] - true_s).min(axis=1)
    return int((gaps <= within_s).sum())


@pytest.mark.parametrize("bpm", [45.0, 68.0, 110.0, 150.0])
def test_every_beat_is_found_once(bpm: float) -> None:
    waves = synthesise(Scene(title="rate", duration_s=120.0), 2, Patient(heart_rate_bpm=bpm))
    found = beats.detect(waves.ppg.astype(np.float64), PPG_HZ).times_s
    hits = matched(found, waves.beats_s, 0.05)
    f1 = 2.0 * hits / (found.size + waves.beats_s.size)
    assert f1 >= 0.99


def test_beat_times_are_finer_than_a_sample() -> None:
    waves = calm()
    found = beats.detect(waves.ppg.astype(np.float64), PPG_HZ).times_s[2:-2]
    nearest = waves.beats_s[np.abs((found + UPSTROKE_S)[:, None] - waves.beats_s).argmin(axis=1)]
    assert float((found - nearest).std()) < 0.5 / PPG_HZ


@pytest.mark.parametrize("rate_hz", [25.0, 32.0, 64.0, 128.0])
def test_heart_rate_is_right_at_any_usual_sampling_rate(rate_hz: float) -> None:
    waves = calm()
    times_s = np.arange(0.0, 119.0, 1.0 / rate_hz)
    ppg = np.interp(times_s, np.arange(waves.ppg.size) / PPG_HZ, waves.ppg)
    rate = intervals.heart_rate_bpm(intervals.from_beats(beats.detect(ppg, rate_hz).times_s))
    assert rate == pytest.approx(60.0 / float(np.median(np.diff(waves.beats_s))), abs=1.0)


def test_amplitude_halves_when_the_pulse_does() -> None:
    ppg = calm().ppg.astype(np.float64)
    whole = np.median(beats.detect(ppg, PPG_HZ).amplitudes)
    half = np.median(beats.detect(0.5 * ppg, PPG_HZ).amplitudes)
    assert half == pytest.approx(0.5 * whole, rel=1e-6)


def test_constriction_of_a_painful_pulse_is_seen() -> None:
    pain = Scene(title="pain", duration_s=120.0, pain=(PainSpan(start_s=50.0, end_s=120.0, level=10.0),))
    found = beats.detect(synthesise(pain, 1).ppg.astype(np.float64), PPG_HZ)
    before = np.median(found.amplitudes[found.times_s < 50.0])
    after = np.median(found.amplitudes[found.times_s > 75.0])
    assert after / before == pytest.approx(0.5, abs=0.12)


def test_the_band_pass_is_causal() -> None:
    ppg = calm(20.0).ppg.astype(np.float64)
    changed = ppg.copy()
    changed[800:] += 500.0
    np.testing.assert_allclose(beats.slope(ppg, PPG_HZ)[:800], beats.slope(changed, PPG_HZ)[:800])


def test_the_band_pass_removes_breathing_and_keeps_the_pulse() -> None:
    t_s = np.arange(0.0, 60.0, 1.0 / PPG_HZ)
    breath = beats.slope(np.sin(2 * np.pi * 0.25 * t_s), PPG_HZ)[256:]
    pulse = beats.slope(np.sin(2 * np.pi * 1.5 * t_s), PPG_HZ)[256:]
    assert np.ptp(pulse) > 4.0 * np.ptp(breath)


@pytest.mark.parametrize("ppg", [np.zeros(640), np.full(640, 7.0), np.zeros(10), np.linspace(1.0, 0.0, 640)])
def test_a_signal_without_upstrokes_has_no_beats(ppg: beats.Signal) -> None:
    assert beats.detect(ppg, PPG_HZ).times_s.size == 0
