"""What the face network says: its outputs by name, in the order of the file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.face.units import LABELS
from quantize.faces.collection import OFFSETS, REGIONS

Floats = NDArray[np.float32]

IDENTITY_WIDTH = 16
"""Numbers in the descriptor of a face: enough to tell the two or three people of a room apart, too few to be a name."""

HEADS: Mapping[str, int] = {
    "au": len(LABELS),
    "deviation": len(LABELS),
    "visible": len(REGIONS),
    "track": len(OFFSETS) + 1,
    "identity": IDENTITY_WIDTH,
}
"""Output to its width."""

ROLL_UNIT_DEG = 30.0
"""`track` has roll in this unit, so that all of it has about one range."""


@dataclass(frozen=True, slots=True, eq=False)
class Outputs:
    """Answers of the network for n faces.

    Attributes:
        au: (n, 17) intensities 0..5, in the order of `LABELS`, not clipped.
        deviation: (n, 17) natural logarithm of the standard deviation of each intensity's error.
        visible: (n, 5) log-odds that at least half of each of `REGIONS` is uncovered.
        track: (n, 5) `OFFSETS` (roll in `ROLL_UNIT_DEG`), then log-odds that there is a face.
        identity: (n, 16) descriptor: the cosine between two is high for one person.
    """

    au: Floats
    deviation: Floats
    visible: Floats
    track: Floats
    identity: Floats

    def where(self, chosen: NDArray[np.bool_]) -> Outputs:
        """The answers for which `chosen` is true."""
        return Outputs(*(getattr(self, name)[chosen] for name in HEADS))
