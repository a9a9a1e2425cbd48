"""A network camera over HTTP, with the faults that cameras have."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.peers.process import PeerProcess
from tests.peers.rtsp import PASSWORD, USER


def start_mjpeg() -> PeerProcess:
    """The server; its one port is that of all its cameras."""
    return PeerProcess(sys.executable, Path(__file__).with_name("mjpeg_server.py"), ["0", USER, PASSWORD], ports=1)
