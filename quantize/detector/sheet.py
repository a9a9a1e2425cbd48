"""A contact sheet of painted rooms with what is known of their heads drawn in, to be looked at by a person."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from quantize.faces.cutouts import Cutouts
from quantize.faces.rooms import FACE, HIDDEN, TURNED, scene

_COLOURS = {FACE: (0, 255, 0), TURNED: (0, 128, 255), HIDDEN: (0, 0, 255)}
_ZOOM = 1.5


def contact_sheet(heads: Cutouts, path: Path, *, seed: int, rows: int = 8, columns: int = 5) -> None:
    """Paint rooms and write them as one picture: faces green, turned heads orange, hidden ones red."""
    cells = [_cell(*scene(heads, np.random.default_rng([seed, k]))) for k in range(rows * columns)]
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [np.hstack(cells[k * columns : (k + 1) * columns]) for k in range(rows)]
    cv2.imwrite(str(path), np.vstack(lines))


def _cell(picture: NDArray[np.uint8], rows: list[NDArray[np.void]]) -> NDArray[np.uint8]:
    large = cv2.resize(picture, None, fx=_ZOOM, fy=_ZOOM, interpolation=cv2.INTER_LINEAR)
    colour = cv2.cvtColor(large, cv2.COLOR_GRAY2BGR)
    for row in rows:
        x, y, side, roll = (float(value) for value in row["box"])
        corners = cv2.boxPoints(((x * _ZOOM, y * _ZOOM), (side * _ZOOM, side * _ZOOM), roll))
        cv2.polylines(colour, [np.asarray(corners, dtype=np.int32)], True, _COLOURS[str(row["what"])], 1)
        for point in row["points"] * _ZOOM:
            cv2.circle(colour, (int(point[0]), int(point[1])), 1, (255, 255, 0), -1)
    return np.asarray(colour, dtype=np.uint8)
