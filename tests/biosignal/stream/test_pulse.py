"""The streaming pulse against the generator's truth."""

from __future__ import annotations

import math

import numpy as np
import pytest

from edge.biosignal.stream import PulseSecond, PulseStream
from edge.sensors.simulated.scene import PainSpan
from edge.sensors.simulated.waveform import Patient
from quantize.biosignal.agreement import acceleration_at, beats_f1, pulse_rows
from quantize.biosignal.synthetic import DropOuts, Gait, Recording, generate, running, walking
from quantize.biosignal.synthetic.recording import PPG_RATE_HZ


def rows_of(recording: Recording, *, accelerometer: bool = True) -> list[PulseSecond]:
    return pulse_rows(recording, accelerometer=accelerometer)


@pytest.mark.parametrize("bpm", [45.0, 68.0, 110.0, 150.0])
def test_clean_beats_are_found(bpm: float) -> None:
    recording = generate(90.0, 3, Patient(heart_rate_bpm=bpm))
    assert beats_f1(recording, rows_of(recording), 5.0, 87.0) >= 0.97


@pytest.mark.parametrize(("seed", "bpm"), [(1, 65.0), (2, 75.0), (3, 90.0), (4, 130.0)])
def test_beats_are_found_while_walking(seed: int, bpm: float) -> None:
    recording = generate(120.0, seed, Patient(heart_rate_bpm=bpm), faults=[walking(20.0, 110.0)])
    assert beats_f1(recording, rows_of(recording), 22.0, 108.0) >= 0.9


def test_without_the_accelerometer_walking_hides_beats() -> None:
    recording = generate(120.0, 1, Patient(heart_rate_bpm=65.0), faults=[walking(20.0, 110.0)])
    seen = beats_f1(recording, rows_of(recording), 22.0, 108.0)
    assert beats_f1(recording, rows_of(recording, accelerometer=False), 22.0, 108.0) < seen - 0.1


def test_beat_times_are_finer_than_a_sample() -> None:
    recording = generate(60.0, 1)
    found_s = np.array([beat.time_s for row in rows_of(recording) for beat in row.beats])[3:]
    nearest_s = recording.upstrokes_s[np.abs(found_s[:, None] - recording.upstrokes_s).argmin(axis=1)]
    assert float((found_s - nearest_s).std()) < 0.25 / PPG_RATE_HZ


def test_a_beat_is_known_within_a_second_and_a_half() -> None:
    for row in rows_of(generate(60.0, 1)):
        assert all(row.end_s - beat.time_s <= 2.5 for beat in row.beats)
        assert all(beat.time_s <= row.end_s for beat in row.beats)


@pytest.mark.parametrize("rate_hz", [25.0, 51.2, 130.0])
def test_heart_rate_is_right_at_any_usual_sampling_rate(rate_hz: float) -> None:
    recording = generate(60.0, 2)
    times_s = np.arange(0.0, 59.5, 1.0 / rate_hz)
    ppg = np.interp(times_s, np.arange(recording.ppg.size) / PPG_RATE_HZ, recording.ppg)
    newest = PulseStream(rate_hz).push(ppg)[-1]
    assert newest.heart_rate_bpm == pytest.approx(recording.heart_rate_bpm(newest.end_s - 1.0, 8.0), abs=2.0)
    assert newest.quality > 0.8


@pytest.mark.parametrize("piece", [1, 16, 37, 1000])
def test_pieces_of_any_size_give_the_same_rows(piece: int) -> None:
    recording = generate(25.0, 1, faults=[walking(5.0, 25.0), DropOuts(10.0, 15.0)])
    ppg = np.where(recording.ppg_present, recording.ppg, np.nan)
    acc_g = acceleration_at(recording, ppg.size, PPG_RATE_HZ)
    stream, rows = PulseStream(PPG_RATE_HZ), []
    for first in range(0, ppg.size, piece):
        rows += stream.push(ppg[first : first + piece], acc_g[first : first + piece])
    whole = rows_of(recording)
    assert len(rows) == len(whole) == 25
    for one, other in zip(rows, whole, strict=True):
        assert [beat.time_s for beat in one.beats] == pytest.approx([beat.time_s for beat in other.beats])
        assert one.quality == pytest.approx(other.quality, abs=1e-6)


