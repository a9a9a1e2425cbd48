"""Any folder of pictures with a file `labels.csv` beside them.

Columns: `file` (below the folder) and `subject`; one column per action unit that was coded, such as `AU4` (0 to 5,
empty: not coded in this picture); optional `pspi`, `kind` (a name of `quantize.faces.kinds.Kind`), `sex` (f or m),
`light` and `worn`.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path

from edge.face.units import LABELS
from quantize.evaluation.data import DataError, folder_of
from quantize.faces.evaluation.data.coded import Coded, Reader, intensity, read_grey
from quantize.faces.kinds import Kind

NAME = "a folder of coded pictures"
LABELS_FILE = "labels.csv"

NOTES = (
    "Codes as the folder states them; each subject's reference is the mean of their own pictures on which every coded "
    "action unit is 0, or whose kind is neutral.",
)

_KINDS = {str(kind) for kind in Kind}
_SEX = {"": None, "f": 0.0, "m": 1.0}


def read(root: Path, every: int) -> Iterator[Coded]:
    """Every `every`-th row of the table.

    Raises:
        DataError: the table or a picture is missing, or a cell is not readable.
    """
    path = folder_of(root) / LABELS_FILE
    if not path.is_file():
        raise DataError(f"{path} is missing: a table with the columns file, subject and one per action unit (AU4, ...)")
    with path.open(newline="") as file:
        table = csv.DictReader(file)
        names = [name for name in LABELS if name in (table.fieldnames or ())]
        missing = [name for name in ("file", "subject") if name not in (table.fieldnames or ())]
        if missing or not names:
            raise DataError(f"{path} has no column {', '.join(missing) or 'of an action unit (AU4, ...)'}")
        for number, row in enumerate(table, 2):
            if (number - 2) % every == 0:
                yield _coded(root, {key: (value or "").strip() for key, value in row.items() if key}, names, number)


def _coded(root: Path, row: Mapping[str, str], names: list[str], number: int) -> Coded:
    where = f"{root / LABELS_FILE}, line {number}"
    units = {name: intensity(row[name], where, unit=name) for name in names if row[name]}
    kind, sex = row.get("kind", ""), row.get("sex", "").lower()
    if kind and kind not in _KINDS:
        raise DataError(f'{where}: "{kind}" is no kind (known: {", ".join(sorted(_KINDS))})')
    if sex not in _SEX:
        raise DataError(f'{where}: "{sex}" is no sex (f, m or empty)')
    groups: dict[str, float | str] = {name: row[name] for name in ("light", "worn") if row.get(name)}
    male = _SEX[sex]
    if male is not None:
        groups["male"] = male
    return Coded(row["subject"], row["file"], read_grey(root / row["file"]), units, _pspi(row, where), kind, groups)


def _pspi(row: Mapping[str, str], where: str) -> float:
    text = row.get("pspi", "")
    try:
        return float(text) if text else float("nan")
    except ValueError:
        raise DataError(f'{where}: "{text}" is no PSPI') from None


READER = Reader(NAME, NOTES, read)
"""The folder."""
