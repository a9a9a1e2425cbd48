"""Responses to electric shocks: the open data of Nilsonne et al. 2015 (doi 10.6084/m9.figshare.1558201; CC0 1.0).

SCR.csv    Subject, Condition (Self or Other gets the shock), Stimulus (High or Low), SCR: amplitude in microsiemens
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from quantize.biosignal.evaluation.data.recordings import Reaction, ReactionReader
from quantize.evaluation.data import DataError, folder_of

NAME = "shocks to oneself and to another"

LEVELS = ("other, low", "other, high", "self, low", "self, high")

NOTES = (
    "Nilsonne et al.: healthy adults, half of them on oxazepam; shocks just felt (low) and painful (high), to oneself "
    "or seen given to another person. Amplitudes as the authors measured them on the fingers in a laboratory; the "
    "recordings themselves are not published.",
)

FILE = "SCR.csv"


def read(root: Path) -> Iterator[Reaction]:
    """Each shock's response; shocks without a valid measurement are left out.

    Raises:
        DataError: the table is missing or not readable.
    """
    path = folder_of(root) / FILE
    if not path.is_file():
        raise DataError(f"{path} is missing: the table of responses with Subject, Condition, Stimulus and SCR")
    with path.open(newline="") as file:
        table = csv.DictReader(file)
        lacking = [name for name in ("Subject", "Condition", "Stimulus", "SCR") if name not in (table.fieldnames or ())]
        if lacking:
            raise DataError(f"{path} has no column {', '.join(lacking)}")
        for number, row in enumerate(table, 2):
            level = f"{row['Condition']}, {row['Stimulus']}".lower()
            if level not in LEVELS:
                raise DataError(f'{path}, line {number}: "{level}" is none of {"; ".join(LEVELS)}')
            if row["SCR"] not in ("", "NA"):
                yield Reaction(row["Subject"], level, _amplitude(row["SCR"], f"{path}, line {number}"))


def _amplitude(text: str, where: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise DataError(f'{where}: "{text}" is no amplitude') from None


READER = ReactionReader(NAME, NOTES, LEVELS, read)
"""The data set."""
