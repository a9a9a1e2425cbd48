"""Frames of the demonstration's face clip, for tests: a rendered patient, calm, in pain, and gone."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.demo.setup import FACE_CLIP
from edge.types import NS_PER_S, Frame

RATE_HZ = 10

Pixels = NDArray[np.uint8]


@cache
def demo_clip() -> tuple[Pixels, ...]:
    """All 1,800 frames, (240, 320) uint8."""
    return tuple(read_grey(FACE_CLIP))


def read_grey(path: Path, longest: int = 640) -> list[Pixels]:
    """Frames of a video as luminance, made smaller where a side is longer than `longest`."""
    source = cv2.VideoCapture(str(path))
    frames: list[Pixels] = []
    while True:
        more, picture = source.read()
        if not more:
            return frames
        grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
        scale = longest / max(grey.shape)
        if scale < 1:
            grey = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        frames.append(np.asarray(grey, dtype=np.uint8))


def span(start_s: float, end_s: float) -> list[Frame]:
    """The clip's frames between two moments, timed as recorded (the recording begins at 10 s)."""
    first, last = int(start_s * RATE_HZ), int(end_s * RATE_HZ)
    return [frame(demo_clip()[k], k / RATE_HZ) for k in range(first, last)]


def frame(pixels: Pixels, at_s: float) -> Frame:
    """A frame taken `at_s` seconds into a recording that begins at 10 s."""
    return Frame("camera", pixels, round((10 + at_s) * NS_PER_S), round(at_s * RATE_HZ))
