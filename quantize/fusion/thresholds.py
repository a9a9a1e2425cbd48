"""Thresholds of every mode at one false-alarm budget, from held-out evidence.

There is no open recording of face and wristband of the same people in pain. So seconds of the wristband (people that
the networks never saw, at rest or aroused) are paired at random with held-out renders of a face (calm kinds, or true
PSPI >= 4). That assumes that face and skin err independently, which is stated in the card. What comes out of it is the
log-odds that the calm pairs of each mode exceed only in the budgeted share of seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.fusion.evidence import MAX_LOG_ODDS, MODES
from edge.types import Modality

Floats = NDArray[np.float64]

PAIN_PSPI = 4.0
"""True PSPI from which a render counts as pain: the cut that the face's calibration uses."""

PAIRS = 200_000
"""Random pairs per class; the 2 % tail then rests on 4,000 of them."""


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Evidence of people and faces that no network was trained on, as log-odds.

    Attributes:
        calm: modality to (n,) log-odds while there is no pain (no arousal).
        pain: modality to (n,) log-odds while there is.
    """

    calm: Mapping[Modality, Floats]
    pain: Mapping[Modality, Floats]


@dataclass(frozen=True, slots=True)
class Threshold:
    """One mode's threshold and what it costs and finds, in share of seconds."""

    mode: tuple[Modality, ...]
    log_odds: float
    false_alarm: float
    sensitivity: float


def load(face: Path, arousal: Path, lines: Mapping[Modality, tuple[float, float]]) -> HeldOut:
    """Read the held-out scores that the training jobs left and turn them into calibrated log-odds.

    Args:
        face: `heldout_face.npz`: pspi_change (n,), pspi_true (n,).
        arousal: `heldout_arousal.npz`: logit_ppg (n,), logit_gsr (n,), logit_hr (n,), label (n,).
        lines: slope and intercept of each modality's calibration.

    Raises:
        FileNotFoundError: a training job has not been run.
    """
    with np.load(face) as scores:
        change = _line(np.asarray(scores["pspi_change"], np.float64), lines[Modality.FACE])
        hurts = np.asarray(scores["pspi_true"]) >= PAIN_PSPI
    calm = {Modality.FACE: change[~hurts]}
    pain = {Modality.FACE: change[hurts]}
    with np.load(arousal) as scores:
        aroused = np.asarray(scores["label"]) > 0
        for modality in (Modality.PPG, Modality.GSR, Modality.HEART_RATE):
            values = _line(np.asarray(scores[f"logit_{modality}"], np.float64), lines[modality])
            calm[modality] = _finite(values[~aroused])
            pain[modality] = _finite(values[aroused])
    return HeldOut(calm, pain)


def fit(held_out: HeldOut, budget: float, seed: int) -> list[Threshold]:
    """Choose every mode's threshold at the same share of calm seconds above it.

    Args:
        held_out: calibrated evidence.
        budget: share of calm seconds that may lie above the threshold, 0..1.
        seed: of the random pairing.
    """
    rng = np.random.default_rng(seed)
    return [_fit_mode(held_out, mode, budget, rng) for mode in MODES]


def _fit_mode(held_out: HeldOut, mode: tuple[Modality, ...], budget: float, rng: np.random.Generator) -> Threshold:
    calm = _sums(held_out.calm, mode, rng)
    pain = _sums(held_out.pain, mode, rng)
    log_odds = float(np.quantile(calm, 1.0 - budget))
    return Threshold(mode, log_odds, float(np.mean(calm > log_odds)), float(np.mean(pain > log_odds)))


def _sums(evidence: Mapping[Modality, Floats], mode: tuple[Modality, ...], rng: np.random.Generator) -> Floats:
    total = np.zeros(PAIRS)
    for modality in mode:
        total += rng.choice(evidence[modality], PAIRS)
    return total


def _line(values: Floats, line: tuple[float, float]) -> Floats:
    return np.clip(line[0] * values + line[1], -MAX_LOG_ODDS, MAX_LOG_ODDS)


def _finite(values: Floats) -> Floats:
    return values[np.isfinite(values)]
