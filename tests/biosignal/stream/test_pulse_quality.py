"""Quality of the pulse is absolute, and means that the heart rate is right."""

from __future__ import annotations

import numpy as np
import pytest

from edge.biosignal.stream import PulseStream
from edge.biosignal.stream.pulse_faults import PulseFault
from edge.sensors.simulated.waveform import Patient
from quantize.biosignal.agreement import GOOD, pulse_rows, rate_agreement, rates
from quantize.biosignal.synthetic import (
    DropOuts,
    Fault,
    FlatLine,
    MainsHum,
    PoorPerfusion,
    Saturation,
    WhiteNoise,
    WristOff,
    generate,
    running,
    walking,
)
from quantize.biosignal.synthetic.recording import PPG_RATE_HZ

SPOILED: dict[str, Fault] = {
    "wrist off": WristOff(20.0, 70.0),
    "saturation": Saturation(20.0, 70.0),
    "flat line": FlatLine(20.0, 70.0),
    "noise": WhiteNoise(20.0, 70.0),
    "hum at an alias in the pulse's band": MainsHum(20.0, 70.0, mains_hz=60.0),
    "hum at an alias above it": MainsHum(20.0, 70.0, mains_hz=50.0),
    "half of the packets lost": DropOuts(20.0, 70.0, share=0.5),
    "hardly any pulse": PoorPerfusion(20.0, 70.0, share=0.05),
    "running": running(20.0, 70.0),
}


def qualities(fault: Fault, *, accelerometer: bool = True) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    recording = generate(70.0, 2, Patient(heart_rate_bpm=80.0), faults=[fault])
    return np.array([row.quality for row in pulse_rows(recording, accelerometer=accelerometer)[32:69]])


def test_a_clean_pulse_is_good() -> None:
    rows = pulse_rows(generate(60.0, 1))
    assert min(row.quality for row in rows[12:]) > 0.9


@pytest.mark.parametrize("name", SPOILED)
def test_what_spoils_a_pulse_is_never_good(name: str) -> None:
    found = qualities(SPOILED[name])
    assert float((found >= GOOD).mean()) < 0.05
    assert float(np.median(found)) < 0.55


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("wrist off", PulseFault.NO_PULSE),
        ("saturation", PulseFault.SATURATION),
        ("flat line", PulseFault.FLAT),
        ("noise", PulseFault.NO_PULSE),
        ("hum at an alias in the pulse's band", PulseFault.HUM),
        ("hum at an alias above it", PulseFault.HUM),
        ("half of the packets lost", PulseFault.MISSING),
        ("running", PulseFault.MOTION),
    ],
)
def test_what_spoils_a_pulse_is_named(name: str, reason: PulseFault) -> None:
    recording = generate(70.0, 2, Patient(heart_rate_bpm=80.0), faults=[SPOILED[name]])
    assert float(np.mean([reason in row.faults for row in pulse_rows(recording)[32:69]])) > 0.9


def test_a_weak_pulse_in_noise_is_named() -> None:
    weak = generate(70.0, 2, Patient(heart_rate_bpm=80.0), faults=[PoorPerfusion(20.0, 70.0, share=0.12)])
    named = [PulseFault.POOR_PERFUSION in row.faults for row in pulse_rows(weak)[32:69]]
    assert float(np.mean(named)) > 0.8


def test_a_clean_pulse_has_no_fault() -> None:
    assert not any(row.faults for row in pulse_rows(generate(60.0, 1))[12:])


@pytest.mark.parametrize("name", ["wrist off", "flat line", "noise", "saturation"])
def test_what_holds_no_pulse_is_near_nothing(name: str) -> None:
    assert float(np.median(qualities(SPOILED[name]))) < 0.1


def test_running_is_not_trusted_without_an_accelerometer_either() -> None:
    assert float((qualities(SPOILED["running"], accelerometer=False) >= GOOD).mean()) < 0.05


@pytest.mark.parametrize("hz", [0.9, 1.5, 2.5, 4.0])
def test_a_steady_hum_is_no_pulse(hz: float) -> None:
    hum = 50.0 * np.sin(2 * np.pi * hz * np.arange(60 * 64) / PPG_RATE_HZ)
    assert max(row.quality for row in PulseStream(PPG_RATE_HZ).push(hum)[12:]) < GOOD


def test_noise_in_the_pulse_band_stays_low_however_long_it_lasts() -> None:
    rng = np.random.default_rng(3)
    noise = np.convolve(rng.standard_normal(300 * 64), np.hanning(20), mode="same")
    found = np.array([row.quality for row in PulseStream(PPG_RATE_HZ).push(noise)])
    assert float((found >= GOOD).mean()) < 0.01
    assert float(found[-60:].mean()) < 0.3


def test_of_good_seconds_nineteen_in_twenty_have_the_right_rate() -> None:
    parts = []
    for seed, bpm in ((11, 55.0), (12, 72.0), (13, 95.0)):
        for fault in (walking(20.0, 70.0), *SPOILED.values()):
            recording = generate(70.0, seed, Patient(heart_rate_bpm=bpm), faults=[fault])
            quality, found, true = rates(recording, pulse_rows(recording), 10.0, 69.0)
            if isinstance(fault, WristOff | WhiteNoise | FlatLine):
                true[20:] = np.nan
            parts.append((quality, found, true))
    agreement = rate_agreement(*(np.concatenate([part[place] for part in parts]) for place in range(3)))
    assert agreement.right >= 0.95
    assert agreement.error_bpm <= 2.0
    assert agreement.good > 0.15
