"""How far a face picture can be trusted, 0..1: the worst of five things that spoil it."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.face.align import Light, light
from edge.face.find import Sighting

MIN_SIDE_PX = 48
"""Smallest face, pixels between its sides: training reached down to 50, below that lids are two pixels high."""

GOOD_SIDE_PX = 90
"""From this width on the network sees every pixel it can use (its input is 80 wide)."""

DARK_LEVEL = 16.0
"""Mean grey of a face, 0..255, below which it is too dark: a cheap camera's noise is then as large as its folds."""

GOOD_LEVEL = 45.0
GOOD_DEVIATION = 16.0
"""Mean and deviation of grey from which light and contrast are no limit."""

GOOD_SHARPNESS = 0.05
"""Deviation of the Laplacian over that of the grey, from which sharpness is no limit: renders blurred by less than 1.5
pixels lie above it."""

_FLOOR = 0.1


def _share(value: float, bad: float, good: float) -> float:
    """Linear from `_FLOOR` at `bad` to 1 at `good`."""
    return float(np.clip((value - bad) / (good - bad), _FLOOR, 1.0))


def sharpness(face: NDArray[np.uint8], seen: Light) -> float:
    """How much of a crop's contrast is fine detail: deviation of its Laplacian over that of its grey."""
    fine = cv2.Laplacian(face, cv2.CV_32F)[10:-10, 10:-10]
    return float(np.std(fine)) / max(seen.deviation, 1.0) / 10.0


def parts(face: NDArray[np.uint8], sighting: Sighting) -> dict[str, float]:
    """Each aspect of quality, 0..1.

    Args:
        face: (80, 80) uint8 crop.
        sighting: where it was found.
    """
    seen = light(face)
    return {
        "size": _share(sighting.box.side, MIN_SIDE_PX * 0.6, GOOD_SIDE_PX),
        "light": _share(seen.mean, DARK_LEVEL, GOOD_LEVEL),
        "contrast": _share(seen.deviation, 3.0, GOOD_DEVIATION),
        "sharpness": _share(sharpness(face, seen), 0.0, GOOD_SHARPNESS),
        "stability": _share(sighting.stability, 0.0, 0.8),
    }
