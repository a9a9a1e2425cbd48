"""A contact sheet: the same few people through the expressions that matter, to be looked at by a person."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from quantize.faces.expression import Units, deform
from quantize.faces.head import Head
from quantize.faces.person import make_person
from quantize.faces.render import Camera, Renderer, compose
from quantize.faces.shot import Light, Pose, Shot

COLUMNS: tuple[tuple[str, Units], ...] = (
    ("neutral", {}),
    ("AU4", {"AU4": 5}),
    ("AU6", {"AU6": 5}),
    ("AU7", {"AU7": 5}),
    ("AU9", {"AU9": 5}),
    ("AU10", {"AU10": 5}),
    ("AU6+12", {"AU6": 4, "AU12": 5, "AU25": 2}),
    ("AU25+26", {"AU25": 4, "AU26": 4}),
    ("AU43", {"AU43": 5}),
    ("pain", {"AU4": 5, "AU6": 4, "AU7": 5, "AU9": 4, "AU10": 4, "AU43": 5, "AU25": 2}),
)
_CELL = 150


def contact_sheet(head: Head, path: Path, *, seed: int, people: int = 8) -> None:
    """Draw `people` rows of the expressions in `COLUMNS`, the sculpts alternating, and write them as a picture."""
    renderer = Renderer(head)
    rows = []
    for row in range(people):
        person = make_person(head, np.random.default_rng([seed, row]))
        cells = []
        for name, units in COLUMNS:
            rng = np.random.default_rng([seed, row, 1])
            facs = (1.0, 0.0, 0.5)[row % 3]
            shot = Shot(Pose(yaw_deg=(-20.0, 0.0, 12.0, 30.0)[row % 4]), Light())
            camera = Camera(_CELL, _CELL, _CELL / 2, _CELL * 0.52, _CELL * 0.62)
            drawing = renderer.draw(person, deform(head, person, units, rng, facs), units, shot, camera)
            picture = compose(drawing, np.full((_CELL, _CELL), 0.6, np.float32), person)
            cell = np.ascontiguousarray((np.clip(picture, 0, 1) * 255).astype(np.uint8))
            if row == 0:
                cv2.putText(cell, name, (4, 12), cv2.FONT_HERSHEY_SIMPLEX, 0.4, 0.0, 1, cv2.LINE_AA)
            cells.append(cell)
        rows.append(np.hstack(cells))
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.vstack(rows))
