"""Finding the face: OpenCV's frontal Haar cascade, searched near the last face first, and tilted when that fails.

The cascade is Viola & Jones' detector as trained by Lienhart (`haarcascade_frontalface_default.xml`, shipped inside
opencv-python-headless below 5). It finds faces tilted by up to about 15 degrees, so heads that lie on a pillow are
also looked for in a turned picture.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.errors import InferenceError, InferenceReason
from edge.face.align import FaceBox
from edge.types import NS_PER_S

SEARCH_PX = 400
"""The whole picture is searched at this many pixels on its longer side; with the cascade's 24 pixel window, faces of
38 pixels in a VGA picture are still found."""

_CASCADE = "haarcascade_frontalface_default.xml"
_WINDOW_PX = 24
_NEAR_STEP = 1.2
_WIDE_STEP = 1.25  # a third faster than 1.15 over the whole picture, and it found the same faces in the clips
_NEIGHBOURS = 5

_LOCAL_FACE_PX = 64
"""Near the last face, the picture is scaled so that the face has this width. Measured on two faces: at 64 the sides
agree with a slow, fine search within 2 %; at 44 it takes half the time but draws the boxes a tenth too large."""

_LOCAL_RANGE_PX = (48, 86)
"""Sizes looked for there: the last one by three quarters to four thirds."""

_LOCAL_SPAN = 1.7
"""Side of that neighbourhood, in sides of the last box: a head moves less than a third of its width in 0.1 s."""

_TILT_DEG = 30.0
"""The turned pictures; with the cascade's own ±15 degrees this covers ±45."""

_CONFIRM_HITS = 3
"""A new face counts once it has been seen this often in a row, 0.3 s at 10 fps: creases of a pillow, which the cascade
takes for a face in single pictures now and then, do not stay."""

_LOST_AFTER_NS = NS_PER_S
"""A face not seen for this long has left: blinks of the detector are shorter, and the box promises to notice within
two seconds."""

_SLOW_SEARCH_AFTER_NS = 3 * NS_PER_S
_SLOW_SEARCH_EVERY_NS = 2 * NS_PER_S // 5
"""In an empty picture the whole is searched every 0.4 s only, to leave the processor alone."""

_CALM_MOVE = 0.12
"""Moves below this share of the box are mostly the cascade's own jitter (2 % in place, 8 % in size): averaged."""

_AVERAGING = 0.35


@dataclass(frozen=True, slots=True)
class Sighting:
    """Where the face is, and how sure that is.

    Attributes:
        box: in pixels of the frame.
        seen_ns: when the cascade last confirmed it.
        stability: 0..1, share of the last pictures in which it did.
    """

    box: FaceBox
    seen_ns: int
    stability: float


