"""From a network's log-odds and the quality of the signal to an estimate with an interval, or to an absence."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from edge.biosignal.features import Vector
from edge.types import NS_PER_S, Absence, Estimate, Modality, Window

STALE_S = 2.5
"""Samples older than this speak of another moment: bands send at least once a second, so two bundles are overdue."""

PAUSE_S = 5.0
"""After a longer pause a band begins anew: it was off, or out of reach."""

RECENT_S = 20
"""Seconds of the sequence that must hold something for the present to be judged."""

FEWEST_ROWS = 8
"""Usable seconds among the newest 20 for an estimate: with the eight seconds that a row of pulse rests on, a new band
speaks after 15 to 20 s."""

_WARM_UP_S = 25.0
"""Until then after the first sample (or the first after a pause) a lack of rows is warming up, later poor signal."""

_FULL_BASELINE_S = 60.0
"""Own past from which the personal baseline counts as known; before, quality is reduced by up to a half."""

_Z90 = 1.645
"""Half-width of a 90 % interval in standard deviations of a normal distribution."""


def sigmoid(log_odds: float) -> float:
    """Probability of log-odds."""
    return 0.5 * (1.0 + math.tanh(0.5 * log_odds))


def newest_ns(window: Window | None) -> int | None:
    """Time of the newest sample; None without one."""
    return int(window.times_ns[-1]) if window is not None and window.times_ns.size else None


def stale(window: Window | None, now_ns: int) -> bool:
    """Whether the window's newest sample is too old to speak of now."""
    newest = newest_ns(window)
    return newest is None or now_ns - newest > STALE_S * NS_PER_S


def recent_rows(sequence: Vector) -> int:
    """Usable seconds among the newest 20 of a (30, features) sequence."""
    return int(sequence[-RECENT_S:, 0].sum())


def lack(window: Window, began_ns: int) -> Absence:
    """Why a band that sends fresh samples has no estimate: it has only begun, or its signal is poor.

    Args:
        window: its newest minute.
        began_ns: when the person's past began.
    """
    pauses = np.flatnonzero(np.diff(window.times_ns) > PAUSE_S * NS_PER_S)
    begun_ns = int(window.times_ns[pauses[-1] + 1 if pauses.size else 0])
    begun_s = (window.end_ns - max(begun_ns, began_ns)) / NS_PER_S
    return Absence.WARMING_UP if begun_s < _WARM_UP_S else Absence.POOR_SIGNAL


def maturity(known_s: float) -> float:
    """0.5 without any own past, 1 with a minute of it."""
    return 0.5 + 0.5 * min(1.0, known_s / _FULL_BASELINE_S)


def present(
    modality: Modality, log_odds: float, quality: float, scatter: float, measured_ns: int, evidence: Mapping[str, float]
) -> Estimate:
    """An estimate of arousal.

    Args:
        modality: whose evidence it is.
        log_odds: of arousal, from this signal alone.
        quality: 0..1, above 0.
        scatter: standard deviation of the log-odds of held-out subjects while their label stays the same; the
            interval widens with the inverse root of the quality.
        measured_ns: time of the newest sample.
        evidence: named figures; those that are not finite are left out.
    """
    half = _Z90 * scatter / math.sqrt(max(quality, 0.1))
    return Estimate(
        modality=modality,
        value=sigmoid(log_odds),
        quality=quality,
        interval=(sigmoid(log_odds - half), sigmoid(log_odds + half)),
        measured_ns=measured_ns,
        evidence={name: value for name, value in evidence.items() if np.isfinite(value)},
    )
