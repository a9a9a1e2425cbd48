"""Rendered faces in memory, and their split by identity."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Faces:
    """Rendered faces.

    Attributes:
        crops: (n, SIDE_PX, SIDE_PX) uint8, cut by `edge.face.align.crop`.
        units: (n, 9) float32 true intensities in the order of `edge.face.units.LABELS`.
        identity: (n,) int64.
        kind: (n,) names of `Kind`.
    """

    crops: NDArray[np.uint8]
    units: NDArray[np.float32]
    identity: NDArray[np.int64]
    kind: NDArray[np.str_]

    def where(self, chosen: NDArray[np.bool_]) -> Faces:
        """The faces for which `chosen` is true."""
        return Faces(self.crops[chosen], self.units[chosen], self.identity[chosen], self.kind[chosen])


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
    return Faces(
        np.concatenate([part.crops for part in parts]),
        np.concatenate([part.units for part in parts]),
        np.concatenate([part.identity for part in parts]),
        np.concatenate([part.kind for part in parts]),
    )
