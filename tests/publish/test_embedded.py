"""The broker of the demonstration."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time

import pytest

from edge.publish.embedded import EmbeddedBroker, Kind, find_mosquitto


def listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


@pytest.mark.parametrize("kind", ["mosquitto", "amqtt"])
def test_it_listens_within_the_block_only(kind: Kind) -> None:
    if kind == "mosquitto" and find_mosquitto() is None:
        pytest.skip("mosquitto is not installed")
    with EmbeddedBroker(kind) as broker:
        assert listens(broker.port)
    assert not listens(broker.port)


def test_it_dies_with_its_parent() -> None:
    code = (
        "import os, signal; from edge.publish.embedded import EmbeddedBroker\n"
        "broker = EmbeddedBroker(); broker.start(); print(broker.port, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False, env=dict(os.environ))
    port = int(run.stdout)
    deadline = time.monotonic() + 5
    while listens(port):
        assert time.monotonic() < deadline, "the broker outlived its parent"
        time.sleep(0.05)
