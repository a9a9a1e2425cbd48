"""People and scores out of a random generator: every figure known."""

from __future__ import annotations

import numpy as np

from quantize.biosignal.evaluation.people import Cohort, Floats, Person, Source, Thresholds

SECONDS = 3000

THRESHOLDS: Thresholds = {("ppg",): 1.5, ("gsr",): 1.5, ("ppg", "gsr"): 2.0, ("hr",): 1.5}

LABELS = ((np.arange(SECONDS) // 300) % 2).astype(np.int64)
"""Five minutes calm, five aroused, and again."""


def person(name: str, shift: float = 1.0, seed: int = 1, **changes: Floats) -> Person:
    """Log-odds of two unit normals `shift` apart, which is what they say: calibrated; half of it at seconds of rest."""
    rng = np.random.default_rng(seed)
    sources: tuple[Source, ...] = ("ppg", "gsr", "hr")
    scores = {source: shift * (rng.normal(size=SECONDS) + shift * (LABELS - 0.5)) for source in sources}
    quality: dict[Source, Floats] = {"ppg": rng.uniform(0.3, 1.0, SECONDS), "gsr": np.full(SECONDS, 0.9)}
    for source in sources:
        scores[source] = changes.get(source, scores[source])
    lines = dict.fromkeys(sources, (1.0, 0.0))
    return Person(name, LABELS, scores, quality, lines, lines)


def cohort(shift: float = 1.0, people: int = 6) -> Cohort:
    """Several of them, with worse float scores and a yardstick that knows nothing."""
    made = tuple(person(f"S{k:02d}", shift, k) for k in range(people))
    blind = tuple(person(f"S{k:02d}", shift, k, ppg=np.zeros(SECONDS), gsr=np.zeros(SECONDS)) for k in range(people))
    return Cohort("made up", made, made, blind, ("Nobody is real.",))
