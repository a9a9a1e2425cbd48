"""What each modality's evidence amounts to along a life, and how far each can be relied on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from edge.config import Fusion
from edge.fusion.evidence import FACE_FIGURE, FULL_WEIGHT_QUALITY, MAX_LOG_ODDS, ORDER
from edge.types import Modality
from quantize.biosignal.logistic import fit
from quantize.fusion.lives import Floats, Life

Lines = Mapping[Modality, tuple[float, float]]
"""Slope and intercept of each modality's calibration."""

Reliability = Mapping[Modality, float]
"""0..1 for each modality; the face's is 1."""


def own(life: Life, modality: Modality, line: tuple[float, float], figure: str = FACE_FIGURE) -> Floats:
    """(n,) log-odds by the modality's own calibration and quality, as the box takes them; NaN where it is not used."""
    value = life.of(f"{modality}.{figure if modality is Modality.FACE else 'value'}")
    if modality is not Modality.FACE:
        bounded = np.clip(value, 1e-4, 1.0 - 1e-4)
        value = np.log(bounded / (1.0 - bounded))
    quality = np.nan_to_num(life.of(f"{modality}.quality"), nan=0.0)
    log_odds = np.clip(line[0] * value + line[1], -MAX_LOG_ODDS, MAX_LOG_ODDS)
    weighed = log_odds * np.minimum(1.0, quality / FULL_WEIGHT_QUALITY)
    return np.where(quality >= Fusion().min_quality, weighed, np.nan)


def courses(life: Life, lines: Lines, figure: str = FACE_FIGURE) -> dict[Modality, Floats]:
    """`own` of every modality."""
    return {modality: own(life, modality, lines[modality], figure) for modality in ORDER}


def summed(course: Mapping[Modality, Floats], mode: Sequence[Modality], reliability: Reliability) -> Floats:
    """(n,) what a mode's evidence adds up to; NaN where one of it is not in use."""
    return np.asarray(sum(reliability[modality] * course[modality] for modality in mode))


def reliabilities(lives: Sequence[Life], evidence: Sequence[Mapping[Modality, Floats]]) -> dict[Modality, float]:
    """How much of each modality's log-odds speaks of pain, against the face's: a logistic over their log-odds.

    Never below 0 (arousal does not speak against pain) and never above 1 (no signal is surer of pain than of arousal).

    Raises:
        ValueError: there is no pain in these lives, or nothing else.
    """
    band = _weights(lives, evidence, (Modality.FACE, Modality.PPG, Modality.GSR))
    strap = _weights(lives, evidence, (Modality.FACE, Modality.HEART_RATE))
    return {modality: round(float(np.clip(weight, 0.0, 1.0)), 2) for modality, weight in {**strap, **band}.items()}


def _weights(
    lives: Sequence[Life], evidence: Sequence[Mapping[Modality, Floats]], mode: tuple[Modality, ...]
) -> dict[Modality, float]:
    rows, labels = [], []
    for life, course in zip(lives, evidence, strict=True):
        table = np.stack([course[modality] for modality in mode], axis=1)
        sure = (life.calm | life.hurts) & np.isfinite(table).all(axis=1)
        rows.append(table[sure])
        labels.append(life.hurts[sure].astype(np.int64))
    hurts = np.concatenate(labels)
    if not 0 < hurts.sum() < hurts.size:
        raise ValueError("these lives have no seconds of pain, or none without: take more or longer ones")
    weights = fit(np.concatenate(rows), hurts)
    return {modality: float(weights[place] / weights[0]) for place, modality in enumerate(mode)}
