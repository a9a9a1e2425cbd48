"""What a live source of pictures offers to the thread that reads it, and OpenCV's sources in that form."""

from __future__ import annotations

from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.errors import SensorError, SensorReason
from edge.sensors.camera.picture import to_gray


class Source(Protocol):
    """A live source that is open. All calls come from one thread; each waits a few seconds at most."""

    def grab(self) -> bool:
        """Wait for the next picture without decoding more of it than must be; False if none came.

        Raises:
            SensorError: the source is gone and says why.
        """
        ...

    def stamp_ns(self) -> int | None:
        """The grabbed picture's own time from any origin, nanoseconds; None if it has none."""
        ...

    def retrieve(self) -> NDArray[np.uint8] | None:
        """The grabbed picture in gray, (height, width); None if it is damaged."""
        ...

    def release(self) -> None:
        """Let go of the device or connection."""
        ...


class OpenCvSource:
    """A `cv2.VideoCapture` as a source.

    Args:
        capture: opened already.
        stamped: whether its position is a time that the source itself gave.
    """

    def __init__(self, capture: cv2.VideoCapture, *, stamped: bool) -> None:
        """Take over the capture."""
        self._capture = capture
        self._stamped = stamped

    def grab(self) -> bool:
        """Wait for the next picture."""
        try:
            return self._capture.grab()
        except cv2.error as error:
            raise _unusable(error) from error

    def stamp_ns(self) -> int | None:
        """OpenCV's position, which live backends fill with the source's time stamp."""
        return round(self._capture.get(cv2.CAP_PROP_POS_MSEC) * 1e6) if self._stamped else None

    def retrieve(self) -> NDArray[np.uint8] | None:
        """The picture in gray."""
        try:
            ok, picture = self._capture.retrieve()
            return to_gray(picture) if ok and picture.size else None
        except cv2.error as error:
            raise _unusable(error) from error

    def release(self) -> None:
        """Close the capture."""
        self._capture.release()


def _unusable(error: cv2.error) -> SensorError:
    return SensorError(
        SensorReason.UNREADABLE, f"OpenCV cannot use the camera's pictures ({error.err}): choose another format"
    )
