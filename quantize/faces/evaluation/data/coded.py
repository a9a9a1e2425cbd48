"""Coded pictures of real people, and how the box's own finder turns them into cases."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.face.units import LABELS
from quantize.evaluation.data import DataError
from quantize.faces.collection import ROW, Faces
from quantize.faces.evaluation.cases import Cases
from quantize.faces.kinds import Kind

CLOSED = 5.0
"""AU43 is coded as there or not there: there is the whole of its scale."""

Cut = Callable[[NDArray[np.uint8]], NDArray[np.uint8] | None]
"""A picture (height, width) uint8 to its face's aligned crop (`quantize.faces.evaluation.data.cut.Cutter`)."""


@dataclass(frozen=True, slots=True, eq=False)
class Coded:
    """One picture with its codes.

    Attributes:
        subject: whose face it is.
        where: file, for messages.
        pixels: (height, width) uint8 luminance.
        units: action unit to intensity 0..5; what is not named was not coded.
        pspi: as the data set states it; NaN where it does not.
        kind: name of a `Kind`, or "" where nobody says; a face on which every coded unit is 0 is neutral anyway.
        groups: field of `ROW` to what is known of the person or the picture.
    """

    subject: str
    where: str
    pixels: NDArray[np.uint8]
    units: dict[str, float]
    pspi: float = float("nan")
    kind: str = ""
    groups: dict[str, float | str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reader:
    """One layout of coded pictures.

    Attributes:
        name: of the data, for the report.
        notes: what must be known to read its figures.
        read: pictures of a folder, one in so many.
    """

    name: str
    notes: tuple[str, ...]
    read: Callable[[Path, int], Iterator[Coded]]


def gather(name: str, pictures: Iterable[Coded], cut: Cut, notes: tuple[str, ...] = ()) -> Cases:
    """Find the face in every picture and cut it as the box would.

    Args:
        name: of the data, for the report.
        pictures: coded pictures.
        cut: gives the aligned face of a picture, or None.
        notes: of the reader.

    Raises:
        DataError: there is no picture, or no face was found in any.
    """
    crops: list[NDArray[np.uint8]] = []
    rows: list[NDArray[np.void]] = []
    stated: list[float] = []
    subjects: dict[str, int] = {}
    shown = 0
    for picture in pictures:
        identity = subjects.setdefault(picture.subject, len(subjects))
        shown += 1
        face = cut(picture.pixels)
        if face is None:
            continue
        crops.append(face)
        rows.append(_row(picture, identity))
        stated.append(picture.pspi)
    if not crops:
        raise DataError(f"{name}: no face was found in any of {shown} pictures")
    missed = f"The finder found a face in {len(crops)} of {shown} pictures; the others are in no figure."
    pspi = np.array(stated, np.float32)
    return Cases(
        name, Faces(np.stack(crops), np.stack(rows)), pspi if np.isfinite(pspi).any() else None, (*notes, missed)
    )


def _row(picture: Coded, identity: int) -> NDArray[np.void]:
    row = np.zeros((), ROW)
    for name in ("left", "right", "visible", "points", "offset", "pose", "age", "male", "ancestry", "skin"):
        row[name] = np.nan
    row["identity"], row["face"] = identity, True
    for k, name in enumerate(LABELS):
        if name in picture.units:
            row["left"][k] = row["right"][k] = picture.units[name]
    calm = bool(picture.units) and not any(picture.units.values()) and not picture.pspi > 0
    row["kind"] = picture.kind or (str(Kind.NEUTRAL) if calm else "")
    for name, value in picture.groups.items():
        row[name] = value
    return row


def read_grey(path: Path) -> NDArray[np.uint8]:
    """A picture as luminance.

    Raises:
        DataError: there is no picture in the file.
    """
    pixels = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE) if path.is_file() else None
    if pixels is None:
        raise DataError(f"{path} is missing or holds no picture")
    return np.asarray(pixels, dtype=np.uint8)


def intensity(text: str, where: str, *, unit: str) -> float:
    """A coded intensity 0..5; AU43 becomes 0 or `CLOSED`.

    Raises:
        DataError: it is no number of 0 to 5.
    """
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 5:
        raise DataError(f'{where}: "{text}" is no intensity of {unit} (0 to 5)')
    return (CLOSED if value > 0 else 0.0) if unit == "AU43" else value
