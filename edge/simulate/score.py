"""How well a box did on a simulated life: what it owed and raised, and what it raised without reason."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from edge.simulate.run import Simulation
from edge.simulate.truth import WITHIN_S, Due
from edge.types import Condition, Presence, SensorWarning, Verdict

_ACTIVE = (Presence.ON, Presence.ACKNOWLEDGED)
_QUIET = (Presence.OFF, Presence.LATCHED)

BATTERY_WITHIN_S = 15.0
"""A low battery must be warned of this soon: bands tell their charge every 10 s here."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """How long one condition was active, seconds from the start."""

    condition: Condition
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class Missed:
    """One thing that was owed and did not come: for whoever looks for the cause."""

    what: str
    at_s: float
    why: str


@dataclass(frozen=True, slots=True)
class Score:
    """The figures of one life, or of several.

    Attributes:
        hours: of life.
        episodes, raised: episodes of latent pain that must be raised; those raised in time.
        delays_s: from onset to alarm of those raised in time.
        false_alarms: pain alarms without pain.
        blind_s, blind_calm_s: seconds without any source; those of them that were called calm.
        losses, told: losses that owe a technical alarm; those told within the declared delay.
        undelivered: messages that the broker never took (only where there was one).
        missed: details of everything missed.
    """

    hours: float
    episodes: int
    raised: int
    delays_s: tuple[float, ...]
    false_alarms: int
    blind_s: float
    blind_calm_s: float
    losses: int
    told: int
    undelivered: int
    missed: tuple[Missed, ...] = field(default=())

    @property
    def false_per_hour(self) -> float:
        """False pain alarms per bed-hour."""
        return self.false_alarms / self.hours if self.hours else 0.0

    @property
    def share_raised(self) -> float | None:
        """Share of the episodes raised in time; None without any."""
        return self.raised / self.episodes if self.episodes else None

    def figures(self) -> dict[str, object]:
        """For JSON."""
        return {
            "hours": round(self.hours, 3),
            "episodes": self.episodes,
            "raised_in_time": self.raised,
            "share_raised": None if self.share_raised is None else round(self.share_raised, 3),
            "median_delay_s": round(float(np.median(self.delays_s)), 1) if self.delays_s else None,
            "false_alarms": self.false_alarms,
            "false_per_hour": round(self.false_per_hour, 2),
            "blind_s": round(self.blind_s, 1),
            "blind_reported_calm_s": round(self.blind_calm_s, 1),
            "losses": self.losses,
            "told_in_time": self.told,
            "undelivered": self.undelivered,
        }


def score(run: Simulation) -> Score:
    """Compare what was said with the truth."""
    stretches = list(_stretches(run))
    pain = [one for one in stretches if one.condition is Condition.PAIN]
    missed: list[Missed] = []
    delays: list[float] = []
    episodes = [(start, end) for start, end in run.truth.episodes() if start + WITHIN_S <= run.truth.pain.size]
    for start_s, end_s in episodes:
        delay_s = _delay(run, pain, start_s)
        if delay_s is None:
            missed.append(Missed("pain", start_s, _why_missed(run, start_s, end_s)))
        else:
            delays.append(delay_s)
    false = [one for one in pain if run.truth.painless(one.start_s)]
    missed += [Missed("false", one.start_s, _doing(run, one.start_s)) for one in false]
    losses, told = _technical(run, stretches, missed)
    blind_s, calm_s = _blind(run)
    return Score(
        hours=run.truth.pain.size / 3600.0,
        episodes=len(episodes),
        raised=len(delays),
        delays_s=tuple(delays),
        false_alarms=len(false),
        blind_s=blind_s,
        blind_calm_s=calm_s,
        losses=losses,
        told=told,
        undelivered=0 if run.told is None else run.waiting,
        missed=tuple(missed),
    )


def together(scores: Iterable[Score]) -> Score:
    """One score over several lives."""
    every = list(scores)
    return Score(
        hours=sum(one.hours for one in every),
        episodes=sum(one.episodes for one in every),
        raised=sum(one.raised for one in every),
        delays_s=tuple(delay for one in every for delay in one.delays_s),
        false_alarms=sum(one.false_alarms for one in every),
        blind_s=sum(one.blind_s for one in every),
        blind_calm_s=sum(one.blind_calm_s for one in every),
        losses=sum(one.losses for one in every),
        told=sum(one.told for one in every),
        undelivered=sum(one.undelivered for one in every),
        missed=tuple(miss for one in every for miss in one.missed),
    )


def _stretches(run: Simulation) -> Iterable[Stretch]:
    """From raise to end; an alarm that sounds again without having ended is the same one."""
    since: dict[Condition, float] = {}
    for one in run.raised:
        condition, presence = one.alert.condition, one.alert.presence
        if presence in _ACTIVE:
            since.setdefault(condition, one.at_s)
        elif presence in _QUIET and condition in since:
            yield Stretch(condition, since.pop(condition), one.at_s)
    for condition, start_s in since.items():
        yield Stretch(condition, start_s, float(run.truth.pain.size))


def _delay(run: Simulation, pain: list[Stretch], onset_s: float) -> float | None:
    """Seconds from onset to the alarm; 0 where weaker pain had rightly raised it before; None if not in time.

    A false alarm that happens to be on does not count as having noticed.
    """
    for one in pain:
        overlaps = one.start_s <= onset_s + WITHIN_S and one.end_s >= onset_s
        if overlaps and not run.truth.painless(one.start_s):
            return max(0.0, one.start_s - onset_s)
    return None


def _why_missed(run: Simulation, start_s: float, end_s: float) -> str:
    """The box's best score during the episode's first half-minute, its modes, and what the patient did."""
    said = [one for one in run.said if start_s <= one.at_s <= min(start_s + WITHIN_S, end_s)]
    best = max((one.score for one in said if one.score is not None), default=None)
    modes = "/".join(sorted({one.mode for one in said}))
    return f"best score {'none' if best is None else f'{best:.1f}'} in {modes}; {_doing(run, start_s)}"


def _doing(run: Simulation, at_s: float) -> str:
    """What went on around a moment, besides pain."""
    scene = run.course.scene
    acts: list[str] = [one.kind for one in scene.activity if one.start_s - 30 <= at_s <= one.end_s + 30]
    acts += [one.kind for one in scene.fault if one.start_s - 30 <= at_s <= one.end_s + 30]
    return "+".join(sorted(set(acts))) or "rest"


def _technical(run: Simulation, stretches: list[Stretch], missed: list[Missed]) -> tuple[int, int]:
    fusion = run.settings.fusion
    dues = run.truth.dues(run.settings.alarm, fusion.max_age_s + fusion.tick_s)
    told = 0
    for due in dues:
        if any(_tells(one, due) for one in stretches):
            told += 1
        else:
            missed.append(Missed("loss", due.start_s, f"{'/'.join(sorted(due.accepted))}: {_doing(run, due.start_s)}"))
    low = [one for one in run.course.scene.fault if one.kind == "battery_low"] if run.truth.watched != ("face",) else []
    if low:
        warned_s = run.warnings.get(SensorWarning.BATTERY_LOW)
        if warned_s is not None and warned_s <= min(one.start_s for one in low) + BATTERY_WITHIN_S:
            told += 1
        else:
            missed.append(Missed("loss", low[0].start_s, "battery_low"))
    return len(dues) + bool(low), told


def _tells(one: Stretch, due: Due) -> bool:
    return one.condition in due.accepted and one.start_s <= due.by_s and one.end_s >= min(due.by_s, due.end_s)


def _blind(run: Simulation) -> tuple[float, float]:
    """Seconds without any source, and those of them in which the box said "calm"."""
    blind = run.truth.blind()
    calm_s = 0.0
    ends = [one.at_s for one in run.said[1:]] + [float(blind.size)]
    for one, end_s in zip(run.said, ends, strict=True):
        if one.verdict is Verdict.CALM and blind[min(int(one.at_s), blind.size - 1)]:
            calm_s += end_s - one.at_s
    return float(blind.sum()), calm_s
