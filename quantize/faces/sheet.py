"""Contact sheets: what the renderer draws, to be looked at by a person."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.face.align import SIDE_PX
from edge.face.units import LABELS
from quantize.faces.collection import Faces
from quantize.faces.dataset import render_person
from quantize.faces.expression import deform, symmetric
from quantize.faces.head import Head
from quantize.faces.kinds import Kind, Units
from quantize.faces.person import make_person
from quantize.faces.render import Camera, Renderer, compose
from quantize.faces.sculpt import Sculpt
from quantize.faces.shot import Light, Pose, Shot

COLUMNS: tuple[tuple[str, Units], ...] = (
    ("neutral", {}),
    *((name, {name: 5.0}) for name in LABELS),
    ("smile", {"AU6": 4, "AU12": 5, "AU25": 3}),
    ("squeezed", {"AU43": 5, "AU4": 5, "AU6": 5, "AU7": 5}),
    ("pain", {"AU4": 5, "AU6": 4, "AU7": 5, "AU9": 4, "AU10": 4, "AU43": 5, "AU25": 2}),
)
"""Expressions of the first sheet."""

SCULPTS = (Sculpt.OWN, Sculpt.MPFB, Sculpt.FACS)
"""The rows of the first sheet take turns with them."""

_CELL = 130
_YAWS_DEG = (-20.0, 0.0, 12.0, 30.0)


def contact_sheets(head: Head, path: Path, *, seed: int, people: int = 9) -> None:
    """Write two pictures: `path` with people in the expressions of `COLUMNS`, and "…-crops" with training crops.

    Args:
        head: the assets.
        path: of the first picture.
        seed: of the people.
        people: how many.
    """
    renderer = Renderer(head)
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.vstack([_expressions(renderer, seed, row) for row in range(people)]))
    crops = [_crops(render_person(renderer, seed, row)) for row in range(people)]
    cv2.imwrite(str(path.with_stem(path.stem + "-crops")), np.vstack(crops))


def _expressions(renderer: Renderer, seed: int, row: int) -> NDArray[np.uint8]:
    person = make_person(renderer.head, np.random.default_rng([seed, row]))
    sculpt = SCULPTS[row % len(SCULPTS)]
    shot = Shot(Pose(yaw_deg=_YAWS_DEG[row % len(_YAWS_DEG)]), Light())
    camera = Camera(_CELL, _CELL, _CELL / 2, _CELL * 0.52, _CELL * 0.7)
    cells = []
    for name, units in COLUMNS:
        expression = symmetric(Kind.RANDOM, units)
        moved = deform(renderer.head, person, expression, np.random.default_rng([seed, row, 1]), sculpt)
        drawing = renderer.draw(person, moved, expression, shot, camera)
        picture = compose(drawing, np.full((_CELL, _CELL), 0.6, np.float32), person)
        cell = np.ascontiguousarray((np.clip(picture, 0, 1) * 255).astype(np.uint8))
        cv2.putText(cell, name if row else f"{name} {sculpt}", (3, 11), cv2.FONT_HERSHEY_SIMPLEX, 0.35, 0.0, 1)
        cells.append(cell)
    return np.hstack(cells)


def _crops(faces: Faces) -> NDArray[np.uint8]:
    """Training crops as the network gets them, with what is known of them written over."""
    cells = []
    for crop, row in zip(faces.crops, faces.rows, strict=True):
        cell = np.asarray(cv2.resize(crop, (_CELL, _CELL), interpolation=cv2.INTER_CUBIC), dtype=np.uint8)
        if row["face"]:
            for x, y in (row["points"] + 0.5) * _CELL / SIDE_PX:
                cv2.circle(cell, (round(float(x)), round(float(y))), 1, 255.0, -1)
            shares = " ".join(f"{share:.1f}" for share in row["visible"])
            cv2.putText(cell, shares, (2, _CELL - 3), cv2.FONT_HERSHEY_SIMPLEX, 0.3, 255.0, 1)
        label = f"{row['kind']} {row['worn']} {row['light']}"
        cv2.putText(cell, label, (2, 9), cv2.FONT_HERSHEY_SIMPLEX, 0.28, 255.0, 1)
        cells.append(cell)
    return np.hstack(cells)
