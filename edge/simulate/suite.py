"""The table of targets: every subset of modalities on the same lives, on seeds that nobody tunes on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from edge.simulate.library import find, lasting
from edge.simulate.run import simulate
from edge.simulate.score import Score, score, together
from edge.simulate.truth import Sensor

SUBSETS: tuple[tuple[Sensor, ...], ...] = (
    ("face", "ppg", "gsr"),
    ("face", "ppg"),
    ("face", "gsr"),
    ("ppg", "gsr"),
    ("face",),
    ("ppg",),
    ("gsr",),
    ("hr",),
)
"""What a bed may be watched by."""

TUNING_SEEDS = range(1, 1000)
"""Seeds that anybody may look at while choosing thresholds."""

HELD_OUT_SEEDS = range(900_001, 901_000)
"""Seeds for the table only. Whoever chooses a threshold by what it does on these has nothing left to measure with."""

LIVES = ("mixed_day", "mixed_day_beta_blocker", "mixed_day_opioid", "mixed_day_poor_perfusion", "mixed_day_blunted")
"""Scenarios of mixed daily life: what the detection and false-alarm columns rest on."""

LOSSES = ("every_loss", "everything_gone")
"""Scenarios whose losses the columns of technical alarms and blindness rest on, beside those of the lives."""

TARGETS = {3: 0.95, 2: 0.90, 1: 0.75}
"""Share of episodes to be raised in time, by the number of modalities."""

MOST_FALSE_PER_HOUR = 0.5
"""False pain alarms per bed-hour of mixed daily life, for every subset."""


@dataclass(frozen=True, slots=True)
class Row:
    """One subset on all lives and seeds.

    Attributes:
        watched: the subset.
        lives: score on mixed daily life.
        losses: score on the scenarios of losses.
    """

    watched: tuple[Sensor, ...]
    lives: Score
    losses: Score

    @property
    def name(self) -> str:
        """As in messages: "face+ppg+gsr"."""
        return "+".join(self.watched)

    @property
    def every(self) -> Score:
        """Lives and losses."""
        return together([self.lives, self.losses])

    @property
    def meets(self) -> bool:
        """Whether all four targets are met."""
        share, every = self.lives.share_raised, self.every
        return (
            share is not None
            and share >= TARGETS[len(self.watched)]
            and self.lives.false_per_hour <= MOST_FALSE_PER_HOUR
            and every.blind_calm_s == 0.0
            and every.told == every.losses
        )

    def figures(self) -> dict[str, object]:
        """For JSON."""
        every = self.every
        return {
            "watched": self.name,
            **self.lives.figures(),
            "target_share": TARGETS[len(self.watched)],
            "target_false_per_hour": MOST_FALSE_PER_HOUR,
            "blind_s": round(every.blind_s, 1),
            "blind_reported_calm_s": round(every.blind_calm_s, 1),
            "losses": every.losses,
            "told_in_time": every.told,
            "meets": self.meets,
            "missed": [f"{one.what} at {one.at_s:.0f} s: {one.why}" for one in every.missed],
        }


def run_suite(
    seeds: Sequence[int],
    hours: float | None = None,
    subsets: Iterable[tuple[Sensor, ...]] = SUBSETS,
    on_row: Callable[[Row], None] | None = None,
) -> list[Row]:
    """Run every subset on every life with every seed.

    Args:
        seeds: one life of each scenario for each.
        hours: cut the lives to this length; default: as the scenarios say.
        subsets: which ones.
        on_row: called with every row as soon as it is there.
    """
    rows: list[Row] = []
    for watched in subsets:
        lives = together(score(simulate(lasting(find(name), hours), seed, watched)) for name in LIVES for seed in seeds)
        losses = together(score(simulate(find(name), seeds[0], watched)) for name in LOSSES)
        rows.append(Row(watched, lives, losses))
        if on_row is not None:
            on_row(rows[-1])
    return rows


def table(rows: Iterable[Row]) -> str:
    """For people."""
    lines = [
        "watched by     raised within 30 s   false/h   blind called calm   losses told in time",
        "-" * 84,
    ]
    for row in rows:
        lives, every = row.lives, row.every
        share = "   -" if lives.share_raised is None else f"{lives.share_raised:4.0%}"
        target = f"{TARGETS[len(row.watched)]:.0%}"
        counted = f"{share} ({lives.raised}/{lives.episodes}, >= {target})"
        calm = f"{every.blind_calm_s:.0f} of {every.blind_s:.0f} s"
        lines.append(
            f"{row.name:<13}  {counted:<20} {lives.false_per_hour:6.2f}   {calm:>16}   {every.told:>4}/{every.losses}"
        )
    lines.append(
        f"Targets besides: at most {MOST_FALSE_PER_HOUR} false alarms per bed-hour, 0 s called calm, all told."
    )
    return "\n".join(lines)
