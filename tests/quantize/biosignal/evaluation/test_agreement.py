"""Agreement with another tool on the same recordings."""

from __future__ import annotations

import importlib.util
import sys

import numpy as np
import pytest

from edge.sensors.simulated.scene import Scene
from edge.sensors.simulated.waveform import ACC_HZ, GSR_HZ, PPG_HZ, synthesise
from quantize.biosignal.evaluation.agreement import Stretch, compare, grid
from quantize.biosignal.evaluation.detectors import OWN, Tool, beats_of, fault_of, own_beats, peers
from quantize.evaluation.bootstrap import draws

LATE = Tool("late", lambda ppg, rate_hz, acc_g: own_beats(ppg, rate_hz, acc_g) + 0.15, OWN.responses)
EVERY_OTHER = Tool("every other", lambda ppg, rate_hz, acc_g: own_beats(ppg, rate_hz, acc_g)[::2], None)


Signal = np.typing.NDArray[np.float64]


def broken(_ppg: Signal, _rate_hz: float, _acc_g: Signal | None) -> Signal:
    raise AttributeError("gone from this version")


BROKEN = Tool("broken", broken, None)


def stretches() -> list[Stretch]:
    made = []
    for seed in (1, 2):
        waves = synthesise(Scene(title="made up", duration_s=60), seed)
        parts = ((waves.ppg, PPG_HZ), (waves.acc_g, ACC_HZ), (waves.gsr_us, GSR_HZ))
        made.append(Stretch(*(grid(values.astype(np.float64), rate_hz) for values, rate_hz in parts)))
    return made


def test_a_tool_that_only_marks_another_point_of_the_beat_agrees() -> None:
    whole = compare(stretches(), (LATE,), draws(2, rounds=20, seed=1))[0]
    assert (whole.quality, whole.pieces) == ("all", 12)
    assert (whole.f1.value, whole.rate_mae_bpm.value) == pytest.approx((1.0, 0.0), abs=0.02)
    assert whole.scr_per_min == whole.own_scr_per_min


def test_a_tool_that_misses_every_other_beat_does_not() -> None:
    whole = compare(stretches(), (EVERY_OTHER,), draws(2, rounds=20, seed=1))[0]
    assert whole.f1.value == pytest.approx(2 / 3, abs=0.02)
    assert whole.rate_mae_bpm.value > 25
    assert np.isnan(whole.scr_per_min)


def test_pieces_are_parted_by_the_boxs_quality() -> None:
    rows = {one.quality: one.pieces for one in compare(stretches(), (LATE,), draws(2, rounds=5, seed=1))}
    assert rows["0.8 and more"] + rows["0.3 to 0.8"] + rows["below 0.3"] == rows["all"]
    assert rows["0.8 and more"] >= 10


def test_recordings_without_a_pulse_wave_give_responses_only() -> None:
    skin = [Stretch(None, None, one.gsr_us) for one in stretches()]
    whole = compare(skin, (LATE,), draws(2, rounds=5, seed=1))[0]
    assert whole.pieces == 0
    assert whole.scr_per_min == whole.own_scr_per_min


def test_missing_samples_are_bridged_and_marked() -> None:
    made = grid(np.array([1.0, np.nan, 3.0]), 4.0)
    assert made.values.tolist() == [1.0, 2.0, 3.0]
    assert made.present.tolist() == [True, False, True]
    assert not grid(np.full(4, np.nan), 4.0).present.any()


def test_a_detector_that_gives_up_on_a_signal_says_why() -> None:
    attempt = beats_of(BROKEN, np.zeros(10), 64.0)
    assert (attempt.times_s.size, attempt.fault) == (0, "AttributeError: gone from this version")


def test_recordings_on_which_a_tool_gives_up_are_counted_and_compared_no_further() -> None:
    def only_short(ppg: Signal, rate_hz: float, acc_g: Signal | None) -> Signal:
        if ppg.size > 50 * rate_hz:
            raise ValueError("too long")
        return own_beats(ppg, rate_hz, acc_g)

    long, other = stretches()
    assert other.ppg is not None
    size = round(40 * PPG_HZ)
    short = Stretch(grid(other.ppg.values[:size], PPG_HZ), other.acc_g, None)
    whole = compare([long, short], (Tool("only short", only_short, None),), draws(2, rounds=5, seed=1))[0]
    assert (whole.gave_up, whole.pieces) == (1, 4)
    assert whole.f1.value > 0.95


def test_a_package_that_does_not_run_at_all_is_found_out() -> None:
    assert fault_of(BROKEN) == "AttributeError: gone from this version"
    assert fault_of(OWN) == ""


def test_packages_that_are_not_installed_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    tools, said = peers()
    assert tools == ()
    assert [sentence.split(":")[0].split()[-1] for sentence in said] == ["NeuroKit2", "HeartPy", "BioSPPy"]
    assert not {"neurokit2", "heartpy", "biosppy"} & set(sys.modules)


@pytest.mark.parametrize(
    ("module", "name"), [("neurokit2", "NeuroKit2"), ("heartpy", "HeartPy"), ("biosppy", "BioSPPy")]
)
def test_an_installed_package_finds_the_beats_of_a_clean_signal(module: str, name: str) -> None:
    if importlib.util.find_spec(module) is None:
        pytest.skip(f"{name} is not installed (pip install 'anodyne[compare]')")
    tools, said = peers()
    tool = next((one for one in tools if one.name == name), None)
    assert tool is not None, said
    found = compare(stretches(), (tool,), draws(2, rounds=5, seed=1))[0]
    assert found.f1.value > 0.95
    assert found.rate_mae_bpm.value < 3
