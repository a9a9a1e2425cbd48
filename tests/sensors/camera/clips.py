"""Small video files, made on the spot."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

SIZE_PX = (160, 120)
"""Width and height of the clips."""


def picture(number: int) -> NDArray[np.uint8]:
    """A gray BGR picture whose brightness tells its number (in steps of 4, so that coding losses do not matter)."""
    ramp = np.tile(np.linspace(0, 20, SIZE_PX[0], dtype=np.uint8), (SIZE_PX[1], 1))
    gray = ramp + np.uint8(4 * (number % 50))
    return np.repeat(gray[:, :, np.newaxis], 3, axis=2)


def number_of(pixels: NDArray[np.uint8]) -> int:
    """The number of a clip's picture."""
    return round((float(pixels.mean()) - 10.0) / 4.0)


def write_clip(path: Path, frames: int, rate_hz: float = 10.0, still: bool = False) -> Path:
    """A Motion JPEG clip."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), rate_hz, SIZE_PX)
    for number in range(frames):
        writer.write(picture(0 if still else number))
    writer.release()
    return path
