"""Stress-Predict second by second, through the same code as on the box."""

from __future__ import annotations

import hashlib
import multiprocessing
from collections.abc import Callable, Iterable, Mapping
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

import edge.biosignal
from edge.biosignal.features import PULSE_FEATURES, SKIN_FEATURES, PulseHistory, SkinHistory
from edge.biosignal.rows import NO_PULSE, NO_SKIN, PulseRow, SkinRow
from edge.biosignal.stream import PulseStream, SkinStream
from quantize.biosignal.stress_predict import GSR_HZ, LABELS, PPG_HZ, Session, read_labels, read_session

T = TypeVar("T")
Bar = Callable[[Iterable[T], int], Iterable[T]]
"""Shows progress over an iterable of known length."""


@dataclass(frozen=True, slots=True, eq=False)
class Subject:
    """One subject's vectors, one per labelled second; all zero where the second was not usable.

    Attributes:
        name: "S02" and so on.
        labels: (n,) 1 during a stress task, else 0.
        pulse: (n, 4) `PULSE_FEATURES`.
        skin: (n, 6) `SKIN_FEATURES`.
    """

    name: str
    labels: NDArray[np.int64]
    pulse: NDArray[np.float32]
    skin: NDArray[np.float32]


_MEASURING = ("grid", "intervals", "median", "rows")
"""Modules beside the streams on which a row depends."""

_PULSE_COLUMNS = len(fields(PulseRow))


def source_digest() -> str:
    """Digest of the signal code, so that a cache is not used after the code has changed."""
    digest = hashlib.sha256()
    folder = Path(edge.biosignal.__path__[0])
    for path in (*(folder / f"{name}.py" for name in _MEASURING), *sorted((folder / "stream").glob("[!_w]*.py"))):
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
        whole = path.with_suffix(".part.npz")
        np.savez_compressed(whole, **rows)  # type: ignore[arg-type]  # numpy types **kwds as its own options
        whole.replace(path)
    with np.load(path) as stored:
        return [compare(subject, labels[subject][1], stored[subject]) for subject in labels]


def _rows(task: tuple[Path, str, NDArray[np.int64], NDArray[np.int64]]) -> tuple[str, NDArray[np.float64]]:
    """(n, 6): the pulse row and the skin row of each labelled second, absent outside the recording."""
    session = read_session(*task)
    start_s, pulse, skin = _played(session)
    rows = []
    for second in (session.seconds - start_s).tolist():
        inside = 0 <= second < min(len(pulse), len(skin))
        rows.append((*astuple(pulse[second] if inside else NO_PULSE), *astuple(skin[second] if inside else NO_SKIN)))
    return session.subject, np.array(rows)


def _played(session: Session) -> tuple[int, list[PulseRow], list[SkinRow]]:
    """A recording through the streams, once, as a box would have lived it.

    Returns:
        The whole Unix second at which it begins, and the rows of its seconds.
    """
    start_s, ppg, acc_of_ppg = session.whole(session.ppg, PPG_HZ)
    _, gsr_us, acc_of_gsr = session.whole(session.gsr_us, GSR_HZ)
    pulse = [PulseRow.of(row) for row in PulseStream(PPG_HZ).push(ppg, acc_of_ppg)]
    skin = [SkinRow.of(row) for row in SkinStream(GSR_HZ).push(gsr_us, acc_of_gsr)]
    return start_s, pulse, skin


def compare(subject: str, labels: NDArray[np.int64], rows: NDArray[np.float64]) -> Subject:
    """Turn rows into vectors with the same histories as on the box: the past only, from the recording's start.

    Args:
        subject: its name.
        labels: (n,) labels.
        rows: (n, 6) pulse row and skin row of each second.
    """
    pulse, skin = PulseHistory(), SkinHistory()
    pulses = np.zeros((len(rows), len(PULSE_FEATURES)), dtype=np.float32)
    skins = np.zeros((len(rows), len(SKIN_FEATURES)), dtype=np.float32)
    for second, row in enumerate(rows.tolist()):
        pulse.push(second, PulseRow(*row[:_PULSE_COLUMNS]))
        skin.push(second, SkinRow(*row[_PULSE_COLUMNS:]))
        pulses[second] = pulse.newest(second)
        skins[second] = skin.newest(second)
    return Subject(subject, labels, pulses, skins)


def by_name(people: Iterable[Subject]) -> Mapping[str, Subject]:
    """Subjects by their names."""
    return {person.name: person for person in people}
