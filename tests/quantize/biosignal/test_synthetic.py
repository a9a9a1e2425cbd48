"""The generator of spoiled recordings: seeded, its truth exact, its faults where they are said to be."""

from __future__ import annotations

import numpy as np
import pytest

from quantize.biosignal.agreement import f1, rate_agreement
from quantize.biosignal.synthetic import (
    BriefContact,
    DropOuts,
    DryElectrode,
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
from quantize.biosignal.synthetic.recording import ACC_RATE_HZ, GSR_RATE_HZ, PPG_RATE_HZ

FAULTS: tuple[Fault, ...] = (
    BriefContact(20.0),
    DropOuts(20.0, 30.0, share=0.9),
    DryElectrode(20.0, 30.0),
    FlatLine(20.0, 30.0),
    MainsHum(20.0, 30.0),
    PoorPerfusion(20.0, 30.0),
    Saturation(20.0, 30.0),
    WhiteNoise(20.0, 30.0),
    WristOff(20.0, 30.0),
    running(20.0, 30.0),
    walking(20.0, 30.0),
)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: type(fault).__name__)
def test_a_fault_is_where_it_is_said_to_be_and_keeps_the_truth(fault: Fault) -> None:
    clean, spoiled = generate(40.0, 3), generate(40.0, 3, faults=[fault])
    np.testing.assert_array_equal(spoiled.beats_s, clean.beats_s)
    np.testing.assert_array_equal(spoiled.scr_onsets_s, clean.scr_onsets_s)
    changed = [
        *np.flatnonzero(spoiled.ppg != clean.ppg) / PPG_RATE_HZ,
        *np.flatnonzero(spoiled.gsr_us != clean.gsr_us) / GSR_RATE_HZ,
        *np.flatnonzero(~spoiled.ppg_present) / PPG_RATE_HZ,
        *np.flatnonzero((spoiled.acc_g != clean.acc_g).any(axis=1)) / ACC_RATE_HZ,
    ]
    assert changed
    assert min(changed) >= 19.0
    assert max(changed) <= 31.0


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: type(fault).__name__)
def test_the_same_seed_gives_the_same_samples(fault: Fault) -> None:
    first, again = (generate(40.0, 3, faults=[fault]) for _ in range(2))
    np.testing.assert_array_equal(first.ppg, again.ppg)
    np.testing.assert_array_equal(first.gsr_us, again.gsr_us)
    np.testing.assert_array_equal(first.ppg_present, again.ppg_present)


def test_the_upstroke_is_the_steepest_point() -> None:
    recording = generate(40.0, 1)
    times_s = np.arange(recording.ppg.size) / PPG_RATE_HZ
    for upstroke_s in recording.upstrokes_s[5:15]:
        near = np.flatnonzero(np.abs(times_s - upstroke_s) < 0.15)
        steepest_s = times_s[near[np.gradient(recording.ppg)[near].argmax()]]
        assert steepest_s == pytest.approx(upstroke_s, abs=0.04)


def test_walking_moves_the_wrist_as_much_as_said() -> None:
    acc_g = generate(60.0, 1, faults=[walking(10.0, 50.0)]).acc_g
    assert np.sqrt(acc_g[15 * 32 : 45 * 32].var(axis=0).sum()) == pytest.approx(0.25, rel=0.2)
    assert np.sqrt(acc_g[: 8 * 32].var(axis=0).sum()) < 0.02


def test_the_artefact_of_walking_is_as_large_as_the_pulse() -> None:
    clean, walked = generate(60.0, 1), generate(60.0, 1, faults=[walking(10.0, 50.0)])
    inside = slice(15 * 64, 45 * 64)
    assert (walked.ppg - clean.ppg)[inside].std() == pytest.approx(clean.ppg[inside].std(), rel=0.35)


def test_every_event_is_matched_once() -> None:
    assert f1(np.array([1.0, 1.01]), np.array([1.0]), 0.1) == pytest.approx(2.0 / 3.0)
    assert f1(np.array([]), np.array([1.0]), 0.1) == 0.0
    assert f1(np.array([]), np.array([]), 0.1) == 1.0


def test_a_good_second_without_a_heart_is_wrong() -> None:
    found = rate_agreement(np.array([0.9, 0.9, 0.1]), np.array([70.0, 70.0, 20.0]), np.array([71.0, np.nan, 70.0]))
    assert found.good == pytest.approx(2 / 3)
    assert found.right == 0.5
    assert found.error_bpm == 1.0
