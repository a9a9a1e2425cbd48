"""A microcontroller that prints lines (docs/serial.md), on one end of a cable; with the faults of real ones."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from edge.sensors.wristband.serial.line_format import encode_line
from tests.peers.pty import Cable

BOOT = b"\x00\xf3ets Jul 29 2019\r\n# ready\r\n"
"""What boards print when they start: noise, and a message of the boot loader."""


class LineDevice:
    """Prints lines of its choice at its rate. Needs a running event loop.

    Args:
        row: the numbers of sample n.
        rate_hz: lines per second.
        separator: between two numbers.
        checksum: whether lines carry one.
        header: a first line, printed at each start.
        link: where udev would put its link.
    """

    def __init__(
        self,
        row: Callable[[int], tuple[float, ...]],
        rate_hz: float = 50.0,
        *,
        separator: str = ",",
        checksum: bool = False,
        header: bytes = b"",
        link: Path | None = None,
    ) -> None:
        self.cable = Cable(link=link)
        self.index = 0
        self.rate_hz = rate_hz
        self._row = row
        self._separator = separator
        self._checksum = checksum
        self._header = header
        self._printing: asyncio.Task[None] | None = None

    @property
    def node(self) -> str:
        """What the driver opens."""
        return self.cable.node

    def line(self) -> bytes:
        """The next sample's line."""
        data = encode_line(self._row(self.index), self._separator, checksum=self._checksum)
        self.index += 1
        return data

    def print(self, lines: int) -> None:
        """Print some lines at once."""
        self.say(b"".join(self.line() for _ in range(lines)))

    def say(self, data: bytes) -> None:
        """Send any bytes."""
        self.cable.write(data)

    def reset(self) -> None:
        """Begin anew, as boards do when the port is opened: boot message, header, first sample."""
        self.index = 0
        self.say(BOOT + self._header)

    def run(self) -> None:
        """Print at the rate until `stop`."""
        self._printing = asyncio.ensure_future(self._run())

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        begin_s, sent = loop.time(), 0
        while True:
            due = int((loop.time() - begin_s) * self.rate_hz)
            if due > sent:
                self.print(due - sent)
                sent = due
            await asyncio.sleep(0.02)

    async def stop(self) -> None:
        """Fall silent."""
        if self._printing is not None:
            self._printing.cancel()
            await asyncio.wait((self._printing,))
            self._printing = None

    async def close(self) -> None:
        """Fall silent and pull the plug."""
        await self.stop()
        self.cable.unplug()
