"""Any GStreamer pipeline as a camera; on a Jetson that is the way to its CSI cameras (`nvarguscamerasrc`).

The pipeline runs through GStreamer's own Python bindings (`gi`), which say what is wrong and when each picture was
taken. Where they are missing it runs through OpenCV, if that was built with GStreamer; the one from PyPI is not.
"""

from __future__ import annotations

import importlib.util

import cv2

from edge.clock import Clock
from edge.errors import SensorError, SensorReason
from edge.sensors.camera.gstreamer_parse import check
from edge.sensors.camera.live import LiveCamera
from edge.sensors.camera.source import OpenCvSource, Source
from edge.sensors.camera.stanzas import GStreamerCamera

TAIL = (
    "videoconvert ! video/x-raw,format=GRAY8 ! appsink name=anodyne-appsink max-buffers=1 drop=true sync=false "
    "enable-last-sample=false"
)
"""How every pipeline ends: gray pictures (passed on untouched where the pipeline gives them already), of which only the
newest is kept. OpenCV looks for a sink whose name holds "appsink"."""

PACKAGES = "python3-gi gir1.2-gstreamer-1.0 gstreamer1.0-plugins-base"
"""What Debian, Ubuntu and JetPack call the bindings and the basic elements."""


class GStreamer(LiveCamera):
    """A pipeline.

    Args:
        config: its stanza.
        clock: the box's.
    """

    def __init__(self, config: GStreamerCamera, clock: Clock) -> None:
        """Open nothing and import nothing yet."""
        super().__init__(config, clock)
        self._config = config

    def open_source(self) -> Source:
        """Build the pipeline and let it play.

        Raises:
            SensorError: NOT_INSTALLED (GStreamer, or an element of the pipeline), UNREADABLE (the pipeline cannot be
                understood or its source refuses), NOT_FOUND (no such camera or file), IN_USE.
        """
        pipeline = f"{self._config.pipeline} ! {TAIL}"
        if importlib.util.find_spec("gi") is not None:
            from edge.sensors.camera.gstreamer_source import GStreamerSource

            return GStreamerSource(pipeline)
        if has_gstreamer():
            return _through_opencv(pipeline)
        raise SensorError(
            SensorReason.NOT_INSTALLED,
            f"GStreamer's Python bindings are missing, and this OpenCV was built without GStreamer: install {PACKAGES} "
            "with apt, and make the program's virtual environment with --system-site-packages",
            retryable=False,
        )


def has_gstreamer() -> bool:
    """Whether the installed OpenCV was built with GStreamer."""
    lines = (line.split() for line in cv2.getBuildInformation().splitlines())
    return any(words[:2] == ["GStreamer:", "YES"] for words in lines)


def _through_opencv(pipeline: str) -> Source:
    check(pipeline)
    capture = cv2.VideoCapture(pipeline, cv2.CAP_GSTREAMER)
    if not capture.isOpened():
        raise SensorError(
            SensorReason.UNREADABLE,
            "GStreamer cannot start this pipeline; to see why, install python3-gi, or try `gst-launch-1.0` with it and "
            "`! fakesink` at its end",
        )
    # Its position counts from the pipeline's start on a clock that is not told: pictures count from their arrival.
    return OpenCvSource(capture, stamped=False)
