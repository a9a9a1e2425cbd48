"""A peer in a process of its own, which can be frozen and killed as a camera can."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path


class PeerProcess:
    """A program that prints its ports in its first line.

    Args:
        python: what runs it.
        program: the script.
        arguments: its first ones are ports; 0 is replaced by what it chose, so that it comes back there.
        ports: how many of the arguments are ports.
    """

    def __init__(self, python: str, program: Path, arguments: list[str], ports: int) -> None:
        """Start it."""
        self._command = [python, str(program)]
        self._arguments = arguments
        self._count = ports
        self.ports: tuple[int, ...] = ()
        self.start()

    def start(self) -> None:
        """Start, and wait until it listens."""
        environment = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "COV"))}
        self._process = subprocess.Popen(
            [*self._command, *self._arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            text=True,
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the peer did not start"
        self.ports = tuple(map(int, line.split()))
        self._arguments[: self._count] = map(str, self.ports)

    def freeze(self) -> None:
        """Stop it in mid-stream; its connections stay open and silent."""
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        self._process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        """End it as a power cut does, frozen or not."""
        self._process.kill()
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
