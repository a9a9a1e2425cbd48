"""The CSV files of an Empatica E4 session.

Regular channels (BVP, EDA, ACC, TEMP, HR): the first line is the Unix time of the first sample, the second the rate in
Hz (both repeated per axis in ACC), then one sample per line. IBI.csv: the first line is the Unix time of the session's
start and a label, then lines `seconds since the start, interval in seconds`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.errors import DecodeError, DecodeReason

MAX_RATE_HZ = 1000.0
"""No channel of an E4 is faster than 64 Hz; a larger rate than this is a damaged header."""

MAX_NUMBER = 1e10
"""The largest honest numbers in these files are Unix times, 1.8e9."""

MAX_SESSION_S = 48 * 3600.0
"""An E4's memory and battery end before (Empatica: 36 h recording); later beats are damage."""


@dataclass(frozen=True, slots=True, eq=False)
class CsvTable:
    """What one file yields.

    Attributes:
        start_s: Unix time of the first sample (IBI: of the session's start), seconds.
        rate_hz: sampling rate; 0 for IBI.
        rows: (n, columns) float64, every row before the damage.
        damage: what is wrong and in which line, or None for an intact file.
    """

    start_s: float
    rate_hz: float
    rows: NDArray[np.float64]
    damage: str | None


def parse_regular(text: str, columns: int) -> CsvTable:
    """Read BVP, EDA, TEMP, HR (one column) or ACC (three).

    Raises:
        DecodeError: HEADER or SHORT, when not even the header can be used.
    """
    lines = _lines(text)
    start_s = _header(lines, 0, columns, "start time")
    rate_hz = _header(lines, 1, columns, "sampling rate")
    if not 0.0 < rate_hz <= MAX_RATE_HZ:
        raise DecodeError(DecodeReason.HEADER, f"line 2: {rate_hz} Hz is no sampling rate")
    rows, damage = _rows(text, lines, 2, columns)
    return CsvTable(start_s, rate_hz, rows, damage)


def parse_intervals(text: str) -> CsvTable:
    """Read IBI.csv; the rows are (seconds since the start, interval in seconds).

    Raises:
        DecodeError: HEADER or SHORT, when not even the header can be used.
    """
    lines = _lines(text)
    start_s = _header(lines, 0, 1, "start time")
    rows, damage = _rows(text, lines, 1, 2)
    beyond = np.flatnonzero((rows[:, 0] < 0.0) | (rows[:, 0] > MAX_SESSION_S) | (rows[:, 1] <= 0.0))
    if len(beyond):
        row = int(beyond[0])
        rows, damage = rows[:row], f"line {row + 2}: no beat can be there"
    return CsvTable(start_s, 0.0, rows, damage)


def _lines(text: str) -> list[str]:
    return text.split("\n")[:-1] if text.endswith("\n") else text.split("\n")


def _header(lines: list[str], index: int, columns: int, meaning: str) -> float:
    if index >= len(lines) or not lines[index].strip():
        raise DecodeError(DecodeReason.SHORT, f"line {index + 1}: the {meaning} is missing")
    cells = lines[index].split(",")[:columns]
    number = _numbers(cells[0])
    if number is None:
        raise DecodeError(DecodeReason.HEADER, f"line {index + 1}: {cells[0][:20]!r} is no {meaning}")
    return number[0]


def _rows(text: str, lines: list[str], first: int, columns: int) -> tuple[NDArray[np.float64], str | None]:
    """All rows up to the first that cannot be right. A last line without a line end was cut and proves nothing."""
    rows: list[list[float]] = []
    damage = None
    whole = len(lines) if text.endswith("\n") else len(lines) - 1
    for index in range(first, len(lines)):
        numbers = _numbers(lines[index])
        if index >= whole:
            damage = f"line {index + 1}: the file is cut off in the middle of the line"
            break
        if numbers is None or len(numbers) != columns:
            damage = f"line {index + 1}: {lines[index][:20]!r} is not {columns} number(s)"
            break
        rows.append(numbers)
    return np.array(rows, np.float64).reshape(-1, columns), damage


def _numbers(line: str) -> list[float] | None:
    try:
        numbers = [float(cell) for cell in line.split(",")]
    except ValueError:
        return None
    return numbers if all(abs(number) <= MAX_NUMBER for number in numbers) else None
