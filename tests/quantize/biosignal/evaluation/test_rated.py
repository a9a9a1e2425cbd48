"""What the signal quality is worth: generated kinds, and a made-up folder with the layout of Stress-Predict."""

from __future__ import annotations

import math
from pathlib import Path

from quantize.biosignal.evaluation.decomposed import decomposed, installed
from quantize.biosignal.evaluation.rated import generated, stress_predict
from tests.quantize.biosignal.made_up import add_what_the_band_says, write


def test_seconds_rated_good_are_right_and_seconds_without_a_pulse_are_never_good() -> None:
    rows = {(one.kind, one.accelerometer): one for one in generated(("clean", "wrist off"), 2)}
    assert len(rows) == 6
    for accelerometer in (True, False):
        clean, off, whole = (rows[kind, accelerometer] for kind in ("clean", "wrist off", "all kinds"))
        assert clean.beats_f1 >= 0.99
        assert clean.good > 0.9
        assert clean.right >= 0.95
        assert off.good == 0.0
        assert math.isnan(off.beats_f1)
        assert whole.seconds == clean.seconds + off.seconds


def test_level_and_responses_are_parted() -> None:
    rows = list(decomposed(("pain",), 2))
    assert rows[0].method == "Anodyne, stream"
    assert rows[0].tonic_off_us < 0.2
    assert rows[0].phasic_r > 0.7
    assert len(rows) == 1 + installed()


def test_real_seconds_are_held_against_what_the_band_says(tmp_path: Path) -> None:
    folder = write(tmp_path / "set")
    add_what_the_band_says(folder)
    rows = {one.kind: one for one in stress_predict(folder, ("S02", "S03"))}
    intervals = rows["Stress-Predict: the band's intervals"]
    assert intervals.seconds > 60
    assert intervals.good > 0.8
    assert intervals.right >= 0.95
    assert intervals.mae_bpm < 2.0
    assert "Stress-Predict, fitted on: the band's intervals" in rows
    column = rows["Stress-Predict: the band's column"]
    assert column.right < intervals.right  # the made-up column says 70 throughout, also in pain
