"""Thresholds of every mode at one false-alarm budget.

Two things are counted. On simulated lives: false pain alarms per hour, by the alarm's own rule, at the most episodes
found. On seconds of real wrists at rest (Stress-Predict's held-out people): the share above the threshold, for the
modes that have no face and so rest on the wristband alone. The higher of the two thresholds holds.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edge import config
from edge.fusion.evidence import MAX_LOG_ODDS, MODES
from edge.types import Modality
from quantize.fusion.alarmed import Found, choose, judge, together
from quantize.fusion.lives import Floats, Life
from quantize.fusion.weigh import Lines, Reliability, summed


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Log-odds of wrists that no network was trained on, second by second, NaN where a signal was absent.

    Attributes:
        calm: modality to (n,) log-odds at rest.
        aroused: modality to (m,) log-odds under stress.
    """

    calm: Mapping[Modality, Floats]
    aroused: Mapping[Modality, Floats]


@dataclass(frozen=True, slots=True)
class Budget:
    """What a threshold may cost.

    Attributes:
        false_per_hour: false alarms per hour without pain, on simulated lives.
        most_alarmed: share of the time without pain that alarms may last there.
        at_rest: share of real seconds at rest above a threshold of a mode without a face.
        alarm: rule of the pain alarm.
    """

    false_per_hour: float
    most_alarmed: float
    at_rest: float
    alarm: config.Alarm


@dataclass(frozen=True, slots=True)
class Threshold:
    """One mode's threshold, and what it finds and costs.

    Attributes:
        mode: modalities.
        log_odds: the threshold.
        found: on the simulated lives it was chosen on.
        at_rest: share of real seconds at rest above it; NaN where the mode has a face.
        aroused: share of real aroused seconds above it; NaN likewise.
    """

    mode: tuple[Modality, ...]
    log_odds: float
    found: Found
    at_rest: float
    aroused: float


def load(arousal: Path, lines: Lines) -> HeldOut:
    """Read the held-out scores that the wristband's training left and turn them into calibrated log-odds.

    Args:
        arousal: `heldout_arousal.npz`: logit_ppg (n,), logit_gsr (n,), logit_hr (n,), label (n,).
        lines: slope and intercept of each modality's calibration.

    Raises:
        FileNotFoundError: that job has not been run.
    """
    calm: dict[Modality, Floats] = {}
    aroused: dict[Modality, Floats] = {}
    with np.load(arousal) as scores:
        label = np.asarray(scores["label"]) > 0
        for modality in (Modality.PPG, Modality.GSR, Modality.HEART_RATE):
            values = _line(np.asarray(scores[f"logit_{modality}"], np.float64), lines[modality])
            calm[modality], aroused[modality] = values[~label], values[label]
    return HeldOut(calm, aroused)


def fit(
    lives: Sequence[Life],
    evidence: Sequence[Mapping[Modality, Floats]],
    reliability: Reliability,
    held_out: HeldOut,
    budget: Budget,
) -> list[Threshold]:
    """Choose every mode's threshold.

    Args:
        lives: simulated.
        evidence: of each, by modality (`quantize.fusion.weigh.courses`).
        reliability: of each modality.
        held_out: calibrated log-odds of real wrists.
        budget: what may be above.
    """
    return [_fit_mode(lives, evidence, reliability, held_out, mode, budget) for mode in MODES]


def _fit_mode(
    lives: Sequence[Life],
    evidence: Sequence[Mapping[Modality, Floats]],
    reliability: Reliability,
    held_out: HeldOut,
    mode: tuple[Modality, ...],
    budget: Budget,
) -> Threshold:
    sums = [summed(course, mode, reliability) for course in evidence]
    threshold, found = choose(lives, sums, budget.alarm, budget.false_per_hour, budget.most_alarmed)
    if Modality.FACE in mode:
        return Threshold(mode, threshold, found, math.nan, math.nan)
    calm, aroused = (_finite(summed(part, mode, reliability)) for part in (held_out.calm, held_out.aroused))
    at_rest = float(np.quantile(calm, 1.0 - budget.at_rest))
    if at_rest > threshold:
        threshold = at_rest
        found = together(judge(life, row, threshold, budget.alarm) for life, row in zip(lives, sums, strict=True))
    return Threshold(mode, threshold, found, float(np.mean(calm > threshold)), float(np.mean(aroused > threshold)))


def _line(values: Floats, line: tuple[float, float]) -> Floats:
    return np.clip(line[0] * values + line[1], -MAX_LOG_ODDS, MAX_LOG_ODDS)


def _finite(values: Floats) -> Floats:
    return values[np.isfinite(values)]
