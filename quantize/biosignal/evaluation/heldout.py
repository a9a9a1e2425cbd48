"""Stress-Predict, leave one subject out: the scores that the training kept, with signal quality where it is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.biosignal.rows import PulseRow, SkinRow
from quantize.biosignal.dataset import SIGNALS
from quantize.biosignal.evaluation.people import Cohort, Floats, Labels, Line, Person, Source, line_of, lines_without
from quantize.biosignal.extract import Subject, source_digest
from quantize.biosignal.holdout import yardsticks
from quantize.evaluation.data import DataError

FILE = "heldout_arousal.npz"
"""What `python -m quantize biosignal` leaves in its cache."""

COMMAND = "python -m quantize biosignal"

AVERAGED_S = 10
"""The box averages the quality of so many seconds."""

HEART_RATE_QUALITY = 0.5
"""The highest quality that the box gives to a heart rate without a waveform (`edge.biosignal.heart_rate`)."""

NOTES = (
    "Stress-Predict (Iqbal et al., Sensors 2022): healthy volunteers with a wristband who rest, do a Stroop test, are "
    "interviewed and hyperventilate. It is stress, not pain, and nobody is ill or in bed.",
    "Every second is scored by networks that never saw its subject, with a baseline of the subject's own past only; "
    "each subject's calibration line is fitted on the other subjects (areas rest on one line for all). Thresholds of "
    "the alarm are those of the bundle, chosen on all subjects' held-out scores.",
)


@dataclass(frozen=True, slots=True, eq=False)
class Kept:
    """Scores per second and subject.

    Attributes:
        labels: subject to (n,) labels.
        scores: array of the file ("logit_ppg", ...) to subject to (n,) log-odds.
    """

    labels: Mapping[str, Labels]
    scores: Mapping[str, Mapping[str, Floats]]


def read_scores(path: Path) -> Kept:
    """Read what the training kept.

    Raises:
        DataError: there is no such file, or it holds something else; the message says which command makes it.
    """
    if not path.is_file():
        raise DataError(f"{path} is missing: `{COMMAND}` makes it (leave one subject out)")
    with np.load(path) as stored:
        arrays = dict(stored.items())
    lacking = [key for key in ("label", "subject", "logit_ppg", "logit_gsr", "logit_hr") if key not in arrays]
    if lacking:
        raise DataError(f"{path} has no {', '.join(lacking)}: make it again with `{COMMAND}`")
    names = list(dict.fromkeys(arrays["subject"].tolist()))
    places = {name: arrays["subject"] == name for name in names}
    scores = {
        key: {name: np.asarray(values[place], dtype=np.float64) for name, place in places.items()}
        for key, values in arrays.items()
        if key not in ("label", "subject")
    }
    labels = {name: np.asarray(arrays["label"][place], dtype=np.int64) for name, place in places.items()}
    return Kept(labels, scores)


def with_yardstick(kept: Kept, people: Sequence[Subject]) -> Kept:
    """The same with the logistic's scores, fitted here where they were not kept.

    Args:
        kept: what the training kept.
        people: the subjects' vectors (`quantize.biosignal.extract.load`).
    """
    if all(f"yardstick_{signal}" in kept.scores for signal in SIGNALS):
        return kept
    made = {f"yardstick_{signal}": scores for signal, scores in yardsticks(people).items()}
    return Kept(kept.labels, {**kept.scores, **made})


def read_rows(cache: Path, labels: Mapping[str, Labels]) -> dict[str, NDArray[np.float64]]:
    """Pulse and skin row of every second, (n, figures), from the training's cache; empty where it holds none.

    Rows that an older signal code measured are not used.
    """
    path = cache / f"stress_predict_{source_digest()}.npz"
    if not path.is_file():
        return {}
    with np.load(path) as stored:
        return {name: stored[name] for name in labels if name in stored and len(stored[name]) == labels[name].size}


def column(rows: NDArray[np.float64], row: type[PulseRow] | type[SkinRow], name: str) -> Floats:
    """(n,) one figure of the pulse row or, which follows it, of the skin row."""
    offset = len(fields(PulseRow)) if row is SkinRow else 0
    return np.asarray(rows[:, offset + [field.name for field in fields(row)].index(name)])


def cohort(kept: Kept, rows: Mapping[str, NDArray[np.float64]]) -> Cohort:
    """Kept scores as people to be measured on."""
    quality = {name: _quality(rows[name]) if name in rows else {} for name in kept.labels}
    notes = list(NOTES)
    if not rows:
        notes.append(f"No signal quality: the rows of `{COMMAND}` are not in the cache, or of an older signal code.")
    float32, yardstick = _others(kept, "float", quality), _others(kept, "yardstick", quality)
    lacking = [name for name, one in (("float networks", float32), ("yardstick", yardstick)) if one is None]
    if lacking:
        notes.append(f"Scores of the {' and of the '.join(lacking)} were not kept: `{COMMAND}` keeps them.")
    keys: dict[Source, str] = {"ppg": "logit_ppg", "gsr": "logit_gsr", "hr": "logit_hr"}
    people = _people(kept, keys, quality)
    return Cohort("Stress-Predict, leave one subject out", people, float32, yardstick, tuple(notes))


def _others(kept: Kept, kind: str, quality: Mapping[str, Mapping[Source, Floats]]) -> tuple[Person, ...] | None:
    keys: dict[Source, str] = {"ppg": f"{kind}_ppg", "gsr": f"{kind}_gsr"}
    if any(key not in kept.scores for key in keys.values()):
        return None
    return _people(kept, keys, quality, calibrated=kind == "yardstick")


def _people(
    kept: Kept,
    keys: Mapping[Source, str],
    quality: Mapping[str, Mapping[Source, Floats]],
    *,
    calibrated: bool = False,
) -> tuple[Person, ...]:
    """People with their lines; what is calibrated by its own fit, as a logistic is, keeps its log-odds."""
    own: Line = (1.0, 0.0)
    shared = {
        source: own if calibrated else line_of(kept.labels, kept.labels, kept.scores[key])
        for source, key in keys.items()
    }
    lines = {
        source: dict.fromkeys(kept.labels, own) if calibrated else lines_without(kept.labels, kept.scores[key])
        for source, key in keys.items()
    }
    return tuple(
        Person(
            name,
            labels,
            {source: kept.scores[key][name] for source, key in keys.items()},
            quality[name],
            {source: lines[source][name] for source in keys},
            shared,
        )
        for name, labels in kept.labels.items()
    )


def _quality(rows: NDArray[np.float64]) -> dict[Source, Floats]:
    pulse, skin = averaged(column(rows, PulseRow, "quality")), averaged(column(rows, SkinRow, "quality"))
    return {"ppg": pulse, "gsr": skin, "hr": np.full(pulse.size, HEART_RATE_QUALITY)}


def averaged(quality: Floats) -> Floats:
    """(n,) mean of the newest `AVERAGED_S` seconds."""
    total = np.concatenate([[0.0], np.cumsum(quality)])
    last = np.arange(1, quality.size + 1)
    first = np.maximum(last - AVERAGED_S, 0)
    return np.asarray((total[last] - total[first]) / (last - first))
