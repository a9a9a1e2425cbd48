"""How far the box's heart rate and its signal quality can be believed.

On generated recordings, whose truth is exact, kind by kind; and on Stress-Predict, against the intervals that the band
itself vouched for and against its heart-rate column. That column is an average over about a minute that the band
continues through movement: its own intervals of eight seconds are within 5 bpm of it in 7 seconds of 10. So it is
compared with a minute's average too, where four fifths of the minute were rated good.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from edge.biosignal.stream import PulseStream
from quantize.biosignal.agreement import (
    GOOD,
    RATE_LAG_S,
    RATE_S,
    Signal,
    beats_f1,
    pulse_rows,
    rate_agreement,
    rates,
)
from quantize.biosignal.evaluation.figures import Rated
from quantize.biosignal.evaluation.kinds import END_S, KINDS, MOST, START_S, Kind
from quantize.biosignal.stress_predict import LABELS, Session, read_labels, read_session

FITTED_ON = frozenset({"S02", "S07", "S09", "S18", "S25", "S30"})
"""Subjects whose seconds the weights of the pulse's quality were fitted on; they are reported apart."""

MINUTE_S = 60
"""Seconds of the average that the band's column is most like (98 % within 5 bpm on S34; windows of 1 to
120 s were tried on three subjects)."""

_SETTLED_S = 10.0
"""Seconds of a fault that are left out: the heart rate speaks of the eight before."""

Triple = tuple[Signal, Signal, Signal]
"""(n,) quality, stated and true heart rate of each second."""


def generated(names: Sequence[str] = tuple(KINDS), count: int = MOST) -> Iterator[Rated]:
    """A row for each kind, with an accelerometer and without, and one over all kinds.

    Args:
        names: of `KINDS`.
        count: recordings of each.
    """
    recordings = {name: KINDS[name].recordings(count) for name in names}
    for accelerometer in (True, False):
        everything: list[Triple] = []
        for name, made in recordings.items():
            kind, parts, scores = KINDS[name], [], []
            for recording in made:
                rows = pulse_rows(recording, accelerometer=accelerometer)
                scores.append(beats_f1(recording, rows, START_S + 2.0, END_S - 2.0))
                parts.append(_true_only_with_a_pulse(rates(recording, rows, START_S + _SETTLED_S, END_S), kind))
            everything += parts
            yield _row(name, parts, accelerometer, float(np.mean(scores)) if kind.pulse else float("nan"))
        yield _row("all kinds", everything, accelerometer)


def _true_only_with_a_pulse(triple: Triple, kind: Kind) -> Triple:
    quality, found, true = triple
    return quality, found, true if kind.pulse else np.full_like(true, np.nan)


def stress_predict(folder: Path, subjects: Sequence[str]) -> Iterator[Rated]:
    """Rows of Stress-Predict: against the band's intervals and against its column, fitted subjects apart.

    Args:
        folder: of the data set.
        subjects: "S02" and so on.
    """
    labels, column = read_labels(folder / LABELS), _heart_rate_column(folder)
    groups: dict[str, list[Triple]] = {}
    for subject in subjects:
        session = read_session(folder, subject, *labels[subject])
        times_s, quality, found = _streamed(session)
        who = "Stress-Predict, fitted on" if subject in FITTED_ON else "Stress-Predict"
        ends_s, spans_s = _intervals(folder, subject)
        true = np.array([_mean_rate(ends_s, spans_s, now_s) for now_s in times_s])
        known = np.isfinite(true)
        groups.setdefault(f"{who}: the band's intervals", []).append((quality[known], found[known], true[known]))
        listed = np.array([column.get(subject, {}).get(round(now_s), np.nan) for now_s in times_s])
        known = np.isfinite(listed)
        groups.setdefault(f"{who}: the band's column", []).append((quality[known], found[known], listed[known]))
        share, minute = _minute(quality, found)
        groups.setdefault(f"{who}: the band's column, our minute", []).append(
            (share[known], minute[known], listed[known])
        )
    for name, parts in sorted(groups.items()):
        yield _row(name, parts, accelerometer=True)


def _row(name: str, parts: Sequence[Triple], accelerometer: bool, beats: float = float("nan")) -> Rated:
    quality, found, true = (np.concatenate([part[place] for part in parts]) for place in range(3))
    one = rate_agreement(quality, found, true)
    return Rated(name, accelerometer, beats, one.good, one.right, one.error_bpm, one.seconds)


def _streamed(session: Session) -> Triple:
    """Unix time, quality and heart rate of every second."""
    ppg_start_s, _, acc_start_s = session.start_s
    times_s = np.arange(session.ppg.size) / 64.0 + ppg_start_s
    own_s = np.arange(len(session.acc_g)) / 32.0 + acc_start_s
    acc_g = np.stack([np.interp(times_s, own_s, axis) for axis in session.acc_g.T], axis=1)
    rows = PulseStream(64.0).push(session.ppg, acc_g)
    return (
        np.array([row.end_s for row in rows]) + ppg_start_s,
        np.array([row.quality for row in rows]),
        np.array([row.heart_rate_bpm for row in rows]),
    )


def _minute(quality: Signal, found_bpm: Signal) -> tuple[Signal, Signal]:
    """Share of good seconds, and mean heart rate over them, of the minute before each second."""
    good = (quality >= GOOD).astype(np.float64)
    count = np.convolve(good, np.ones(MINUTE_S))[: good.size]
    total = np.convolve(np.where(good > 0.0, found_bpm, 0.0), np.ones(MINUTE_S))[: good.size]
    return count / MINUTE_S, total / np.maximum(count, 1.0)


def _intervals(folder: Path, subject: str) -> tuple[Signal, Signal]:
    """(n,) Unix time and (n,) length of the intervals that the band published: it leaves out what it doubts."""
    with (folder / "Raw_data" / subject / "IBI.csv").open() as lines:
        start_s = float(lines.readline().split(",")[0])
        pairs = [line.split(",") for line in lines]
    table = np.array([(float(at), float(span)) for at, span in pairs if at.strip() and span.strip()]).reshape(-1, 2)
    return table[:, 0] + start_s, table[:, 1]


def _mean_rate(ends_s: Signal, spans_s: Signal, now_s: float) -> float:
    """Heart rate of the band's intervals of the same eight seconds; NaN where they cover less than five."""
    first, last = np.searchsorted(ends_s, [now_s - RATE_LAG_S - RATE_S, now_s - RATE_LAG_S])
    inside = spans_s[first:last]
    return float(60.0 / inside.mean()) if inside.sum() > 5.0 else float("nan")


def _heart_rate_column(folder: Path) -> dict[str, dict[int, float]]:
    """Subject to Unix second to the heart rate of the data set's own table."""
    out: dict[str, dict[int, float]] = {}
    with (folder / LABELS).open(newline="") as lines:
        for row in csv.DictReader(lines):
            if row["HR"]:
                out.setdefault(f"S{int(row['Participant']):02d}", {})[int(row["Time(sec)"])] = float(row["HR"])
    return out
