"""Thresholds of the fusion: the same budget for every mode, from held-out scores, into a bundle that then loads."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from edge.bundle import Bundle, installed_folder
from edge.fusion import Calibration
from edge.fusion.evidence import MAX_LOG_ODDS, MODES
from edge.types import Modality
from quantize.__main__ import main
from quantize.fusion.thresholds import HeldOut, fit, load

BUDGET = 0.05
LINES = dict.fromkeys(Modality, (1.0, 0.0))


@pytest.fixture
def held_out() -> HeldOut:
    rng = np.random.default_rng(3)
    return HeldOut(
        calm={modality: rng.normal(-1.0, 1.0, 4000) for modality in Modality},
        pain={modality: rng.normal(1.0, 1.0, 4000) for modality in Modality},
    )


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """Held-out scores as the training jobs leave them."""
    rng = np.random.default_rng(4)
    hurts = np.repeat([0.0, 6.0], 500)
    np.savez(tmp_path / "heldout_face.npz", pspi_change=hurts + rng.normal(0, 1, 1000), pspi_true=hurts)
    label = np.repeat([0, 1], 500)
    ppg, gsr, hr = (label + rng.normal(0, 1, 1000) for _ in range(3))
    ppg[::7] = np.nan  # seconds in which that signal was absent
    np.savez(tmp_path / "heldout_arousal.npz", label=label, logit_ppg=ppg, logit_gsr=gsr, logit_hr=hr)
    return tmp_path


def test_every_mode_keeps_the_budget(held_out: HeldOut) -> None:
    thresholds = fit(held_out, BUDGET, seed=1)
    assert [row.mode for row in thresholds] == list(MODES)
    assert [row.false_alarm for row in thresholds] == pytest.approx([BUDGET] * len(MODES), abs=1e-3)


def test_more_modalities_find_more_at_the_same_budget(held_out: HeldOut) -> None:
    found = {row.mode: row.sensitivity for row in fit(held_out, BUDGET, seed=1)}
    face, ppg, gsr = Modality.FACE, Modality.PPG, Modality.GSR
    assert found[face,] < found[face, ppg] < found[face, ppg, gsr]


def test_the_same_seed_gives_the_same_thresholds(held_out: HeldOut) -> None:
    assert fit(held_out, BUDGET, seed=2) == fit(held_out, BUDGET, seed=2)


def test_absent_seconds_are_left_out_and_evidence_is_bounded(cache: Path) -> None:
    loaded = load(cache / "heldout_face.npz", cache / "heldout_arousal.npz", LINES | {Modality.FACE: (100.0, 0.0)})
    assert len(loaded.calm[Modality.PPG]) < len(loaded.calm[Modality.GSR]) == 500
    assert np.abs(loaded.pain[Modality.FACE]).max() == MAX_LOG_ODDS


def test_the_job_writes_thresholds_that_the_box_loads(cache: Path, tmp_path: Path) -> None:
    models = tmp_path / "models"
    shutil.copytree(installed_folder(), models)
    assert main(["fusion", "--cache", str(cache), "--out", str(models), "--budget", str(BUDGET)]) == 0
    calibration = Calibration(Bundle.load(models))
    assert all(np.isfinite(calibration.threshold(mode)) for mode in MODES)
    assert "5.0% of calm seconds" in (models / "cards/fusion.md").read_text()


def test_the_job_says_which_training_is_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    models = tmp_path / "models"
    shutil.copytree(installed_folder(), models)
    assert main(["fusion", "--cache", str(tmp_path), "--out", str(models)]) == 1
    assert "heldout_face.npz is missing: run `python -m quantize faces`" in capsys.readouterr().err
