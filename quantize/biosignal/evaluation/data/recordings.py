"""Recordings of others in one form, whatever their layout."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.types import Channel
from quantize.evaluation.data import DataError

PPG_HZ, GSR_HZ, ACC_HZ = 64.0, 4.0, 32.0
"""Rates of an Empatica E4: what signals of laboratory devices are brought down to."""

E4_PER_G = 64.0
"""An E4 counts acceleration in 1/64 g."""


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """One channel from second 0 of its recording.

    Attributes:
        values: (n,) or (n, 3) samples, NaN where there is none.
        rate_hz: sampling rate.
    """

    values: NDArray[np.float64]
    rate_hz: float


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """One person's signals with what is known of each second.

    Attributes:
        subject: whose.
        tracks: PPG (any unit), GSR_US (microsiemens), ACC_G (gravities); those that were recorded.
        labels: (n,) of the second [k, k + 1): 1 aroused or in pain, 0 calm, -1 neither or unknown.
    """

    subject: str
    tracks: Mapping[Channel, Track]
    labels: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class RecordingReader:
    """A layout of recordings.

    Attributes:
        name: of the data, for the report.
        notes: what must be known to read its figures.
        read: recordings of a folder.
    """

    name: str
    notes: tuple[str, ...]
    read: Callable[[Path], Iterator[Recording]]


@dataclass(frozen=True, slots=True)
class Reaction:
    """The skin's response to one stimulus.

    Attributes:
        subject: whose.
        level: of the stimulus.
        amplitude_us: of the response, microsiemens; 0 where there was none.
    """

    subject: str
    level: str
    amplitude_us: float


@dataclass(frozen=True, slots=True)
class ReactionReader:
    """A layout of single stimuli: there is no course in time, so there are no scores, only responses.

    Attributes:
        name: of the data, for the report.
        notes: what must be known to read its figures.
        levels: of the stimuli, calmest first.
        read: reactions of a folder.
    """

    name: str
    notes: tuple[str, ...]
    levels: tuple[str, ...]
    read: Callable[[Path], Iterator[Reaction]]


def at_rate(values: NDArray[np.float64], rate_hz: float, wanted_hz: float) -> Track:
    """A signal at a lower rate: means over the samples that fall into each of the new ones.

    Args:
        values: (n,) samples.
        rate_hz: their rate; where it is not above `wanted_hz` they stay as they are.
        wanted_hz: the rate to bring them to.
    """
    if rate_hz <= wanted_hz:
        return Track(values, rate_hz)
    place = (np.arange(values.size) * (wanted_hz / rate_hz)).astype(np.int64)
    there = np.isfinite(values)
    size = int(place[-1]) + 1 if values.size else 0
    count = np.bincount(place[there], minlength=size)
    total = np.bincount(place[there], values[there], minlength=size)
    return Track(np.where(count > 0, total / np.maximum(count, 1), np.nan), wanted_hz)


def per_second(values: NDArray[np.float64], rate_hz: float) -> NDArray[np.float64]:
    """(seconds,) value in the middle of each whole second."""
    seconds = int(values.size / rate_hz)
    return values[np.minimum(((np.arange(seconds) + 0.5) * rate_hz).astype(np.int64), values.size - 1)]


def read_columns(
    path: Path, wanted: Sequence[str], *, optional: Sequence[str] = (), separator: str = ",", decimal: str = "."
) -> dict[str, NDArray[np.float64]]:
    """Named columns of a table of numbers; an empty cell is NaN.

    Args:
        path: a text file whose first row names the columns.
        wanted: columns that must be there.
        optional: columns that are read where they are there.
        separator: between cells.
        decimal: the decimal mark.

    Raises:
        DataError: the file or a column is missing, or a cell is no number.
    """
    if not path.is_file():
        raise DataError(f"{path} is missing")
    with path.open(newline="") as file:
        rows = csv.reader(file, delimiter=separator)
        head = [name.strip() for name in next(rows, [])]
        lacking = [name for name in wanted if name not in head]
        if lacking:
            raise DataError(f"{path} has no column {', '.join(lacking)} (it has: {', '.join(head)[:200] or 'nothing'})")
        places = {name: head.index(name) for name in (*wanted, *optional) if name in head}
        found: dict[str, list[float]] = {name: [] for name in places}
        for number, row in enumerate(rows, 2):
            for name, place in places.items():
                found[name].append(_number(row[place] if place < len(row) else "", decimal, path, number))
    return {name: np.array(values) for name, values in found.items()}


def _number(text: str, decimal: str, path: Path, line: int) -> float:
    cell = text.strip().replace(decimal, ".")
    try:
        return float(cell) if cell else float("nan")
    except ValueError:
        raise DataError(f'{path}, line {line}: "{text.strip()}" is no number') from None
