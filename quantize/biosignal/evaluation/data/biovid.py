"""BioVid Heat Pain Database, part A (Walter et al., CYBCO 2013), as its holders unpack it.

samples.csv (or starting_point/samples.csv)                tabs: subject_id, subject_name, class_id, class_name,
                                                           sample_id, sample_name
biosignals_filtered/<subject_name>/<sample_name>_bio.csv   tabs: time, gsr (µS), ecg, emg_...; 512 Hz, 5.5 s
                                                           (biosignals_raw where there is no biosignals_filtered)
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from quantize.biosignal.evaluation.data.recordings import GSR_HZ, Reaction, ReactionReader, at_rate, read_columns
from quantize.biosignal.evaluation.detectors import SMALLEST_US
from quantize.evaluation.data import DataError, folder_of

NAME = "BioVid Heat Pain Database, part A"

LEVELS = ("BL1", "PA1", "PA2", "PA3", "PA4")

NOTES = (
    "BioVid: healthy adults, four temperatures of heat between the pain threshold and the tolerance (PA1 to PA4), and "
    "nothing (BL1). Windows of 5.5 s that are cut apart: there is no past to compare with and no course of half a "
    "minute, so only the skin's largest response within a window is measured. There is no pulse wave.",
)

_RATE_HZ = 512.0


def read(root: Path) -> Iterator[Reaction]:
    """The largest response in each window.

    Raises:
        DataError: the list of samples or a window is missing or not readable.
    """
    windows = _folder(root)
    for row in _samples(root):
        path = windows / row["subject_name"] / f"{row['sample_name']}_bio.csv"
        gsr = read_columns(path, ("gsr",), separator="\t")["gsr"]
        track = at_rate(gsr, _RATE_HZ, GSR_HZ)
        yield Reaction(row["subject_name"], row["class_name"], largest_rise_us(track.values))


def largest_rise_us(gsr_us: NDArray[np.float64]) -> float:
    """The largest rise above an earlier trough, microsiemens; 0 where it is smaller than any response that counts.

    The box's stream needs to see a response end, and a window of 5.5 s ends before that.
    """
    rise_us = float((gsr_us - np.minimum.accumulate(gsr_us)).max(initial=0.0))
    return rise_us if rise_us >= SMALLEST_US else 0.0


def _folder(root: Path) -> Path:
    folder_of(root)
    filtered = root / "biosignals_filtered"
    return filtered if filtered.is_dir() else folder_of(root, "biosignals_raw")


def _samples(root: Path) -> Iterator[dict[str, str]]:
    paths = [path for path in (root / "samples.csv", root / "starting_point" / "samples.csv") if path.is_file()]
    if not paths:
        raise DataError(
            f"{root / 'samples.csv'} is missing: the list of BioVid's part A with subject_name and class_name"
        )
    with paths[0].open(newline="") as file:
        table = csv.DictReader(file, delimiter="\t")
        lacking = [
            name for name in ("subject_name", "class_name", "sample_name") if name not in (table.fieldnames or ())
        ]
        if lacking:
            raise DataError(f"{paths[0]} has no column {', '.join(lacking)} (columns are parted by tabs)")
        for number, row in enumerate(table, 2):
            if row["class_name"] not in LEVELS:
                raise DataError(f'{paths[0]}, line {number}: "{row["class_name"]}" is none of {", ".join(LEVELS)}')
            yield row


READER = ReactionReader(NAME, NOTES, LEVELS, read)
"""The data set."""
