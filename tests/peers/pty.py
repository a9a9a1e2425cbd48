"""A pseudo-terminal pair as a serial cable: the driver opens one end, a simulated device holds the other."""

from __future__ import annotations

import asyncio
import os
import tty
from collections.abc import Callable
from pathlib import Path

READ_BYTES = 4096


class Cable:
    """One end of a cable, plugged in until `unplug`. Needs a running event loop.

    There is no pacing by a baud rate. What does not fit the kernel's buffer is lost and counted, as on a real line
    without flow control.

    Args:
        received: called with whatever the driver writes.
        link: a symbolic link to the driver's end, as udev makes it.
    """

    def __init__(self, received: Callable[[bytes], None] | None = None, link: Path | None = None) -> None:
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self.node = os.ttyname(self._slave)
        self._received = received
        self._link = link
        if link is not None:
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(self.node)
        # The own hold on the driver's end keeps the pair alive between two connections.
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._master, self._readable)
        self.plugged = True
        self.overrun = 0

    def write(self, data: bytes) -> None:
        """Send to the driver."""
        if not self.plugged:
            return
        try:
            written = os.write(self._master, data)
        except BlockingIOError:
            written = 0
        self.overrun += len(data) - written

    def unplug(self) -> None:
        """Pull the plug: the driver's end is gone, and its link with it."""
        if not self.plugged:
            return
        self.plugged = False
        self._loop.remove_reader(self._master)
        if self._link is not None:
            self._link.unlink()
        os.close(self._slave)
        os.close(self._master)

    def _readable(self) -> None:
        data = os.read(self._master, READ_BYTES)
        if self._received is not None:
            self._received(data)
