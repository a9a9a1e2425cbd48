"""Reliabilities and thresholds: the same budget for every mode, into a bundle that then loads."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from edge import config
from edge.bundle import Bundle, installed_folder
from edge.fusion import Calibration
from edge.fusion.evidence import MAX_LOG_ODDS, MODES
from edge.types import Modality
from quantize.__main__ import main
from quantize.fusion import lives as simulated
from quantize.fusion.lives import Life
from quantize.fusion.thresholds import Budget, HeldOut, Threshold, fit, load
from quantize.fusion.weigh import courses, reliabilities
from tests.quantize.fusion.lives import life

LINES = dict.fromkeys(Modality, (1.0, 0.0))
BUDGET = Budget(false_per_hour=0.5, most_alarmed=0.02, at_rest=0.05, alarm=config.Alarm())


@pytest.fixture(scope="module")
def lives() -> list[Life]:
    return [life(seed, face=5.0) for seed in range(1, 5)]


def held_out(rise: float = 1.0) -> HeldOut:
    rng = np.random.default_rng(3)
    band = (Modality.PPG, Modality.GSR, Modality.HEART_RATE)
    calm = {modality: rng.normal(-1.0, 1.0, 4000) for modality in band}
    calm[Modality.PPG][::7] = np.nan  # seconds in which that signal was absent
    return HeldOut(calm, {modality: rng.normal(rise, 1.0, 4000) for modality in band})


@pytest.fixture(scope="module")
def thresholds(lives: list[Life]) -> dict[tuple[Modality, ...], Threshold]:
    evidence = [courses(one, LINES) for one in lives]
    rows = fit(lives, evidence, reliabilities(lives, evidence), held_out(), BUDGET)
    return {row.mode: row for row in rows}


def test_every_mode_has_a_threshold_and_keeps_the_budget(thresholds: dict[tuple[Modality, ...], Threshold]) -> None:
    assert list(thresholds) == list(MODES)
    assert max(row.found.false_per_hour for row in thresholds.values()) <= BUDGET.false_per_hour


def test_a_mode_without_a_face_keeps_real_wrists_at_rest_below(
    thresholds: dict[tuple[Modality, ...], Threshold],
) -> None:
    for mode, row in thresholds.items():
        assert np.isnan(row.at_rest) if Modality.FACE in mode else row.at_rest <= BUDGET.at_rest + 1e-3


def test_a_face_that_shows_much_finds_most_of_the_pain(thresholds: dict[tuple[Modality, ...], Threshold]) -> None:
    assert thresholds[Modality.FACE,].found.share > 0.9
    assert thresholds[Modality.PPG,].found.share < 0.5


def test_who_says_more_of_pain_is_relied_on_more() -> None:
    plain = [life(seed, band=0.3) for seed in (1, 2)]
    good = [life(seed, band=1.5) for seed in (1, 2)]
    weak, strong = (reliabilities(some, [courses(one, LINES) for one in some]) for some in (plain, good))
    assert weak[Modality.FACE] == strong[Modality.FACE] == 1.0
    assert 0.0 <= weak[Modality.PPG] < strong[Modality.PPG] <= 1.0


def test_a_modality_that_speaks_against_pain_counts_nothing() -> None:
    backward = [life(seed, band=-1.0) for seed in (1, 2)]
    assert reliabilities(backward, [courses(one, LINES) for one in backward])[Modality.GSR] == 0.0


def test_evidence_of_poor_quality_is_not_used() -> None:
    poor = life(1)
    poor.of("ppg.quality")[100:200] = 0.2
    evidence = courses(poor, LINES)
    assert np.isnan(evidence[Modality.PPG][100:200]).all()
    assert np.isfinite(evidence[Modality.FACE]).all()


def test_absent_seconds_stay_absent_and_evidence_is_bounded(tmp_path: Path) -> None:
    np.savez(tmp_path / "h.npz", label=[0, 1], logit_ppg=[np.nan, 1.0], logit_gsr=[0.0, 99.0], logit_hr=[0.0, 1.0])
    loaded = load(tmp_path / "h.npz", LINES)
    assert np.isnan(loaded.calm[Modality.PPG]).all()
    assert loaded.aroused[Modality.GSR].tolist() == [MAX_LOG_ODDS]


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """A bundle, and a cache with held-out scores and made-up lives where the job looks for simulated ones."""
    models = tmp_path / "models"
    shutil.copytree(installed_folder(), models)
    monkeypatch.setattr(simulated, "live", lambda name, seed, _hours: Life(f"{name}-{seed}", *_parts(seed)))
    rng = np.random.default_rng(4)
    label = np.repeat([0, 1], 500)
    ppg, gsr, hr = (label + rng.normal(0, 1, 1000) for _ in range(3))
    np.savez(tmp_path / "heldout_arousal.npz", label=label, logit_ppg=ppg, logit_gsr=gsr, logit_hr=hr)
    return models, tmp_path


def _parts(seed: int) -> tuple[simulated.Floats, dict[str, simulated.Floats]]:
    whole = life(seed)
    return whole.pain, dict(whole.figures)


def test_the_job_writes_thresholds_that_the_box_loads(made: tuple[Path, Path]) -> None:
    models, cache = made
    options = ["--cache", str(cache), "--out", str(models), "--budget", "0.4", "--lives", "2", "--processes", "1"]
    assert main(["fusion", *options]) == 0
    calibration = Calibration(Bundle.load(models))
    assert all(np.isfinite(calibration.threshold(mode)) for mode in MODES)
    card = (models / "cards/fusion.md").read_text()
    assert "--lives 2 --budget 0.4" in card
    assert card.count("| face") == 6


def test_the_job_says_which_training_is_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    models = tmp_path / "models"
    shutil.copytree(installed_folder(), models)
    assert main(["fusion", "--cache", str(tmp_path), "--out", str(models)]) == 1
    assert "heldout_arousal.npz is missing: run `python -m quantize biosignal`" in capsys.readouterr().err
