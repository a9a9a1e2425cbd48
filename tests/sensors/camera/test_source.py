"""OpenCV's sources, on a recording that is read as if it were live."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from edge.errors import SensorError, SensorReason
from edge.sensors.camera.source import OpenCvSource
from tests.sensors.camera.clips import number_of, write_clip


def test_pictures_come_gray_and_then_no_more(tmp_path: Path) -> None:
    source = OpenCvSource(cv2.VideoCapture(str(write_clip(tmp_path / "clip.avi", 3))), stamped=True)
    seen = []
    while source.grab():
        picture = source.retrieve()
        assert picture is not None
        seen.append((picture.shape, number_of(picture), source.stamp_ns()))
    source.release()
    assert seen == [((120, 160), number, number * 100_000_000) for number in range(3)]


def test_positions_that_are_no_times_are_left_out(tmp_path: Path) -> None:
    source = OpenCvSource(cv2.VideoCapture(str(write_clip(tmp_path / "clip.avi", 3))), stamped=False)
    assert source.grab()
    assert source.stamp_ns() is None


class TwoChannels:
    """A capture whose pictures come as they are (YUYV without conversion)."""

    def retrieve(self) -> tuple[bool, NDArray[np.uint8]]:
        """A picture of luminance and colour in turn."""
        return True, np.zeros((4, 6, 2), np.uint8)


def test_pictures_of_an_unknown_kind_are_refused_in_words() -> None:
    # A class of its own: OpenCV 4.14 crashes when an heir of its VideoCapture is destroyed.
    capture = cast(cv2.VideoCapture, TwoChannels())
    with pytest.raises(SensorError, match="choose another format") as raised:
        OpenCvSource(capture, stamped=False).retrieve()
    assert raised.value.reason is SensorReason.UNREADABLE
