"""Evidence over time through the box's own alarm table: when the condition "pain" begins, and how long it is on."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.alarm.signs import rules
from edge.alarm.table import Rule, Sign, State, advance
from edge.config import Alarm
from edge.types import NS_PER_S, Condition, Presence

SHORTEST_SPAN_S = 30
"""A span of arousal shorter than this is no task that could be found or missed."""


@dataclass(frozen=True, slots=True)
class Watched:
    """What came of one person's seconds.

    Attributes:
        false: episodes that began in a calm second.
        calm_s: calm seconds in which the box could speak.
        spans: spans of arousal in which the box could speak at some time.
        found: those of them during which the condition was on.
    """

    false: int
    calm_s: int
    spans: int
    found: int


def watch(margin: NDArray[np.float64], labels: NDArray[np.int64], alarm: Alarm) -> Watched:
    """Follow one person; nobody acknowledges.

    Args:
        margin: (n,) log-odds above the threshold of the mode in use, one per second, NaN where the box is blind.
        labels: (n,) 1 aroused, 0 calm, else not judged.
        alarm: delays and scores of the configuration.
    """
    on, begun = _presence(margin, alarm, rules(alarm)[Condition.PAIN])
    seen = np.isfinite(margin)
    spans = [(first, last) for first, last in spans_of(labels) if seen[first:last].any()]
    return Watched(
        false=int((begun & (labels == 0)).sum()),
        calm_s=int((seen & (labels == 0)).sum()),
        spans=len(spans),
        found=sum(bool(on[first:last].any()) for first, last in spans),
    )


def spans_of(labels: NDArray[np.int64]) -> list[tuple[int, int]]:
    """First second and the one after the last of each span of at least `SHORTEST_SPAN_S` aroused seconds in a row."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], (labels == 1).astype(np.int8), [0]])))
    ends = zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)
    return [(first, last) for first, last in ends if last - first >= SHORTEST_SPAN_S]


def _presence(margin: NDArray[np.float64], alarm: Alarm, rule: Rule) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """(n,) whether the condition is on, and whether it begins in this second."""
    state = State.off(rule)
    on = np.zeros(margin.size, dtype=np.bool_)
    for second, value in enumerate(margin.tolist()):
        state = advance(state, _sign(value, alarm), NS_PER_S if second else 0, second * NS_PER_S, rule)
        on[second] = state.presence is Presence.ON
    return on, on & ~np.concatenate([[False], on[:-1]])


def _sign(margin: float, alarm: Alarm) -> Sign:
    """As `edge.alarm.signs` reads a score; 5 of 10 is the threshold."""
    if math.isnan(margin):
        return Sign.UNKNOWN
    score = 10.0 / (1.0 + math.exp(-margin))
    if score >= alarm.pain_high_score:
        return Sign.HIGH
    if score >= alarm.pain_on_score:
        return Sign.PRESENT
    return Sign.HOLD if score >= alarm.pain_off_score else Sign.GONE
