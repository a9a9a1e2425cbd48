"""Whether GStreamer understands a pipeline, asked through its C library where its Python bindings are missing.

OpenCV waits for ever for a pipeline that lacks an element (seen with 4.6), so it must not be given one.
"""

from __future__ import annotations

import ctypes
import re

from edge.errors import SensorError, SensorReason

LIBRARY = "libgstreamer-1.0.so.0"

NO_SUCH_ELEMENT = 1
"""GST_PARSE_ERROR_NO_SUCH_ELEMENT."""

_FATAL_ERRORS = 1
"""GST_PARSE_FLAG_FATAL_ERRORS: no half-built pipelines."""


class _Error(ctypes.Structure):
    """`struct GError`."""

    _fields_ = (("domain", ctypes.c_uint32), ("code", ctypes.c_int), ("message", ctypes.c_char_p))


def check(pipeline: str) -> None:
    """Build the pipeline and throw it away.

    Raises:
        SensorError: NOT_INSTALLED (an element, or the library), or UNREADABLE; not retryable.
    """
    try:
        library = ctypes.CDLL(LIBRARY)
    except OSError as error:
        raise SensorError(
            SensorReason.NOT_INSTALLED, f"GStreamer is not installed ({LIBRARY} is missing)", retryable=False
        ) from error
    library.gst_init(None, None)
    library.gst_parse_launch_full.restype = ctypes.c_void_p
    fault = ctypes.POINTER(_Error)()
    built = library.gst_parse_launch_full(pipeline.encode(), None, _FATAL_ERRORS, ctypes.byref(fault))
    if built:
        library.gst_object_unref(ctypes.c_void_p(built))
    if fault:
        message = (fault.contents.message or b"").decode("utf-8", "replace")
        raise refused(fault.contents.code, message)


def refused(code: int, message: str) -> SensorError:
    """What to say of a pipeline that GStreamer does not understand.

    Args:
        code: of its parse error.
        message: of its parse error.
    """
    if code == NO_SUCH_ELEMENT:
        element = re.sub(r'^.*"([^"]*)".*$', r"\1", message)
        return SensorError(
            SensorReason.NOT_INSTALLED,
            f"GStreamer has no element {element}: correct `pipeline`, or install the package that holds it (on a "
            "Jetson nvidia-l4t-gstreamer)",
            retryable=False,
        )
    return SensorError(
        SensorReason.UNREADABLE, f"GStreamer cannot run this pipeline: {message}: correct `pipeline`", retryable=False
    )
