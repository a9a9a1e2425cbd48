"""PainMonit Experimental Dataset (Gouverneur et al., Scientific Data 2024), as its archive unpacks.

raw-data/S_<number>-synchronised-data.csv    semicolons, decimal commas, one row per 4 ms: Seconds, Bvp and Eda_E4 (of
                                             an Empatica E4), Eda_RB, Resp, Ecg, Emg, Heater [C], Heater_cleaned, COVAS
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.types import Channel
from quantize.biosignal.evaluation.data.recordings import (
    GSR_HZ,
    PPG_HZ,
    Recording,
    RecordingReader,
    at_rate,
    per_second,
    read_columns,
)
from quantize.evaluation.data import DataError, folder_of

NAME = "PainMonit, experimental part"

NOTES = (
    "PainMonit: healthy adults with an Empatica E4, painful heat for ten seconds at a time. In pain are the seconds in "
    "which the subject says so on the slider (COVAS above 0), calm those at the thermode's resting temperature without "
    "any; warmth that is not called painful is not judged.",
    "Ten seconds of heat are shorter than what the skin and the heart need to answer and settle, and shorter than the "
    "half minute that a score rests on.",
)

_SUFFIX = "-synchronised-data.csv"
_REST_C = 32.0
"""Resting temperature of the thermode."""


def read(root: Path) -> Iterator[Recording]:
    """Each subject's recording.

    Raises:
        DataError: the folder or its tables are not those of the archive.
    """
    folder = folder_of(root, "raw-data")
    paths = sorted(folder.glob(f"S_*{_SUFFIX}"))
    if not paths:
        raise DataError(f"{folder} holds no S_01{_SUFFIX}: put the raw data of PainMonit's experimental part there")
    for path in paths:
        yield _recording(path)


def _recording(path: Path) -> Recording:
    table = read_columns(path, ("Seconds", "Bvp", "Eda_E4", "Heater_cleaned", "COVAS"), separator=";", decimal=",")
    rate_hz = _rate(table["Seconds"], path)
    tracks = {
        Channel.PPG: at_rate(table["Bvp"], rate_hz, PPG_HZ),
        Channel.GSR_US: at_rate(table["Eda_E4"], rate_hz, GSR_HZ),
    }
    told, heater = per_second(table["COVAS"], rate_hz), per_second(table["Heater_cleaned"], rate_hz)
    labels = np.where(told > 0, 1, np.where(np.abs(heater - _REST_C) < 0.5, 0, -1)).astype(np.int64)
    return Recording(path.name.removesuffix(_SUFFIX), tracks, labels)


def _rate(seconds: NDArray[np.float64], path: Path) -> float:
    step = float(np.median(np.diff(seconds))) if seconds.size > 1 else float("nan")
    if not step > 0:
        raise DataError(f'{path}: the column "Seconds" does not rise')
    return 1.0 / step


READER = RecordingReader(NAME, NOTES, read)
"""The data set."""
