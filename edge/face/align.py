"""From a face box to the square, contrast-normalised picture that the network was trained on.

The same two functions cut the training crops (`quantize.faces`) and the live ones, so the geometry cannot drift apart.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

SIDE_PX = 80
"""Side of the network's square input, pixels."""

MARGIN = 1.0
"""Side of the crop, in sides of the detector's box. That box runs from the middle of the forehead to the chin, which
holds every action unit; a wider crop only makes them smaller."""

SHIFT_DOWN = 0.05
"""How far the crop's centre lies below the box's centre, in sides of the box: keeps the lower lip of a dropped jaw
inside (looked at on rendered faces)."""

CONTRAST_FLOOR = 6.0
"""Smallest standard deviation, grey levels, that the normalisation divides by: below it a crop is noise."""

CLIP = 2.75
"""Normalised grey is cut to ± this many standard deviations, so that int8 has a known input range."""


@dataclass(frozen=True, slots=True)
class FaceBox:
    """A square around a face, from the middle of the forehead to the chin.

    Attributes:
        x, y: centre, pixels of the frame.
        side: side of the square, pixels.
        roll_deg: in-plane rotation at which the face was found, degrees, positive clockwise in the picture.
    """

    x: float
    y: float
    side: float
    roll_deg: float = 0.0


def _centre_weights() -> NDArray[np.float32]:
    """(SIDE_PX, SIDE_PX) weights that are high on the face and zero in the corners, where the background is."""
    axis = (np.arange(SIDE_PX, dtype=np.float32) + 0.5) / SIDE_PX * 2 - 1
    radius2 = axis[None, :] ** 2 / 0.55 + axis[:, None] ** 2 / 0.8
    weights = np.clip(1.0 - radius2, 0.0, None)
    return np.asarray(weights / weights.sum(), dtype=np.float32)


_WEIGHTS = _centre_weights()


def _to_frame(box: FaceBox, size: int) -> NDArray[np.float64]:
    """(2, 3): from pixels of a `size` x `size` crop to pixels of the frame."""
    step = box.side * MARGIN / size
    angle = np.deg2rad(box.roll_deg)
    cos, sin = float(np.cos(angle)) * step, float(np.sin(angle)) * step
    down = SHIFT_DOWN * box.side / step
    half = (size - 1) / 2
    centre_x = box.x - sin * down
    centre_y = box.y + cos * down
    return np.array([[cos, -sin, centre_x - (cos - sin) * half], [sin, cos, centre_y - (sin + cos) * half]], np.float64)


def place(points: NDArray[np.float32], box: FaceBox) -> NDArray[np.float32]:
    """Where (n, 2) points of the frame lie in the crop of `box`, pixels of the (SIDE_PX, SIDE_PX) crop."""
    matrix = _to_frame(box, SIDE_PX)
    return np.asarray(np.linalg.solve(matrix[:, :2], (points - matrix[:, 2]).T).T, dtype=np.float32)


def crop(pixels: NDArray[np.uint8], box: FaceBox) -> NDArray[np.uint8]:
    """Cut the aligned square of a face.

    Args:
        pixels: (height, width) uint8 luminance.
        box: where the face is, in pixels of `pixels`.

    Returns:
        (SIDE_PX, SIDE_PX) uint8; what lies outside the frame repeats its edge.
    """
    # Large faces are sampled densely and then averaged, so that fine wrinkles do not alias.
    density = int(np.clip(np.ceil(box.side * MARGIN / SIDE_PX), 1, 4))
    size = SIDE_PX * density
    matrix = _to_frame(box, size)
    dense = cv2.warpAffine(
        pixels, matrix, (size, size), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REPLICATE
    )
    if density > 1:
        dense = cv2.resize(dense, (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_AREA)
    return np.asarray(dense, dtype=np.uint8)


@dataclass(frozen=True, slots=True)
class Light:
    """Brightness of a crop, over the middle where the face is, grey levels 0..255."""

    mean: float
    deviation: float


def light(face: NDArray[np.uint8]) -> Light:
    """Mean and standard deviation of a (SIDE_PX, SIDE_PX) crop, weighted towards its middle."""
    values = face.astype(np.float32)
    mean = float((values * _WEIGHTS).sum())
    variance = float((np.square(values - mean) * _WEIGHTS).sum())
    return Light(mean, float(np.sqrt(variance)))


def normalise(face: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Remove brightness and contrast of a crop.

    Args:
        face: (SIDE_PX, SIDE_PX) uint8 from `crop`.

    Returns:
        (1, SIDE_PX, SIDE_PX, 1) float32, zero mean and unit deviation over the middle, within ±CLIP.
    """
    seen = light(face)
    scaled = (face.astype(np.float32) - seen.mean) / max(seen.deviation, CONTRAST_FLOOR)
    return np.asarray(np.clip(scaled, -CLIP, CLIP), dtype=np.float32).reshape(1, SIDE_PX, SIDE_PX, 1)
