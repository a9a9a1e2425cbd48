"""The pain alarm on a course of evidence, by its own delays, counted as the table of targets counts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge import config
from edge.fusion.evidence import logit
from edge.simulate.truth import LEAST_S, MODERATE, WITHIN_S, runs
from quantize.fusion.lives import Floats, Life

HYSTERESIS = -logit(config.Alarm().pain_off_score / 10.0)
"""Log-odds below the threshold at which pain may end: `pain_off_score`, the threshold being 5."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a threshold finds, and what it costs.

    Attributes:
        episodes, raised: that must be raised; that were within half a minute.
        false: alarms without pain.
        alarmed_s, calm_s: seconds without pain that an alarm lasted through; seconds without pain.
    """

    episodes: int = 0
    raised: int = 0
    false: int = 0
    alarmed_s: int = 0
    calm_s: int = 0

    @property
    def false_per_hour(self) -> float:
        """False alarms per hour without pain."""
        return self.false / (self.calm_s / 3600.0) if self.calm_s else 0.0

    @property
    def alarmed_share(self) -> float:
        """Share of the time without pain in which an alarm is on."""
        return self.alarmed_s / self.calm_s if self.calm_s else 0.0

    @property
    def share(self) -> float:
        """Share of the episodes raised in time; 0 without any."""
        return self.raised / self.episodes if self.episodes else 0.0


def together(parts: Iterable[Found]) -> Found:
    """Of several lives."""
    every = list(parts)
    return Found(
        sum(one.episodes for one in every),
        sum(one.raised for one in every),
        sum(one.false for one in every),
        sum(one.alarmed_s for one in every),
        sum(one.calm_s for one in every),
    )


def alarms(evidence: Floats, threshold: float, rule: config.Alarm) -> list[tuple[int, int]]:
    """First second and end of every pain alarm.

    Args:
        evidence: (n,) log-odds once a second, NaN where the mode is another one: it neither begins nor ends anything.
        threshold: of the mode.
        rule: condition delay and clearing.
    """
    delay, clear = max(1, round(rule.pain_delay_s)), max(1, round(rule.pain_clear_s))
    starts = [int(begin) + delay - 1 for begin, end in runs(evidence >= threshold) if end - begin >= delay]
    ends = [int(begin) + clear for begin, end in runs(evidence < threshold - HYSTERESIS) if end - begin >= clear]
    found: list[tuple[int, int]] = []
    for start in starts:
        if not found or start >= found[-1][1]:
            found.append((start, next((end for end in ends if end > start), evidence.size)))
    return found


def judge(life: Life, evidence: Floats, threshold: float, rule: config.Alarm) -> Found:
    """Count as `edge.simulate.score` does, on seconds in which the mode is in use."""
    free = life.alarm_free
    raised = alarms(evidence, threshold, rule)
    true = [(start, end) for start, end in raised if not free[start]]
    episodes = raised_in_time = 0
    for onset, end in runs(life.pain >= MODERATE):
        used = np.isfinite(evidence[int(onset) : int(onset + WITHIN_S)])
        if end - onset < LEAST_S or onset + WITHIN_S > life.pain.size or used.mean() < 0.5:
            continue
        episodes += 1
        raised_in_time += any(start <= onset + WITHIN_S and stop >= onset for start, stop in true)
    on = np.zeros(life.pain.size, bool)
    for start, stop in raised:
        on[start:stop] = True
    seen = free & np.isfinite(evidence)
    return Found(episodes, raised_in_time, len(raised) - len(true), int((on & seen).sum()), int(seen.sum()))


def choose(
    lives: Sequence[Life], evidence: Sequence[Floats], rule: config.Alarm, budget_per_hour: float, most_alarmed: float
) -> tuple[float, Found]:
    """The threshold that finds most episodes within the budget; of equals the highest.

    Args:
        lives: to be judged.
        evidence: one course for each.
        rule: of the pain alarm.
        budget_per_hour: false alarms per hour without pain, at most.
        most_alarmed: share of the time without pain that alarms may last, at most.

    Returns:
        Threshold and what it does. Where none finds an episode within the budget: the highest evidence there is.
    """
    known = np.concatenate(evidence)
    known = known[np.isfinite(known)]
    best = (float(known.max()), Found())
    for threshold in np.quantile(known, _QUANTILES).tolist()[::-1]:
        found = together(judge(life, course, threshold, rule) for life, course in zip(lives, evidence, strict=True))
        if found.false_per_hour > budget_per_hour or found.alarmed_share > most_alarmed:
            continue
        if found.raised > best[1].raised or not best[1].calm_s:
            best = (threshold, found)
    return best


_QUANTILES: NDArray[np.float64] = 1.0 - np.geomspace(3e-4, 0.4, 80)
