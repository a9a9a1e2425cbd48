"""A network camera over HTTP, with the faults that cameras have."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.peers.process import PeerProcess
from tests.peers.rtsp import PASSWORD, USER


def start_mjpeg(certificate: Path | None = None) -> PeerProcess:
    """The server; its one port is that of all its cameras.

    Args:
        certificate: a file with key and certificate, to speak https.
    """
    arguments = ["0", USER, PASSWORD, *([str(certificate)] if certificate else [])]
    return PeerProcess(sys.executable, Path(__file__).with_name("mjpeg_server.py"), arguments, ports=1)


def make_certificate(folder: Path) -> Path:
    """Key and certificate for 127.0.0.1 that nobody else vouches for, as cameras make them."""
    program = shutil.which("openssl")
    if program is None:
        pytest.skip("no openssl: install it")
    path = folder / "camera.pem"
    made_for = ("-subj", "/CN=camera", "-addext", "subjectAltName=IP:127.0.0.1")
    command = [program, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *made_for]
    subprocess.run([*command, "-keyout", path, "-out", folder / "cert"], check=True, capture_output=True)
    path.write_text(path.read_text() + (folder / "cert").read_text())
    return path
