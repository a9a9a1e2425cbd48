"""A network camera over RTSP: gst-rtsp-server, with the faults that cameras have."""

from __future__ import annotations

import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from tests.peers.process import PeerProcess

USER = "nurse"
PASSWORD = "pass:w@rd/ 1"  # noqa: S105  # of the peer; with the characters that break addresses

_PROGRAM = Path(__file__).with_name("rtsp_server.py")
_PLUGINS = "gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-plugins-ugly"
_PACKAGES = f"python3-gi gir1.2-gst-rtsp-server-1.0 {_PLUGINS}"
_PROBE = """
import gi
gi.require_version("GstRtspServer", "1.0")
from gi.repository import Gst, GstRtspServer
Gst.init(None)
wanted = ("x264enc", "rtph264pay", "rtpjpegpay", "videotestsrc")
raise SystemExit(0 if all(Gst.ElementFactory.find(name) for name in wanted) else 1)
"""


@cache
def gi_python() -> str | None:
    """A Python that can run the server: this one, or the system's."""
    for python in (sys.executable, "/usr/bin/python3"):
        if Path(python).exists() and subprocess.run([python, "-c", _PROBE], capture_output=True).returncode == 0:
            return python
    return None


def start_rtsp() -> PeerProcess:
    """The server; its ports are those of the open cameras and of `/secret`."""
    python = gi_python()
    if python is None:
        pytest.skip(f"no RTSP server: install the system's packages {_PACKAGES}")
    return PeerProcess(python, _PROGRAM, ["0", "0", USER, PASSWORD], ports=2)