def test_the_past_does_not_change_with_the_future() -> None:
    calm, shaken = generate(40.0, 1), generate(40.0, 1, faults=[running(20.0, 40.0)])
    early = [row.heart_rate_bpm for row in rows_of(calm)[:18]]
    assert [row.heart_rate_bpm for row in rows_of(shaken)[:18]] == pytest.approx(early, nan_ok=True)


def test_a_gap_makes_no_beats_and_no_intervals() -> None:
    recording = generate(40.0, 1)
    ppg = recording.ppg.copy()
    ppg[20 * 64 : 23 * 64] = np.nan
    rows = PulseStream(PPG_RATE_HZ).push(ppg)
    beats = [beat for row in rows for beat in row.beats]
    assert not [beat for beat in beats if 20.1 < beat.time_s < 22.9]
    assert not next(beat for beat in beats if beat.time_s > 23.0).whole
    assert rows[-1].heart_rate_bpm == pytest.approx(recording.heart_rate_bpm(39.0, 8.0), abs=1.0)


def test_variability_is_that_of_the_true_beats() -> None:
    recording = generate(100.0, 4, Patient(rsa_bpm=4.0, ppg_noise=0.005))
    newest = rows_of(recording)[-1]
    spans = np.diff(recording.upstrokes_s[(recording.upstrokes_s > 39.0) & (recording.upstrokes_s < 99.0)])
    assert newest.sdnn_s == pytest.approx(float(spans.std(ddof=1)), rel=0.1)
    assert newest.rmssd_s == pytest.approx(float(np.sqrt(np.mean(np.diff(spans) ** 2))), rel=0.15)


def test_variability_needs_enough_valid_intervals() -> None:
    early = rows_of(generate(30.0, 1))[14]
    assert math.isfinite(early.heart_rate_bpm)
    assert math.isnan(early.rmssd_s)


@pytest.mark.parametrize("breaths", [12.0, 18.0])
def test_breathing_is_read_from_the_pulse(breaths: float) -> None:
    rows = rows_of(generate(90.0, 2, Patient(respiration_hz=breaths / 60.0)))
    found = [row.respiration_per_min for row in rows[40:] if math.isfinite(row.respiration_per_min)]
    assert len(found) > 20
    assert float(np.median(found)) == pytest.approx(breaths, abs=1.5)


def test_no_breathing_is_claimed_where_nothing_breathes() -> None:
    rows = rows_of(generate(90.0, 2, Patient(respiration_hz=0.02, rsa_bpm=0.0, mayer_bpm=0.0)))
    assert sum(math.isfinite(row.respiration_per_min) for row in rows[40:]) < 10


def test_pain_shrinks_the_pulse_and_raises_the_index() -> None:
    rows = rows_of(generate(150.0, 1, pain=[PainSpan(start_s=90.0, end_s=150.0, level=9.0)]))
    assert rows[85].pleth_index == pytest.approx(50.0, abs=25.0)
    assert rows[110].pleth_index > 85.0
    assert rows[110].amplitude_change < -0.3


def test_perfusion_is_amplitude_over_the_steady_light() -> None:
    recording = generate(30.0, 1)
    assert PulseStream(PPG_RATE_HZ).push(recording.ppg + 10_000.0)[-1].perfusion_percent == pytest.approx(1.1, abs=0.2)


def test_a_band_without_steady_light_has_no_perfusion() -> None:
    assert math.isnan(rows_of(generate(30.0, 1))[-1].perfusion_percent)


def test_a_shaken_wrist_with_a_steady_pulse_has_a_steady_rate() -> None:
    shaken = generate(60.0, 1, faults=[Gait(20.0, 60.0, cadence_hz=1.7, strength_g=0.2, artefact=0.0)])
    newest = rows_of(shaken)[-1]
    assert newest.heart_rate_bpm == pytest.approx(shaken.heart_rate_bpm(59.0, 8.0), abs=2.0)


def test_a_rate_that_cannot_show_a_pulse_is_refused() -> None:
    with pytest.raises(ValueError, match="too slow"):
        PulseStream(4.0)


def test_heights_are_not_read_from_a_moving_wrist() -> None:
    rows = rows_of(generate(90.0, 1, faults=[walking(40.0, 70.0)]))
    assert all(math.isnan(row.amplitude_change) and math.isnan(row.pleth_index) for row in rows[48:68])
    assert abs(rows[88].amplitude_change) < 0.15
