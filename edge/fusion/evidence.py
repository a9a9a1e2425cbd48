"""Calibrated evidence: an estimate of one modality as log-odds for pain.

The calibration comes with the model bundle. Each modality's line is fitted on held-out data: for the face a logistic
from PSPI change to "true PSPI >= 4", for the wristband's signals a logistic from the network's log-odds to arousal.
Arousal is not pain, so each modality also has a reliability, 0 to 1: how much of its log-odds speaks of pain (fitted
on simulated lives; the face's is 1). Log-odds of modalities add up (naive Bayes with equal priors); what each subset
may add up to before it counts as pain is the threshold of its mode, chosen at the same false-alarm budget for all
modes. docs/fusion.md compares this with fusing figures and with a network.
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

FRESH_S = 2.0
"""Evidence up to this old counts as of now: bands send once a second and are judged once a second. From here to
`[fusion] max_age_s`, where it is no evidence any more, old calm gives way to what newer evidence says."""

FACE_FIGURE = "change_6s"
"""Named figure of a face's estimate that is weighed; its value where there is none (a replayed face of before)."""

MAX_LOG_ODDS = 6.0
"""Bound of one modality's evidence (odds 400:1): no single sensor may be surer than its held-out data can show."""

Z90 = 1.645
"""Half-width of a 90 % interval in standard deviations of a normal distribution."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one estimate says.

    Attributes:
        log_odds: what it adds to the log-odds of pain: by reliability and quality.
        deviation: standard deviation of that.
        own: its log-odds by its own calibration alone: of pain for a face, of arousal for a signal of the wristband.
    """

    log_odds: float
    deviation: float
    own: float


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
        """Read every modality's line and reliability, and every mode's threshold."""
        self._line = {modality: _line(bundle.calibration(modality)) for modality in ORDER}
        fusion = bundle.calibration("fusion")
        self._reliability = {modality: _reliability(fusion, modality) for modality in ORDER}
        self._threshold = {mode: fusion.number(mode_key(mode)) for mode in MODES}

    def evidence(self, estimate: Estimate) -> Evidence:
        """Log-odds of an estimate that is present (quality > 0), with a 90 % interval turned into a deviation."""
        modality = estimate.modality
        slope, intercept = self._line[modality]
        reliability = self._reliability[modality]
        low, high = (slope * _scale(modality, x) for x in estimate.interval)
        log_odds = slope * _scale(modality, _weighed(estimate)) + intercept
        weight = reliability * min(1.0, estimate.quality / FULL_WEIGHT_QUALITY)
        bounded = min(max(log_odds, -MAX_LOG_ODDS), MAX_LOG_ODDS)
        deviation = max(reliability * abs(high - low) / (2 * Z90), 0.05)
        return Evidence(weight * bounded, deviation, bounded)

    def threshold(self, mode: tuple[Modality, ...]) -> float:
        """Log-odds at which this mode's evidence counts as pain."""
        return self._threshold[mode]


def freshness(age_s: float, max_age_s: float) -> float:
    """How far evidence so old speaks of now: 1 up to `FRESH_S`, falling to 0 at `max_age_s`."""
    if age_s <= FRESH_S:
        return 1.0
    return max(0.0, (max_age_s - age_s) / max(max_age_s - FRESH_S, 1e-9))


def _weighed(estimate: Estimate) -> float:
    if estimate.modality is Modality.FACE:
        return estimate.evidence.get(FACE_FIGURE, estimate.value)
    return estimate.value


def _reliability(fusion: Parameters, modality: Modality) -> float:
    """1 in a bundle from before there were any: its thresholds were fitted so."""
    key = reliability_key(modality)
    return fusion.number(key) if key in fusion else 1.0


def reliability_key(modality: Modality) -> str:
    """The name of a modality's reliability in the bundle: "reliability_ppg"."""
    return f"reliability_{modality}"


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
