"""A person at a terminal: reads what the program asks, and types."""

from __future__ import annotations

import os
import re
import select
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Self

WAIT_S = 30.0


class Terminal:
    """`anodyne setup` on a pseudo-terminal, as over SSH.

    Args:
        arguments: of the command.
    """

    def __init__(self, *arguments: str) -> None:
        """Start it."""
        self._master, slave = os.openpty()
        root = Path(__file__).parents[2]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "edge.cli", "setup", *arguments],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            cwd=root,
            env={**os.environ, "PYTHONPATH": str(root), "DBUS_SYSTEM_BUS_ADDRESS": "unix:path=/nonexistent/bus"},
            start_new_session=True,
        )
        os.close(slave)
        self.seen = ""
        self._at = 0

    def __enter__(self) -> Self:
        """Sit down."""
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """Leave."""
        self._process.kill()
        self._process.wait()
        os.close(self._master)

    def answer(self, question: str, line: str) -> None:
        """Wait for a question, then type a line.

        Raises:
            AssertionError: it is not asked.
        """
        found = self._await(re.escape(question) + r"[^\n]*: $")
        self._at = found
        os.write(self._master, f"{line}\n".encode())

    def end(self) -> int:
        """Wait until the program ends; its exit code."""
        while self._read(WAIT_S):
            pass
        return self._process.wait(WAIT_S)

    def _await(self, pattern: str) -> int:
        deadline = time.monotonic() + WAIT_S
        while (found := re.search(pattern, self.seen[self._at :])) is None:
            if not self._read(deadline - time.monotonic()):
                raise AssertionError(f"{pattern} is not asked; seen: {self.seen}")
        return self._at + found.end()

    def _read(self, seconds: float) -> bool:
        ready, _, _ = select.select([self._master], [], [], max(0.0, seconds))
        if not ready:
            return False
        try:
            data = os.read(self._master, 65536)
        except OSError:  # the other end is closed
            return False
        self.seen += re.sub("\x1b\\[[0-9;?]*[A-Za-z]|\r", "", data.decode())  # colours
        return bool(data)