class FaceFinder:
    """Follows the largest face through the frames of one camera. It keeps a box between frames, never a picture."""

    def __init__(self) -> None:
        """Load the cascade.

        Raises:
            InferenceError: this OpenCV has no cascades (NO_RUNTIME).
        """
        folder = Path(cv2.__file__).parent / "data"
        if not hasattr(cv2, "CascadeClassifier") or not (folder / _CASCADE).is_file():
            raise InferenceError(
                InferenceReason.NO_RUNTIME,
                f"OpenCV {cv2.__version__} has no Haar cascades: pip install 'opencv-python-headless<5'",
            )
        self._cascade = cv2.CascadeClassifier(str(folder / _CASCADE))
        self._box: FaceBox | None = None
        self._hits = 0
        self._seen_ns = 0
        self._stability = 0.0
        self._tried_ns = 0
        self._tilt = 0

    def find(self, pixels: NDArray[np.uint8], now_ns: int) -> Sighting | None:
        """Look for the face.

        Args:
            pixels: (height, width) uint8 luminance.
            now_ns: when the picture was taken.

        Returns:
            The face, or None while there is none or it is not confirmed yet. A face that the cascade misses for less
            than a second is kept, with its old `seen_ns`.
        """
        found = self._near(pixels, self._box) if self._box is not None else None
        if found is None and self._may_search(now_ns):
            found = self._anywhere(pixels)
        if found is not None:
            self._see(found, now_ns)
        else:
            self._miss(now_ns)
        if self._box is None or self._hits < _CONFIRM_HITS:
            return None
        return Sighting(self._box, self._seen_ns, self._stability)

    def _see(self, found: FaceBox, now_ns: int) -> None:
        last = self._box
        self._seen_ns = now_ns
        if last is None or abs(found.x - last.x) + abs(found.y - last.y) > last.side:
            self._box, self._hits, self._stability = found, 1, 0.5
            return
        self._hits += 1
        self._stability += 0.2 * (1.0 - self._stability)
        self._box = _averaged(last, found)

    def _miss(self, now_ns: int) -> None:
        self._stability *= 0.8
        if self._hits < _CONFIRM_HITS or now_ns - self._seen_ns > _LOST_AFTER_NS or now_ns < self._seen_ns:
            self._box, self._hits = None, 0

    def _may_search(self, now_ns: int) -> bool:
        """Whether the whole picture may be searched now."""
        lonely = self._box is None and now_ns - self._seen_ns > _SLOW_SEARCH_AFTER_NS
        if lonely and 0 <= now_ns - self._tried_ns < _SLOW_SEARCH_EVERY_NS:
            return False
        self._tried_ns = now_ns
        return True

    def _near(self, pixels: NDArray[np.uint8], box: FaceBox) -> FaceBox | None:
        """Search a small upright patch around the last box."""
        scale = box.side / _LOCAL_FACE_PX
        size = int(_LOCAL_FACE_PX * _LOCAL_SPAN)
        turn = _rotation(box.roll_deg) * scale
        matrix = np.column_stack([turn, np.array([box.x, box.y]) - turn @ np.full(2, (size - 1) / 2)])
        patch = cv2.warpAffine(
            pixels,
            matrix,
            (size, size),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_CONSTANT,
            borderValue=0.0,
        )
        found = self._largest(np.asarray(patch, dtype=np.uint8), *_LOCAL_RANGE_PX, _NEAR_STEP)
        if found is None:
            return None
        x, y = matrix @ np.array([found.x, found.y, 1.0])
        return FaceBox(float(x), float(y), found.side * scale, box.roll_deg)

    def _anywhere(self, pixels: NDArray[np.uint8]) -> FaceBox | None:
        """Search the whole picture: upright, else turned to one side (the sides take turns)."""
        height, width = pixels.shape
        scale = max(1.0, max(height, width) / SEARCH_PX)
        size = (round(width / scale), round(height / scale))
        small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA) if scale > 1 else pixels
        found = self._largest(np.asarray(small, dtype=np.uint8), _WINDOW_PX, min(size), _WIDE_STEP)
        if found is not None:
            return FaceBox(found.x * scale, found.y * scale, found.side * scale)
        self._tilt = 1 - self._tilt
        angle = _TILT_DEG if self._tilt else -_TILT_DEG
        return self._tilted(np.asarray(small, dtype=np.uint8), angle, scale)

    def _tilted(self, small: NDArray[np.uint8], angle: float, scale: float) -> FaceBox | None:
        height, width = small.shape
        centre = np.array([(width - 1) / 2, (height - 1) / 2])
        turn = _rotation(angle)
        matrix = np.column_stack([turn, centre - turn @ centre])
        turned = cv2.warpAffine(small, matrix, (width, height), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
        found = self._largest(np.asarray(turned, dtype=np.uint8), 2 * _WINDOW_PX, min(width, height), _WIDE_STEP)
        if found is None:
            return None
        x, y = matrix @ np.array([found.x, found.y, 1.0])
        return FaceBox(float(x) * scale, float(y) * scale, found.side * scale, angle)

    def _largest(self, picture: NDArray[np.uint8], smallest: int, largest: int, step: float) -> FaceBox | None:
        found = self._cascade.detectMultiScale(
            picture, step, _NEIGHBOURS, minSize=(smallest, smallest), maxSize=(largest, largest)
        )
        if len(found) == 0:
            return None
        x, y, side, _ = max(found, key=lambda face: int(face[2]))
        return FaceBox(float(x + side / 2), float(y + side / 2), float(side))


def _rotation(roll_deg: float) -> NDArray[np.float64]:
    """(2, 2): from directions in an upright patch to directions in the picture, x right and y down."""
    angle = np.deg2rad(roll_deg)
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


def _averaged(last: FaceBox, found: FaceBox) -> FaceBox:
    """The box moved towards where the face was found: at once if it truly moved, gently if that may be jitter."""
    move = max(abs(found.x - last.x), abs(found.y - last.y)) / last.side
    share = 1.0 if move > _CALM_MOVE else _AVERAGING
    return replace(
        found,
        x=last.x + share * (found.x - last.x),
        y=last.y + share * (found.y - last.y),
        side=last.side + _AVERAGING * (found.side - last.side),
    )
