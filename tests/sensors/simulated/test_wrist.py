"""The wrist's signals against their own truth."""

from __future__ import annotations

import numpy as np
import pytest

from edge.biosignal.stream.whole import beats_in
from edge.sensors.simulated.course import course_of
from edge.sensors.simulated.scene import FaultSpan, PainSpan, Patient, Scene
from edge.sensors.simulated.waveform import ACC_HZ, GSR_HZ, PPG_HZ, Waveforms
from edge.sensors.simulated.wrist import wrist_signals

PAIN = PainSpan(start_s=300.0, end_s=420.0, level=9.0)


def signals(*variants: str, seed: int = 2, faults: tuple[FaultSpan, ...] = ()) -> Waveforms:
    patient = Patient.model_validate({"variants": variants})
    scene = Scene(title="pain", duration_s=480.0, patient=patient, pain=(PAIN,), fault=faults)
    return wrist_signals(course_of(scene, seed))


def rate_between(waves: Waveforms, start_s: float, end_s: float) -> float:
    return 60.0 * float(np.sum((waves.beats_s >= start_s) & (waves.beats_s < end_s))) / (end_s - start_s)


def test_the_wave_has_the_beats_that_it_says_it_has() -> None:
    waves = signals()
    first, last = 100.0, 160.0
    found = beats_in(waves.ppg[round(first * PPG_HZ) : round(last * PPG_HZ)].astype(np.float64), PPG_HZ).times_s + first
    true = waves.beats_s[(waves.beats_s > first + 2) & (waves.beats_s < last - 2)]
    apart = np.abs(found[:, None] - true[None, :]).min(axis=0)
    assert np.mean(apart < 0.12) > 0.95
    assert apart.std() < 0.03  # the detector marks another point of the pulse, always the same


def test_the_stated_rate_is_that_of_the_beats() -> None:
    waves = signals()
    stated = waves.heart_rate_bpm[(waves.beats_s >= 60) & (waves.beats_s < 240)].mean()
    assert rate_between(waves, 60, 240) == pytest.approx(stated, abs=1.0)


def test_heart_rate_follows_pain_late_and_a_beta_blocker_blunts_it() -> None:
    rises = {}
    for variant in ((), ("beta_blocker",)):
        found = [signals(*variant, seed=seed) for seed in range(6)]
        rest = np.mean([rate_between(waves, 200, 300) for waves in found])
        early = np.mean([rate_between(waves, 300, 304) for waves in found])
        late = np.mean([rate_between(waves, 330, 410) for waves in found])
        assert early - rest < 0.6 * (late - rest) + 3.0
        rises[variant] = late - rest
    assert rises[()] > 6.0
    assert rises[("beta_blocker",)] < 0.5 * rises[()]


def test_skin_responses_begin_after_their_latency_and_show_in_the_signal() -> None:
    counts = [np.histogram(signals(seed=seed).scr_onsets_s, [200, 300, 301.5, 320, 420])[0] for seed in range(8)]
    rest, latency, _, pain = np.sum(counts, axis=0) / 8
    assert pain / 100 > 2 * rest / 100
    assert latency <= 0.2
    waves = signals()
    onset = waves.scr_onsets_s[waves.scr_amplitudes_us.argmax()]
    before, peak = round(onset * GSR_HZ), round((onset + 1.2) * GSR_HZ)
    assert waves.gsr_us[peak] > waves.gsr_us[before] + 0.5 * waves.scr_amplitudes_us.max()


def test_a_band_on_the_table_has_no_pulse_no_skin_and_lies_still() -> None:
    waves = signals(faults=(FaultSpan(kind="band_off", start_s=100.0, end_s=200.0),))
    off = slice(round(110 * PPG_HZ), round(190 * PPG_HZ))
    assert waves.ppg[off].std() < 0.1 * waves.ppg[: round(90 * PPG_HZ)].std()
    assert waves.gsr_us[round(110 * GSR_HZ) : round(190 * GSR_HZ)].max() < 0.02
    assert waves.acc_g[round(110 * ACC_HZ) : round(190 * ACC_HZ)].std(axis=0).max() < 0.02


def test_a_moving_wrist_spoils_the_pulse() -> None:
    waves = signals(faults=(FaultSpan(kind="motion", start_s=100.0, end_s=200.0),))
    moving = waves.acc_g[round(120 * ACC_HZ) : round(180 * ACC_HZ)].std(axis=0).mean()
    assert moving > 5 * waves.acc_g[: round(60 * ACC_HZ)].std(axis=0).mean()
