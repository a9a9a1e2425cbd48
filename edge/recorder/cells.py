"""Values as cells of a table, and back; what cannot be read is a ValueError.

Numbers keep every bit: times as integers, fractions as 8-byte floats in columns without affinity (a REAL column would
lose the sign of -0.0), NaN as NULL because SQLite has none, texts of fractions by their shortest exact form.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

Cell = int | float | str | bytes | None
"""What SQLite can hold."""

MAX_AXES = 3
"""Most values per sample: those of an accelerometer."""

MAX_SAMPLES = 65_536
"""Most samples in one block: 17 minutes of pulse wave at 64 Hz. Longer ones come from no band."""

_NAMED = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}


def integer(cell: Cell) -> int:
    """A whole number."""
    if not isinstance(cell, int):
        raise ValueError(f"{cell!r:.40} is no whole number")  # noqa: TRY004  # one kind of error for damaged cells
    return cell


def number(cell: Cell) -> float:
    """A fraction; NULL is NaN."""
    if cell is None:
        return math.nan
    if not isinstance(cell, float):
        raise ValueError(f"{cell!r:.40} is no number")  # noqa: TRY004  # one kind of error for damaged cells
    return cell


def optional(cell: Cell) -> float | None:
    """A fraction that may be absent."""
    return None if cell is None else number(cell)


def text(cell: Cell) -> str:
    """A text."""
    if not isinstance(cell, str):
        raise ValueError(f"{cell!r:.40} is no text")  # noqa: TRY004  # one kind of error for damaged cells
    return cell


def pack(values: NDArray[np.float32]) -> tuple[int, bytes]:
    """Samples as (axes, bytes): little-endian float32, sample by sample; axes is 0 for a plain series.

    Raises:
        TypeError: this is no series of samples but something like a picture.
    """
    axes = values.shape[1] if values.ndim == 2 else 0
    if values.ndim not in (1, 2) or values.dtype.kind != "f" or axes > MAX_AXES or len(values) > MAX_SAMPLES:
        raise TypeError(f"{values.dtype} {values.shape} is no series of samples and is not recorded")
    return axes, np.ascontiguousarray(values, "<f4").tobytes()


def unpack(axes: int, blob: Cell) -> NDArray[np.float32]:
    """The samples (n,) or (n, axes) of `pack`."""
    if not isinstance(blob, bytes) or not 0 <= axes <= MAX_AXES or len(blob) > 4 * MAX_SAMPLES * max(1, axes):
        raise ValueError("a block holds no samples")
    values = np.frombuffer(blob, "<f4").astype(np.float32, copy=False)
    return values.reshape(-1, axes) if axes else values


def figures(values: Mapping[str, float]) -> str:
    """Named figures as JSON; what JSON has no number for is a text."""
    return json.dumps({name: _plain(float(value)) for name, value in values.items()}, separators=(",", ":"))


def read_figures(cell: Cell) -> dict[str, float]:
    """The named figures of `figures`."""
    found: object = json.loads(text(cell))
    if not isinstance(found, dict):
        raise ValueError(f"{found!r:.40} are no named figures")  # noqa: TRY004  # one kind of error for damaged cells
    return {str(name): _fraction(value) for name, value in found.items()}


def words(values: Iterable[str]) -> str:
    """Words, separated by spaces."""
    return " ".join(values)


def pairs(values: Mapping[str, str]) -> str:
    """Names and words as JSON."""
    return json.dumps(dict(values), separators=(",", ":"))


def read_pairs(cell: Cell) -> dict[str, str]:
    """The names and words of `pairs`."""
    found: object = json.loads(text(cell))
    if not isinstance(found, dict):
        raise ValueError(f"{found!r:.40} are no names and words")  # noqa: TRY004  # one kind of error for damaged cells
    return {str(name): text(value) for name, value in found.items()}


def listed(rows: Iterable[tuple[str, ...] | list[str | float]]) -> str:
    """Rows of words and figures as JSON."""
    return json.dumps([[_plain(one) if isinstance(one, float) else one for one in row] for row in rows])


def _plain(value: float) -> float | str:
    return value if math.isfinite(value) else str(value)


def _fraction(value: object) -> float:
    if isinstance(value, str) and value in _NAMED:
        return _NAMED[value]
    if not isinstance(value, float):
        raise ValueError(f"{value!r:.40} is no number")  # noqa: TRY004  # one kind of error for damaged cells
    return value
