"""A GStreamer pipeline through its own Python bindings, ended by an `appsink`.

Imported only where the bindings are there.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import gi
import numpy as np
from numpy.typing import NDArray

from edge.errors import SensorError, SensorReason
from edge.sensors.camera.capture import READ_TIMEOUT_S
from edge.sensors.camera.gstreamer_parse import refused

gi.require_version("Gst", "1.0")
from gi.repository import GLib, Gst  # noqa: E402  # the version comes first

POLL_NS = 250_000_000
"""How often the pipeline's messages are looked at while no picture comes."""

ROW_BYTES = 4
"""GStreamer begins each row of a gray picture at a multiple of this many bytes."""

_RESOURCE_REASONS = {
    3: SensorReason.NOT_FOUND,  # GST_RESOURCE_ERROR_NOT_FOUND
    4: SensorReason.IN_USE,  # GST_RESOURCE_ERROR_BUSY
}


@dataclass(frozen=True, slots=True)
class _Picture:
    buffer: Gst.Buffer
    width: int
    height: int
    stamp_ns: int | None


class GStreamerSource:
    """A pipeline that plays.

    Args:
        pipeline: as for `gst-launch-1.0`, with an `appsink` named "anodyne-appsink" that takes GRAY8.

    Raises:
        SensorError: NOT_INSTALLED (an element is missing), UNREADABLE (it cannot be understood or linked), or what its
            source says; the former are not retryable.
    """

    def __init__(self, pipeline: str) -> None:
        """Build it and let it play."""
        Gst.init(None)
        self._pipeline = _parse(pipeline)
        # The system's clock is CLOCK_MONOTONIC, the box's own: running time plus base time is when it was taken.
        self._pipeline.use_clock(Gst.SystemClock.obtain())
        self._sink = self._pipeline.get_by_name("anodyne-appsink")
        self._picture: _Picture | None = None
        if self._pipeline.set_state(Gst.State.PLAYING) == Gst.StateChangeReturn.FAILURE:
            error = self._message() or SensorError(
                SensorReason.UNREADABLE, "the pipeline does not start: check the camera"
            )
            self.release()
            raise error

    def grab(self) -> bool:
        """Wait for the next picture."""
        began_s = time.monotonic()
        while time.monotonic() - began_s < READ_TIMEOUT_S:
            sample = self._sink.emit("try-pull-sample", POLL_NS)
            if sample is not None:
                self._picture = self._placed(sample)
                return True
            error = self._message()
            if error is not None:
                raise error
        raise SensorError(
            SensorReason.TIMED_OUT,
            f"the pipeline has given no picture for {READ_TIMEOUT_S} s: check the camera's cable and power",
        )

    def stamp_ns(self) -> int | None:
        """When the picture was taken, on the monotonic clock."""
        return None if self._picture is None else self._picture.stamp_ns

    def retrieve(self) -> NDArray[np.uint8] | None:
        """Copy the picture out of the pipeline."""
        picture = self._picture
        if picture is None:
            return None
        stride = -(-picture.width // ROW_BYTES) * ROW_BYTES
        data = np.frombuffer(picture.buffer.extract_dup(0, picture.buffer.get_size()), np.uint8)
        if data.size < stride * picture.height:
            return None
        rows = data[: stride * picture.height].reshape(picture.height, stride)
        return np.ascontiguousarray(rows[:, : picture.width])

    def release(self) -> None:
        """Stop the pipeline."""
        self._picture = None
        self._pipeline.set_state(Gst.State.NULL)

    def _placed(self, sample: Gst.Sample) -> _Picture:
        buffer, size = sample.get_buffer(), sample.get_caps().get_structure(0)
        running_ns = sample.get_segment().to_running_time(Gst.Format.TIME, buffer.pts)
        known = Gst.CLOCK_TIME_NONE not in (buffer.pts, running_ns)
        stamp_ns = self._pipeline.get_base_time() + running_ns if known else None
        return _Picture(buffer, size.get_value("width"), size.get_value("height"), stamp_ns)

    def _message(self) -> SensorError | None:
        """What the pipeline has to say for itself."""
        message = self._pipeline.get_bus().pop_filtered(Gst.MessageType.ERROR | Gst.MessageType.EOS)
        if message is None:
            return None
        if message.type == Gst.MessageType.EOS:
            return SensorError(SensorReason.DISCONNECTED, "the pipeline has come to its end: check the camera")
        error, _ = message.parse_error()
        reasons = _RESOURCE_REASONS if error.domain == "gst-resource-error-quark" else {}
        element = message.src.get_factory().get_name() if isinstance(message.src, Gst.Element) else "the pipeline"
        return SensorError(
            reasons.get(error.code, SensorReason.UNREADABLE), f"{element} says: {error.message}: check the camera"
        )


def _parse(pipeline: str) -> Gst.Pipeline:
    try:
        return Gst.parse_launch_full(pipeline, None, Gst.ParseFlags.FATAL_ERRORS)
    except GLib.Error as error:
        raise refused(error.code, error.message) from error
