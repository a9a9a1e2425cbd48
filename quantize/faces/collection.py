"""Rendered faces in memory with everything that is known of them, and their split by identity."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.face.units import LABELS
from edge.face.units import REGIONS as REGIONS

POINTS = ("left_eye", "right_eye", "nose", "left_mouth", "right_mouth")
"""Landmarks: middles of the eyes, tip of the nose, corners of the mouth (the person's own left and right)."""

OFFSETS = ("right", "down", "log_size", "roll")
"""Where a face lies in its crop against where the crop aimed at: in sides of the box along the crop's own axes, natural
logarithm of the ratio of sides, and degrees clockwise."""

MARKS = {
    "brow_inner": (0.10, 7.47),
    "brow_middle": (0.30, 7.53),
    "brow_outer": (0.50, 7.48),
    "upper_lid": (0.31, 7.33),
    "lower_lid": (0.31, 7.19),
    "inner_canthus": (0.16, 7.23),
    "outer_canthus": (0.46, 7.27),
    "cheek": (0.35, 7.02),
    "cheek_outer": (0.56, 7.05),
    "nose_wing": (0.16, 6.97),
    "nasolabial": (0.30, 6.80),
    "mouth_corner": (0.245, 6.61),
    "upper_lip": (0.12, 6.67),
    "lower_lip": (0.12, 6.54),
    "jaw": (0.40, 6.35),
}
"""Marks on either side of the face whose movement is kept with every picture: x and y on the resting base mesh, dm."""

MIDDLE_MARKS = {
    "glabella": (0.0, 7.45),
    "nose_root": (0.0, 7.28),
    "nose_bridge": (0.0, 7.10),
    "nose_tip": (0.0, 6.93),
    "upper_lip_middle": (0.0, 6.68),
    "lower_lip_middle": (0.0, 6.53),
    "chin": (0.0, 6.28),
}
"""Marks on the midline."""

MOVES = 2 * len(MARKS) + len(MIDDLE_MARKS)
"""How many marks there are: left ones, right ones, middle ones."""

ROW = np.dtype(
    [
        ("identity", np.int64),
        ("face", np.bool_),
        ("kind", "U24"),
        ("sculpt", "U8"),
        ("left", np.float32, (len(LABELS),)),
        ("right", np.float32, (len(LABELS),)),
        ("visible", np.float32, (len(REGIONS),)),
        ("points", np.float32, (len(POINTS), 2)),
        ("offset", np.float32, (len(OFFSETS),)),
        ("moves", np.float16, (MOVES, 3)),
        ("pose", np.float32, (3,)),
        ("age", np.float32),
        ("male", np.float32),
        ("ancestry", np.float32, (3,)),
        ("skin", np.float32),
        ("light", "U12"),
        ("worn", "U24"),
        ("trait", "U12"),
    ]
)
"""What is known of one crop. `face`: False for a crop that shows none (everything below then means nothing). `kind`,
`sculpt`, `light`, `worn`, `trait`: names of what was drawn (`trait`: `quantize.faces.person.Person.trait`). `left`,
`right`: intensities 0..5 of the action units on either side of the face, in the order of `LABELS`. `visible`: uncovered
share 0..1 of each of `REGIONS`. `points`: `POINTS` in pixels of the crop, x right and y down. `offset`: see `OFFSETS`.
`moves`: how far each of `MARKS` on the left, on the right, and of `MIDDLE_MARKS` has moved from the person's resting
face, dm along the head's own axes (its left, up, forwards). `pose`: yaw, pitch, roll in the frame, degrees. `age`,
`male`: 0..1. `ancestry`: weights in the order of
`quantize.faces.head.ANCESTRIES`. `skin`: mean reflectance 0..1."""


@dataclass(frozen=True, slots=True, eq=False)
class Faces:
    """Rendered faces.

    Attributes:
        crops: (n, SIDE_PX, SIDE_PX) uint8, cut by `edge.face.align.crop`.
        rows: (n,) of `ROW`.
    """

    crops: NDArray[np.uint8]
    rows: NDArray[np.void]

    @property
    def units(self) -> NDArray[np.float32]:
        """(n, units) true intensities in the order of `LABELS`: those of the stronger side."""
        return np.asarray(np.maximum(self.rows["left"], self.rows["right"]), dtype=np.float32)

    @property
    def identity(self) -> NDArray[np.int64]:
        """(n,) whose face it is."""
        return np.ascontiguousarray(self.rows["identity"], dtype=np.int64)

    @property
    def kind(self) -> NDArray[np.str_]:
        """(n,) names of `Kind`."""
        return np.asarray(self.rows["kind"], dtype=np.str_)

    def where(self, chosen: NDArray[np.bool_]) -> Faces:
        """The faces for which `chosen` is true."""
        return Faces(self.crops[chosen], self.rows[chosen])


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """Faces split by identity: nobody is in two parts.

    Attributes:
        train: 80 % of the identities; learnt from.
        tune: 8 %; chooses the epoch, the int8 calibration and the smile discount.
        test: 12 %; only measured on.
    """

    train: Faces
    tune: Faces
    test: Faces


def split(faces: Faces) -> Split:
    """Split by identity number modulo 25: 20 parts train, 2 tune, 3 test."""
    part = faces.identity % 25
    return Split(faces.where(part < 20), faces.where((part == 20) | (part == 21)), faces.where(part > 21))


def join(parts: Sequence[Faces]) -> Faces:
    """All faces of all parts, in their order."""
    return Faces(np.concatenate([part.crops for part in parts]), np.concatenate([part.rows for part in parts]))
