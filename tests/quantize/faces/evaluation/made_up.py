"""Faces and outputs out of a random generator: no pictures, every figure known."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edge.face.units import LABELS
from quantize.faces.collection import ROW, Faces
from quantize.faces.heads import HEADS, Outputs

KINDS = ("neutral", "neutral", "pain", "pain", "smile", "sleep", "talk", "surprise", "anger", "yawn")
"""Faces of one person."""

_UNITS = {
    "pain": ("AU4", "AU7", "AU10"),
    "smile": ("AU6", "AU12"),
    "sleep": ("AU43",),
    "talk": ("AU25",),
    "surprise": ("AU1", "AU2"),
    "anger": ("AU4",),
    "yawn": ("AU26",),
}


def rows(people: int = 40, seed: int = 1) -> NDArray[np.void]:
    """`KINDS` of each of some people; every other one a woman, skins from dark to light."""
    rng = np.random.default_rng(seed)
    made = np.zeros(people * len(KINDS), ROW)
    for k in range(len(made)):
        person, kind = divmod(k, len(KINDS))
        row = made[k]
        row["identity"], row["face"], row["kind"], row["sculpt"] = person, True, KINDS[kind], "own"
        for name in _UNITS.get(KINDS[kind], ()):
            row["left"][LABELS.index(name)] = row["right"][LABELS.index(name)] = rng.uniform(2, 5)
        row["visible"], row["male"], row["age"], row["skin"] = 1, person % 2, person / people, person / people
        row["ancestry"], row["light"], row["worn"], row["trait"] = (0, 0, 1), "room", "nothing", "none"
    return made


def faces(made: NDArray[np.void]) -> Faces:
    """Rows with black crops."""
    return Faces(np.zeros((len(made), 80, 80), np.uint8), made)


def outputs(truth: Faces, noise: float = 0.0, seed: int = 2) -> Outputs:
    """What a network with normal errors of this deviation, and that knows it, would say."""
    rng = np.random.default_rng(seed)
    n = len(truth.rows)
    au = truth.units + rng.normal(0, noise, (n, len(LABELS))).astype(np.float32) if noise else truth.units.copy()
    deviation = np.full((n, HEADS["deviation"]), np.log(max(noise, 0.05)), np.float32)
    visible = np.where(truth.rows["visible"] >= 0.5, np.float32(4), np.float32(-4))
    track = np.zeros((n, HEADS["track"]), np.float32)
    return Outputs(np.asarray(au, dtype=np.float32), deviation, visible, track, np.ones((n, 16), np.float32))
