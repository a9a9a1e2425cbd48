"""One assessment from the estimates of one moment."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from edge import config
from edge.face.words import age_code, needed_code
from edge.fusion.evidence import ORDER, Z90, Calibration, Evidence, freshness, sigmoid
from edge.types import NS_PER_S, Absence, Assessment, Contribution, Estimate, Modality, Verdict

THRESHOLD_SCORE = 5.0
"""Score at the threshold of the mode in use; by construction of the scale."""

REASONS = 3
"""How many signs an assessment names: as many as a nurse reads at a glance. How long an episode has run and a missing
reference of the face follow them."""

DISSENT = 0.5
"""Log-odds below 0 from which a modality contradicts pain: odds of 0.6."""

_AU_SHOWN = 1.0
"""An action unit is named as a reason from intensity 1 (FACS "A", trace) on."""

_FACE_REASONS = ("AU4", "AU6", "AU7", "AU9", "AU10", "AU43")
"""The action units of PSPI: the only ones that can be a reason for pain."""

_AROUSAL_REASONS = {Modality.PPG: "pulse", Modality.GSR: "skin", Modality.HEART_RATE: "heart_rate"}
"""What speaks for arousal, in one word each."""


class Fusion:
    """Adds up calibrated evidence and says what is missing.

    Args:
        calibration: lines and thresholds from the bundle.
        settings: the `[fusion]` table of the configuration.
    """

    def __init__(self, calibration: Calibration, settings: config.Fusion) -> None:
        """Keep what was calibrated; the fusion itself has no memory."""
        self._calibration = calibration
        self._settings = settings

    def assess(
        self, now_ns: int, estimates: Iterable[Estimate], absences: Mapping[Modality, Absence] | None = None
    ) -> Assessment:
        """Fuse the estimates of one moment.

        Args:
            now_ns: monotonic time of the tick.
            estimates: those too old or too poor are set aside, with the reason; where several sensors speak for one
                modality, the usable one with the best signal counts.
            absences: modalities without any estimate, each with its reason.

        Returns:
            The assessment; CANNOT_ASSESS where no estimate is usable.
        """
        missing = dict(absences or {})
        used: dict[Modality, Estimate] = {}
        for estimate in estimates:
            absence = self._unusable(now_ns, estimate)
            known = used.get(estimate.modality)
            if absence is not None:
                missing[estimate.modality] = absence
            elif known is None or estimate.quality > known.quality:
                used[estimate.modality] = estimate
        if Modality.PPG in used:
            used.pop(Modality.HEART_RATE, None)
        mode = tuple(modality for modality in ORDER if modality in used)
        for modality in mode:
            missing.pop(modality, None)
        if not mode:
            return Assessment(now_ns, Verdict.CANNOT_ASSESS, None, None, None, (), missing)
        return self._assess(now_ns, mode, used, missing)

    def _unusable(self, now_ns: int, estimate: Estimate) -> Absence | None:
        if estimate.absence is not None:
            return estimate.absence
        if now_ns - estimate.measured_ns > self._settings.max_age_s * NS_PER_S:
            return Absence.STALE
        if estimate.quality < self._settings.min_quality or not math.isfinite(estimate.value):
            return Absence.POOR_SIGNAL
        return None

    def _assess(
        self,
        now_ns: int,
        mode: tuple[Modality, ...],
        used: Mapping[Modality, Estimate],
        missing: Mapping[Modality, Absence],
    ) -> Assessment:
        evidence = {modality: self._calibration.evidence(used[modality]) for modality in mode}
        ages_s = {modality: (now_ns - used[modality].measured_ns) / NS_PER_S for modality in mode}
        margin = self._margin_now(mode, evidence, ages_s)
        spread = Z90 * math.sqrt(sum(item.deviation**2 for item in evidence.values()))
        score = _score(margin)
        verdict = Verdict.PAIN if score >= THRESHOLD_SCORE else Verdict.CALM
        dissent = self._dissent(verdict, evidence)
        return Assessment(
            assessed_ns=now_ns,
            verdict=verdict,
            score=score,
            interval=(_score(margin - spread), _score(margin + spread)),
            probability=sigmoid(sum(item.log_odds for item in evidence.values())),
            mode=mode,
            missing=missing,
            contributions=_contributions(now_ns, used, evidence),
            reasons=_reasons(used, evidence, dissent),
        )

    def _margin_now(
        self, mode: tuple[Modality, ...], evidence: Mapping[Modality, Evidence], ages_s: Mapping[Modality, float]
    ) -> float:
        """Log-odds above the threshold, with old calm given way to what is newer.

        Evidence that ages must not turn pain into calm: pain stands until its evidence is stale. Calm slides to what
        the newer part of the mode says with its own threshold, so that nothing jumps when the old part is gone. Where
        nothing is newer the old stands to its end, and then the bed cannot be assessed.
        """
        margin = self._margin(mode, evidence)
        fresh = {modality: freshness(age_s, self._settings.max_age_s) for modality, age_s in ages_s.items()}
        newer = tuple(modality for modality in mode if fresh[modality] >= 1.0)
        if margin >= 0.0 or not newer or newer == mode:
            return margin
        share = min(fresh.values())
        return share * margin + (1.0 - share) * self._margin(newer, evidence)

    def _margin(self, mode: tuple[Modality, ...], evidence: Mapping[Modality, Evidence]) -> float:
        return sum(evidence[modality].log_odds for modality in mode) - self._calibration.threshold(mode)

    def _dissent(self, verdict: Verdict, evidence: Mapping[Modality, Evidence]) -> tuple[str, ...]:
        """Codes of the modalities that contradict the verdict: calm beside pain, or enough for itself beside calm.

        A wristband that merely says little (its own log-odds lie near 0) contradicts nobody.
        """
        if len(evidence) < 2:
            return ()
        if verdict is Verdict.PAIN:
            return tuple(f"against_{modality}" for modality, item in evidence.items() if item.own <= -DISSENT)
        threshold = self._calibration.threshold
        return tuple(
            f"only_{modality}" for modality, item in evidence.items() if item.log_odds >= threshold((modality,))
        )


def _score(margin: float) -> float:
    """0..10, 5 where the evidence is at the threshold of its mode."""
    return 10.0 * sigmoid(margin)


def _contributions(
    now_ns: int, used: Mapping[Modality, Estimate], evidence: Mapping[Modality, Evidence]
) -> tuple[Contribution, ...]:
    rows = [
        Contribution(modality, item.log_odds, used[modality].quality, (now_ns - used[modality].measured_ns) / NS_PER_S)
        for modality, item in evidence.items()
    ]
    return tuple(sorted(rows, key=lambda row: -abs(row.log_odds)))


def _reasons(
    used: Mapping[Modality, Estimate], evidence: Mapping[Modality, Evidence], dissent: tuple[str, ...]
) -> tuple[str, ...]:
    """Short codes: the two strongest signs of pain, what contradicts the verdict, the third sign; then remarks.

    Signs are action units by intensity, the skin and the pulse. An alert carries the first few codes only: that the
    modalities disagree is among them.
    """
    codes: list[tuple[float, str]] = []
    for modality, item in evidence.items():
        if item.log_odds <= 0:
            continue
        if modality is Modality.FACE:
            shown = _shown(used[modality].evidence)
            codes += [(item.log_odds * value / 5.0, name) for name, value in shown.items() if value >= _AU_SHOWN]
        else:
            codes.append((item.log_odds, _AROUSAL_REASONS[modality]))
    strongest = [code for _, code in sorted(codes, reverse=True)[:REASONS]]
    signs = (*strongest[: REASONS - 1], *dissent, *strongest[REASONS - 1 :])
    face = used.get(Modality.FACE)
    return signs if face is None else (*signs, *_remarks(face.evidence))


def _shown(figures: Mapping[str, float]) -> dict[str, float]:
    """Intensity of each action unit of PSPI: the standing change behind a running episode, else what is seen now."""
    if "episode_s" in figures:
        return {name: figures.get(f"made_{name}", 0.0) for name in _FACE_REASONS}
    return {name: figures.get(name, 0.0) for name in _FACE_REASONS}


def _remarks(figures: Mapping[str, float]) -> tuple[str, ...]:
    """How long a running episode lasts, and that the face has no reference yet."""
    remarks: list[str] = []
    if "episode_s" in figures:
        remarks.append(age_code(figures["episode_s"]))
    if figures.get("reference_needed_s", 0.0) > 0.0:
        remarks.append(needed_code(figures["reference_needed_s"]))
    return tuple(remarks)
