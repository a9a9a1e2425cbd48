"""The card of the fusion: what was fitted on what, and what cannot be claimed."""

from __future__ import annotations

import math
from collections.abc import Sequence

from edge.fusion.evidence import ORDER
from quantize.fusion.lives import EPISODES_PER_HOUR, Life
from quantize.fusion.thresholds import Budget, Threshold
from quantize.fusion.weigh import Reliability


def card(thresholds: Sequence[Threshold], reliability: Reliability, budget: Budget, lives: Sequence[Life]) -> str:
    """In Markdown.

    Args:
        thresholds: of every mode.
        reliability: of every modality.
        budget: they were chosen at.
        lives: they were chosen on.
    """
    hours = sum(life.pain.size for life in lives) / 3600.0
    seeds = len({life.name.split("-")[1] for life in lives})
    shares = ", ".join(f"{modality} {reliability[modality]:.2f}" for modality in ORDER)
    rows = "\n".join(_row(one) for one in thresholds)
    return f"""# Card: fusion

**What it is.** Each modality's evidence is a calibrated log-odds, times its reliability; those present are added up. A
mode (the set of modalities in use) counts as pain, score 5 of 10, where the sum passes the mode's threshold.

**How it was fitted.** `python -m quantize fusion --lives {seeds} --budget {budget.false_per_hour:g}`, on
{len(lives)} simulated lives ({hours:.0f} hours of mixed days, {EPISODES_PER_HOUR:g} episodes of pain an hour; seeds
that the table of `anodyne simulate --suite` does not use) played through the true daemon, and on the seconds of
Stress-Predict's people that the arousal networks had not seen.

- Lines of the modalities: held-out renders (face) and held-out people (wristband); see their cards.
- Reliability, 0 to 1, how much of a modality's log-odds speaks of pain and not of something else: {shares}. A
  logistic over the log-odds in seconds of pain and of calm, the face's weight being 1.
- Thresholds: most episodes raised within 30 s at no more than {budget.false_per_hour:g} false alarms per hour without
  pain, counted with the alarm's own delay ({budget.alarm.pain_delay_s:g} s) and end, and no more than
  {budget.most_alarmed:.0%} of that time in alarm. A mode without a face has besides to leave
  {1 - budget.at_rest:.0%} of real wrists' seconds at rest below; the higher threshold holds.

| mode | threshold | episodes raised | false alarms per hour | real seconds at rest above | real aroused seconds above |
|---|---|---|---|---|---|
{rows}

**What cannot be claimed.** Nothing here was measured on people in pain. The face's evidence in these lives has errors
as large as the network's on rendered people; pulse and skin wander as much as on the calmest tenth of healthy people
sitting still, and answer pain as the literature has it for healthy adults. How often an alarm is right at a bedside is
not known. Without a face the box hardly finds pain: see the rows of the wristband.
"""


def _row(one: Threshold) -> str:
    found = one.found
    rest = ["" if math.isnan(share) else f"{share:.3f}" for share in (one.at_rest, one.aroused)]
    return (
        f"| {'+'.join(one.mode)} | {one.log_odds:+.2f} | {found.raised} of {found.episodes} | "
        f"{found.false_per_hour:.2f} | {rest[0]} | {rest[1]} |"
    )
