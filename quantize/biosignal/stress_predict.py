"""Reader of Stress-Predict (Iqbal et al., Sensors 2022, 22(21):8135; MIT licence): E4 folders and one-second labels."""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.biosignal.grid import Grid

Signal = NDArray[np.float64]

LABELS = Path("Processed_data/Improved_All_Combined_hr_rsp_binary.csv")
"""One row per second and subject: 1 during a stress task, else 0."""

PPG_HZ, GSR_HZ, ACC_HZ = 64.0, 4.0, 32.0
"""Sampling rates of an Empatica E4."""

_ACC_PER_G = 64.0
"""Empatica E4 counts acceleration in 1/64 g."""


@dataclass(frozen=True, slots=True, eq=False)
class Session:
    """One subject's recording on the seconds that are labelled.

    Attributes:
        subject: "S02" and so on.
        ppg, gsr_us, acc_g: whole recordings at 64, 4 and 32 Hz.
        start_s: Unix time of each recording's first sample, in the order ppg, gsr, acc.
        seconds: (n,) Unix time of each labelled second.
        labels: (n,) 1 during a stress task, else 0.
    """

    subject: str
    ppg: Signal
    gsr_us: Signal
    acc_g: Signal
    start_s: tuple[float, float, float]
    seconds: NDArray[np.int64]
    labels: NDArray[np.int64]

    def grids(self, end_s: float, look_back_s: float) -> tuple[Grid, Grid, Grid]:
        """The stretches of PPG, GSR and acceleration that end at Unix time `end_s`."""
        parts = zip((self.ppg, self.gsr_us, self.acc_g), (PPG_HZ, GSR_HZ, ACC_HZ), self.start_s, strict=True)
        ppg, gsr, acc = (_stretch(values, rate, end_s - start, look_back_s) for values, rate, start in parts)
        return ppg, gsr, acc

    def whole(self, samples: Signal, rate_hz: float) -> tuple[int, Signal, Signal]:
        """A channel from the first whole second on that pulse and skin conductance both have, with acceleration.

        Args:
            samples: `ppg` or `gsr_us`.
            rate_hz: its rate.

        Returns:
            That Unix second; (n,) samples; (n, 3) acceleration at the same moments.
        """
        start_s = math.ceil(max(self.start_s[:2]))
        own_s = self.start_s[0 if samples is self.ppg else 1]
        values = samples[round((start_s - own_s) * rate_hz) :]
        times_s = start_s - self.start_s[2] + np.arange(len(values)) / rate_hz
        acc_s = np.arange(len(self.acc_g)) / ACC_HZ
        return start_s, values, np.stack([np.interp(times_s, acc_s, axis) for axis in self.acc_g.T], axis=1)


def _stretch(values: Signal, rate_hz: float, end_s: float, look_back_s: float) -> Grid:
    """A grid of the past, absent where the recording had not begun or has ended."""
    count = round(look_back_s * rate_hz)
    end = round(end_s * rate_hz)
    index = np.arange(end - count, end)
    present = (index >= 0) & (index < len(values))
    return Grid(values[np.clip(index, 0, len(values) - 1)], present, rate_hz)


def read_channel(path: Path) -> tuple[float, float, Signal]:
    """Read one E4 CSV file.

    Returns:
        Unix time of the first sample, rate in Hz, samples (n,) or (n, 3).

    Raises:
        ValueError: the file is not an E4 recording.
    """
    with path.open() as lines:
        head = [lines.readline().split(",") for _ in range(2)]
        try:
            start_s, rate_hz = float(head[0][0]), float(head[1][0])
            values = np.loadtxt(lines, delimiter=",")
        except ValueError as error:
            raise ValueError(f"{path} is not an E4 recording: {error}") from error
    return start_s, rate_hz, values


def read_labels(path: Path) -> dict[str, tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Read the labels of all subjects.

    Returns:
        Subject to (Unix seconds, labels), in order of time.
    """
    rows: dict[str, list[tuple[int, int]]] = {}
    with path.open(newline="") as lines:
        for row in csv.DictReader(lines):
            subject = f"S{int(row['Participant']):02d}"
            rows.setdefault(subject, []).append((int(row["Time(sec)"]), int(row["Label"])))
    tables = {subject: np.array(sorted(values), dtype=np.int64) for subject, values in rows.items()}
    return {subject: (table[:, 0], table[:, 1]) for subject, table in sorted(tables.items())}


def read_session(folder: Path, subject: str, seconds: NDArray[np.int64], labels: NDArray[np.int64]) -> Session:
    """Read one subject's folder."""
    raw = folder / "Raw_data" / subject
    ppg_start, _, ppg = read_channel(raw / "BVP.csv")
    gsr_start, _, gsr_us = read_channel(raw / "EDA.csv")
    acc_start, _, acc = read_channel(raw / "ACC.csv")
    starts = (ppg_start, gsr_start, acc_start)
    return Session(subject, ppg, gsr_us, acc / _ACC_PER_G, starts, seconds, labels)


def subjects(folder: Path) -> Sequence[str]:
    """Labelled subjects of the data set.

    Raises:
        FileNotFoundError: `folder` is not Stress-Predict.
    """
    return tuple(read_labels(folder / LABELS))
