"""A broker for the demonstration and for tests: no root, no configuration, loopback only.

Mosquitto where it is on the PATH (MQTT 5), else amqtt, which is installed with the program and speaks MQTT 3.1.1.
Either runs in a process of its own that dies with its parent. It is not for a ward: no password, nothing on disk.
"""

from __future__ import annotations

import argparse
import asyncio
import ctypes
import logging
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import warnings
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Literal

from edge.errors import PublishError, PublishReason

Kind = Literal["mosquitto", "amqtt"]
"""Which broker."""

_READY_S = 15.0
"""Longest wait for the broker to listen, seconds: amqtt's imports take 1 s here and perhaps 5 s on a Pi 4."""

_ATTEMPTS = 3
"""Ports tried: another program may take the free one between its choice and its use."""

_PR_SET_PDEATHSIG = 1
"""prctl(2): deliver a signal to this process when its parent dies."""


class EmbeddedBroker:
    """A broker on a free loopback port, for the time of a `with` (or `async with`) block.

    Args:
        prefer: which broker; None takes mosquitto where it is installed.
        port: TCP port; None picks a free one.

    Attributes:
        host: always "127.0.0.1".
        port: where it listens, from the start of the block on.
        kind: which broker runs.
    """

    host = "127.0.0.1"

    def __init__(self, prefer: Kind | None = None, port: int | None = None) -> None:
        """Choose the broker; nothing is started."""
        self.kind: Kind = prefer or ("mosquitto" if find_mosquitto() else "amqtt")
        self.port = port or 0
        self._fixed = port is not None
        self._process: subprocess.Popen[bytes] | None = None
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - closed in `stop`

    def __enter__(self) -> EmbeddedBroker:
        """Start it and wait until it listens."""
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop it."""
        self.stop()

    async def __aenter__(self) -> EmbeddedBroker:
        """Start it and wait until it listens; blocks the loop meanwhile, a fraction of a second with mosquitto."""
        self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop it."""
        self.stop()

    @property
    def pid(self) -> int:
        """Process id of the running broker.

        Raises:
            PublishError: it is not running.
        """
        if self._process is None:
            raise PublishError(PublishReason.UNREACHABLE, "the embedded broker is not running")
        return self._process.pid

    def start(self) -> None:
        """Start the broker and wait until it listens.

        Raises:
            PublishError: UNREACHABLE: it did not start; the message ends with its own words.
        """
        for _ in range(_ATTEMPTS):
            if not self._fixed:
                self.port = free_port()
            # Spawned by the calling thread: the child dies when the thread that made it ends.
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                [sys.executable, "-m", "edge.publish.embedded", "--port", str(self.port), "--kind", self.kind],
                stdin=subprocess.DEVNULL,
                stdout=self._log,
                stderr=self._log,
            )
            if self._wait_until_ready(self._process):
                return
            self.stop_process(signal.SIGKILL)
        self._log.seek(0)
        said = self._log.read()[-500:].decode(errors="replace").strip()
        raise PublishError(PublishReason.UNREACHABLE, f"the embedded broker ({self.kind}) did not start: {said}")

    def stop(self) -> None:
        """End the broker and forget its log."""
        self.stop_process(signal.SIGTERM)
        self._log.close()

    def stop_process(self, how: signal.Signals) -> None:
        """End the process with a signal and wait for it; `start` may start another."""
        if self._process is None:
            return
        self._process.send_signal(how)
        try:
            self._process.wait(2.0)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def _wait_until_ready(self, process: subprocess.Popen[bytes]) -> bool:
        deadline = time.monotonic() + _READY_S
        while time.monotonic() < deadline and process.poll() is None:
            with suppress(OSError), socket.create_connection((self.host, self.port), timeout=1.0):
                return True
            time.sleep(0.02)
        return False


def find_mosquitto() -> str | None:
    """Path of mosquitto; Debian keeps it in /usr/sbin, which is not on every user's PATH."""
    return shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin:/opt/homebrew/sbin")


def free_port() -> int:
    """A TCP port of the loopback interface that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def die_with_parent() -> None:
    """Ask the kernel (Linux) for SIGKILL when the parent dies; it stays in force across exec."""
    prctl = getattr(ctypes.CDLL(None), "prctl", None)
    if prctl is not None:
        prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
    if os.getppid() == 1:
        raise SystemExit("the parent died before the broker began")


def _become_mosquitto(port: int) -> None:
    """Replace this process by mosquitto on the loopback interface, without persistence."""
    path = find_mosquitto()
    if path is None:
        raise SystemExit("mosquitto is not installed: install it, or use amqtt")
    config = f"listener {port} 127.0.0.1\nallow_anonymous true\npersistence false\nlog_type error\n"
    if os.geteuid() == 0:
        config += "user root\n"  # giving up its rights would also cancel the signal at its parent's death
    # An unlinked file that is inherited by descriptor: nothing is left to clean up.
    handle, name = tempfile.mkstemp(prefix="anodyne-broker-")
    Path(name).write_text(config)
    Path(name).unlink()
    os.set_inheritable(handle, True)
    os.execv(path, [path, "-c", f"/proc/self/fd/{handle}"])  # noqa: S606 - no shell is wanted


async def _run_amqtt(port: int) -> None:
    """Serve until killed."""
    warnings.simplefilter("ignore")  # amqtt warns of its own deprecated defaults
    logging.basicConfig(level=logging.CRITICAL)
    from amqtt.broker import Broker

    broker = Broker(
        {
            "listeners": {"default": {"type": "tcp", "bind": f"127.0.0.1:{port}"}},
            "plugins": {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}},
        }
    )
    await broker.start()
    await asyncio.Event().wait()


def main() -> None:
    """Be the broker: `python -m edge.publish.embedded --port N --kind mosquitto|amqtt`."""
    parser = argparse.ArgumentParser(description="A broker on the loopback interface, until its parent ends")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--kind", choices=("mosquitto", "amqtt"), required=True)
    arguments = parser.parse_args()
    die_with_parent()
    if arguments.kind == "mosquitto":
        _become_mosquitto(arguments.port)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    asyncio.run(_run_amqtt(arguments.port))


if __name__ == "__main__":
    main()
