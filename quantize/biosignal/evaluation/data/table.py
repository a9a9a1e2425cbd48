"""Any folder of CSV files, one per recording.

Columns: `time_s` (rising); any of `ppg`, `gsr_us` (microsiemens) and `acc_x_g`, `acc_y_g`, `acc_z_g`; `label` (1
aroused or in pain, 0 calm, empty: not judged). Cells may be empty, so channels of several rates fit into one file.
The file's name is the subject's; what follows a double underscore ("ann__2.csv") tells one subject's recordings apart.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.types import Channel
from quantize.biosignal.evaluation.data.recordings import (
    ACC_HZ,
    GSR_HZ,
    PPG_HZ,
    Recording,
    RecordingReader,
    Track,
    at_rate,
    read_columns,
)
from quantize.evaluation.data import DataError, folder_of

NAME = "a folder of CSV files"

NOTES = ("Labels as the files state them.",)

_AXES = ("acc_x_g", "acc_y_g", "acc_z_g")

_COLUMNS = "time_s, label and ppg, gsr_us or both (acc_x_g, acc_y_g, acc_z_g where there are any)"


def read(root: Path) -> Iterator[Recording]:
    """Each file's recording.

    Raises:
        DataError: there are no files, or one is not readable.
    """
    paths = sorted(folder_of(root).glob("*.csv"))
    if not paths:
        raise DataError(f"{root} holds no .csv files: one per recording, with the columns {_COLUMNS}")
    for path in paths:
        yield _recording(path)


def _recording(path: Path) -> Recording:
    table = read_columns(path, ("time_s", "label"), optional=("ppg", "gsr_us", *_AXES))
    if not {"ppg", "gsr_us"} & set(table):
        raise DataError(f"{path} has neither a column ppg nor gsr_us: {_COLUMNS} are read")
    times_s = table["time_s"]
    if times_s.size < 2 or not (np.diff(times_s) > 0).all():
        raise DataError(f'{path}: the column "time_s" does not rise from row to row')
    times_s = times_s - np.floor(times_s[0])
    tracks: dict[Channel, Track] = {}
    for channel, name, wanted_hz in ((Channel.PPG, "ppg", PPG_HZ), (Channel.GSR_US, "gsr_us", GSR_HZ)):
        if name in table:
            tracks[channel] = _track(times_s, table[name], wanted_hz, f"{path}, column {name}")
    if all(name in table for name in _AXES):
        axes = [_track(times_s, table[name], ACC_HZ, f"{path}, column {name}") for name in _AXES]
        size = min(len(axis.values) for axis in axes)
        tracks[Channel.ACC_G] = Track(np.stack([axis.values[:size] for axis in axes], axis=1), axes[0].rate_hz)
    return Recording(path.stem.split("__")[0], tracks, _labels(times_s, table["label"], path))


def _track(times_s: NDArray[np.float64], values: NDArray[np.float64], wanted_hz: float, where: str) -> Track:
    """Samples on a regular grid from second 0, at the rate at which the cells are filled, but not above `wanted_hz`."""
    there = np.isfinite(values)
    if there.sum() < 2:
        raise DataError(f"{where} holds no samples")
    rate_hz = 1.0 / float(np.median(np.diff(times_s[there])))
    place = np.rint(times_s[there] * rate_hz).astype(np.int64)
    grid = np.full(int(place[-1]) + 1, np.nan)
    grid[place] = values[there]
    return at_rate(grid, rate_hz, wanted_hz)


def _labels(times_s: NDArray[np.float64], values: NDArray[np.float64], path: Path) -> NDArray[np.int64]:
    there = np.isfinite(values)
    if not np.isin(values[there], (0, 1)).all():
        raise DataError(f'{path}: the column "label" holds something else than 1, 0 and nothing')
    labels = np.full(int(times_s[-1]) + 1, -1, dtype=np.int64)
    labels[times_s[there].astype(np.int64)] = values[there].astype(np.int64)
    return labels


READER = RecordingReader(NAME, NOTES, read)
"""The folder."""
