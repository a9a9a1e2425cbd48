"""How much the skin responds to stimuli of known strength."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from quantize.biosignal.evaluation.data.recordings import Reaction
from quantize.biosignal.evaluation.figures import Level, Reactions
from quantize.biosignal.evaluation.separation import Pairs
from quantize.evaluation.bootstrap import ROUNDS, Value, draws, interval
from quantize.evaluation.data import DataError

Floats = NDArray[np.float64]

ABOVE_US = (0.01, 0.02, 0.03, 0.05, 0.1)
"""Thresholds at which responses are counted, microsiemens: 0.01 to 0.05 are in use (Boucsein 2012)."""


def measure(
    name: str,
    found: Iterable[Reaction],
    levels: Sequence[str],
    notes: tuple[str, ...],
    *,
    seed: int,
    rounds: int = ROUNDS,
) -> tuple[Reactions, dict[str, Floats]]:
    """Statistics of each level, with intervals over people.

    Args:
        name: of the data.
        found: reactions.
        levels: calmest first; those that nobody has are left out.
        notes: of the data.
        seed: of the bootstrap.
        rounds: of the bootstrap.

    Returns:
        The statistics, and level to the (n,) amplitudes they rest on.

    Raises:
        DataError: there are no reactions.
    """
    rows = list(found)
    if not rows:
        raise DataError(f"{name}: there is no response in the data")
    subjects = list(dict.fromkeys(row.subject for row in rows))
    counts = draws(len(subjects), rounds=rounds, seed=seed)
    by_level = {
        level: [
            np.array([row.amplitude_us for row in rows if row.subject == subject and row.level == level])
            for subject in subjects
        ]
        for level in levels
        if any(row.level == level for row in rows)
    }
    calm = next(iter(by_level.values()))
    made = tuple(_level(level, people, calm, counts) for level, people in by_level.items())
    return Reactions(name, made, notes), {level: np.concatenate(people) for level, people in by_level.items()}


def _level(name: str, people: Sequence[Floats], calm: Sequence[Floats], counts: Floats) -> Level:
    sizes = np.array([one.size for one in people], dtype=np.float64)

    def share(values: Sequence[Floats]) -> Value:
        return interval(partial(_mean, np.array([float(one.sum()) for one in values]), sizes), counts)

    scores = [np.concatenate([one, below]) for one, below in zip(people, calm, strict=True)]
    labels = [np.repeat([1, 0], [one.size, below.size]) for one, below in zip(people, calm, strict=True)]
    return Level(
        name=name,
        events=int(sizes.sum()),
        people=int((sizes > 0).sum()),
        mean_us=share(people),
        above={f"{limit:g}": share([(one > limit).astype(np.float64) for one in people]) for limit in ABOVE_US},
        against_calm=interval(Pairs(scores, labels).pooled, counts),
    )


def _mean(sums: Floats, sizes: Floats, count: Floats) -> float:
    whole = float(count @ sizes)
    return float(count @ sums) / whole if whole else float("nan")
