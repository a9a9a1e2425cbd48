"""Tables of words, for reports and model cards."""

from __future__ import annotations

import math
from dataclasses import dataclass

from quantize.evaluation.bootstrap import Value


@dataclass(frozen=True, slots=True)
class Table:
    """A table with its title.

    Attributes:
        title: what it shows.
        head: names of the columns.
        rows: cells; every row as long as the head.
        note: what must be known to read it; may be empty.
    """

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""


def number(value: float, digits: int = 2) -> str:
    """The number, or a dash where there is none."""
    return f"{value:.{digits}f}" if math.isfinite(value) else "-"


def ranged(value: Value, digits: int = 2) -> str:
    """The number with its interval."""
    text = number(value.value, digits)
    return f"{text} [{number(value.low, digits)}, {number(value.high, digits)}]" if math.isfinite(value.low) else text
