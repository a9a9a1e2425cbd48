"""What all OpenCV sources share: gray pictures of a bounded size, and a library that keeps its complaints to itself."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from cv2.typing import MatLike  # a distribution's own OpenCV has no such module

# AV_LOG_QUIET, read once, when OpenCV first touches FFmpeg: at each attempt to connect it would fill the journal, and
# the drivers say what is wrong in better words.
os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")


def to_gray(picture: MatLike) -> NDArray[np.uint8]:
    """The luminance (ITU-R BT.601, as OpenCV weighs it) of a gray, BGR or BGRA picture, (height, width) uint8."""
    channels = 1 if picture.ndim == 2 else picture.shape[2]
    if channels == 1:
        gray = picture.reshape(picture.shape[:2])
    else:
        gray = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY if channels == 3 else cv2.COLOR_BGRA2GRAY)
    return np.ascontiguousarray(gray, np.uint8)


def fit(gray: NDArray[np.uint8], width_px: int, height_px: int) -> NDArray[np.uint8]:
    """Shrink a picture, keeping its proportions, until it fits the given size; smaller ones stay as they are."""
    height, width = gray.shape
    scale = min(width_px / width, height_px / height)
    if scale >= 1.0:
        return gray
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(gray, size, interpolation=cv2.INTER_AREA), np.uint8)
