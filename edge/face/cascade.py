"""The frontal cascade behind the finder's door: it looks in every picture, so there is nothing to follow."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edge.face.detect import FaceFinder
from edge.face.find import Reading, Sighting
from edge.types import Absence


class CascadeFinder:
    """A `Finder` made of `FaceFinder`.

    Raises:
        InferenceError: this OpenCV has no cascades (NO_RUNTIME).
    """

    def __init__(self) -> None:
        """Load the cascade."""
        self._finder = FaceFinder()

    def find(self, pixels: NDArray[np.uint8], now_ns: int) -> Sighting | Absence:
        """The largest face, or NO_FACE."""
        seen = self._finder.find(pixels, now_ns)
        if seen is None:
            return Absence.NO_FACE
        return Sighting(seen.box, seen.seen_ns, seen.stability, fresh=seen.seen_ns == now_ns)

    def follow(self, reading: Reading, now_ns: int) -> None:
        """Nothing: the next picture is searched anyway."""
