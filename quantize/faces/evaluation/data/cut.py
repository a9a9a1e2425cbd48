"""The face of a single picture, cut as the box cuts it once it has followed it for a moment."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edge.bundle import Bundle
from edge.face import FaceEstimator
from edge.face.align import crop
from edge.face.finder import NetworkFinder
from edge.types import NS_PER_S, Absence

LOOKS = 6
"""How often a picture is shown: a new face counts once it was found three times in a row, and then the action unit
network sets its box right."""

APART_NS = 10 * NS_PER_S
_LOOK_NS = NS_PER_S // 10


class Cutter:
    """The box's detector, follower and network, shown each picture as if it stood still for half a second.

    Args:
        bundle: the loaded model bundle.
    """

    def __init__(self, bundle: Bundle) -> None:
        """Build the interpreters."""
        self._finder = NetworkFinder(bundle)
        self._estimator = FaceEstimator(bundle, finder=self._finder)
        self._now_ns = 0

    def cut(self, pixels: NDArray[np.uint8]) -> NDArray[np.uint8] | None:
        """The aligned (80, 80) crop of the one face in a picture (height, width) uint8, or None."""
        self._finder.forget()
        self._now_ns += APART_NS
        face: NDArray[np.uint8] | None = None
        for k in range(LOOKS):
            now_ns = self._now_ns + k * _LOOK_NS
            sighting = self._finder.find(pixels, now_ns)
            if isinstance(sighting, Absence):
                continue
            face = crop(pixels, sighting.box)
            self._finder.follow(self._estimator.read(face, sighting).reading, now_ns)
        return face
