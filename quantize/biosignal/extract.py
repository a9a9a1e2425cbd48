"""Stress-Predict second by second, through the same code as on the box."""

from __future__ import annotations

import hashlib
import multiprocessing
from collections.abc import Callable, Iterable, Mapping
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

import edge.biosignal
from edge.biosignal.features import PULSE_FEATURES, SKIN_FEATURES, PulseHistory, SkinHistory
from edge.biosignal.rows import LOOK_BACK_S, PulseRow, SkinRow, pulse_row, skin_row
from quantize.biosignal.stress_predict import LABELS, read_labels, read_session

T = TypeVar("T")
Bar = Callable[[Iterable[T], int], Iterable[T]]
"""Shows progress over an iterable of known length."""


@dataclass(frozen=True, slots=True, eq=False)
class Subject:
    """One subject's vectors, one per labelled second; all zero where the second was not usable.

    Attributes:
        name: "S02" and so on.
        labels: (n,) 1 during a stress task, else 0.
        pulse: (n, 3) `PULSE_FEATURES`.
        skin: (n, 5) `SKIN_FEATURES`.
    """

    name: str
    labels: NDArray[np.int64]
    pulse: NDArray[np.float32]
    skin: NDArray[np.float32]


def source_digest() -> str:
    """Digest of the signal code, so that a cache is not used after the code has changed."""
    digest = hashlib.sha256()
    for path in sorted(Path(edge.biosignal.__path__[0]).glob("*.py")):
        if path.stem in ("grid", "beats", "intervals", "median", "conductance", "quality", "rows"):
            digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def load(folder: Path, cache: Path, bar: Bar[tuple[str, NDArray[np.float64]]], processes: int) -> list[Subject]:
    """Rows of every labelled subject, from the cache where it is fresh, compared with each one's own past.

    Args:
        folder: Stress-Predict.
        cache: folder for intermediate files.
        bar: shows progress.
        processes: worker processes.

    Raises:
        FileNotFoundError: `folder` is not Stress-Predict.
    """
    labels = read_labels(folder / LABELS)
    path = cache / f"stress_predict_{source_digest()}.npz"
    if not path.exists():
        tasks = [(folder, subject, *labels[subject]) for subject in labels]
        with multiprocessing.Pool(processes) as pool:
            rows = dict(bar(pool.imap_unordered(_rows, tasks), len(tasks)))
        cache.mkdir(parents=True, exist_ok=True)
        np.savez_compressed(path, **rows)  # type: ignore[arg-type]  # numpy types **kwds as its own options
    with np.load(path) as stored:
        return [compare(subject, labels[subject][1], stored[subject]) for subject in labels]


def _rows(task: tuple[Path, str, NDArray[np.int64], NDArray[np.int64]]) -> tuple[str, NDArray[np.float64]]:
    """(n, 9): the pulse row and the skin row of each labelled second."""
    session = read_session(*task)
    rows = []
    for second in session.seconds.tolist():
        ppg, gsr, acc = session.grids(second + 1.0, LOOK_BACK_S)
        rows.append((*astuple(pulse_row(ppg, acc)), *astuple(skin_row(gsr, acc))))
    return session.subject, np.array(rows)


def compare(subject: str, labels: NDArray[np.int64], rows: NDArray[np.float64]) -> Subject:
    """Turn rows into vectors with the same histories as on the box: the past only, from the recording's start.

    Args:
        subject: its name.
        labels: (n,) labels.
        rows: (n, 9) pulse row and skin row of each second.
    """
    pulse, skin = PulseHistory(), SkinHistory()
    pulses = np.zeros((len(rows), len(PULSE_FEATURES)), dtype=np.float32)
    skins = np.zeros((len(rows), len(SKIN_FEATURES)), dtype=np.float32)
    for second, row in enumerate(rows.tolist()):
        pulse.push(second, PulseRow(*row[:4]))
        skin.push(second, SkinRow(*row[4:]))
        pulses[second] = pulse.newest(second)
        skins[second] = skin.newest(second)
    return Subject(subject, labels, pulses, skins)


def by_name(people: Iterable[Subject]) -> Mapping[str, Subject]:
    """Subjects by their names."""
    return {person.name: person for person in people}
