"""Calibrated evidence: an estimate of one modality as log-odds for pain.

The calibration comes with the model bundle, fitted on held-out data: for the face a logistic from PSPI change to
"true PSPI >= 4", for the wristband's signals a logistic from the network's log-odds to arousal. Log-odds of modalities
add up (naive Bayes with equal priors); what each subset may add up to before it counts as pain is the threshold of
its mode, chosen at the same false-alarm budget for all modes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from edge.bundle import Bundle, Parameters
from edge.types import Estimate, Modality

ORDER = (Modality.FACE, Modality.PPG, Modality.GSR, Modality.HEART_RATE)
"""Order of modalities in a mode's name."""

FULL_WEIGHT_QUALITY = 0.6
"""From this quality on evidence counts in full; below, in proportion. Chosen, not fitted: twice the default of
`min_quality`, so that evidence which is only just accepted counts half."""

MAX_LOG_ODDS = 6.0
"""Bound of one modality's evidence (odds 400:1): no single sensor may be surer than its held-out data can show."""

Z90 = 1.645
"""Half-width of a 90 % interval in standard deviations of a normal distribution."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one estimate adds to the log-odds of pain, with its standard deviation."""

    log_odds: float
    deviation: float


def logit(probability: float) -> float:
    """Log-odds of a probability, bounded so that 0 and 1 stay finite."""
    bounded = min(max(probability, 1e-4), 1.0 - 1e-4)
    return math.log(bounded / (1.0 - bounded))


def sigmoid(log_odds: float) -> float:
    """Probability of log-odds, without overflow."""
    if log_odds >= 0:
        return 1.0 / (1.0 + math.exp(-log_odds))
    power = math.exp(log_odds)
    return power / (1.0 + power)


def mode_key(mode: tuple[Modality, ...]) -> str:
    """The name of a mode's threshold in the bundle: "threshold_face_ppg_gsr"."""
    return "threshold_" + "_".join(mode)


class Calibration:
    """The fusion's share of a model bundle.

    Args:
        bundle: the loaded bundle.

    Raises:
        BundleError: the bundle lacks a calibration or a threshold.
    """

    def __init__(self, bundle: Bundle) -> None:
        """Read every modality's line and every mode's threshold."""
        self._line = {modality: _line(bundle.calibration(modality)) for modality in ORDER}
        fusion = bundle.calibration("fusion")
        self._threshold = {mode: fusion.number(mode_key(mode)) for mode in MODES}

    def evidence(self, estimate: Estimate) -> Evidence:
        """Log-odds of an estimate that is present (quality > 0), with a 90 % interval turned into a deviation."""
        slope, intercept = self._line[estimate.modality]
        low, value, high = (
            slope * _scale(estimate.modality, x) + intercept
            for x in (estimate.interval[0], estimate.value, estimate.interval[1])
        )
        weight = min(1.0, estimate.quality / FULL_WEIGHT_QUALITY)
        log_odds = weight * min(max(value, -MAX_LOG_ODDS), MAX_LOG_ODDS)
        return Evidence(log_odds, max(abs(high - low) / (2 * Z90), 0.05))

    def threshold(self, mode: tuple[Modality, ...]) -> float:
        """Log-odds at which this mode's evidence counts as pain."""
        return self._threshold[mode]


def _line(parameters: Parameters) -> tuple[float, float]:
    return parameters.number("slope"), parameters.number("intercept")


def _scale(modality: Modality, value: float) -> float:
    """The quantity that the calibration line is drawn over: PSPI change itself, or the log-odds of arousal."""
    return value if modality is Modality.FACE else logit(value)


def _modes() -> tuple[tuple[Modality, ...], ...]:
    """Every mode: non-empty subsets of face, PPG and GSR, and heart rate in place of PPG."""
    modes: list[tuple[Modality, ...]] = []
    for bits in range(1, 16):
        mode = tuple(modality for index, modality in enumerate(ORDER) if bits >> index & 1)
        if not (Modality.PPG in mode and Modality.HEART_RATE in mode):
            modes.append(mode)
    return tuple(modes)


MODES = _modes()
"""All modes with a threshold of their own. Heart rate alone is used only where there is no PPG waveform."""
