"""A source of pictures whose faults can be switched on, for the thread that reads all live cameras."""

from __future__ import annotations

import threading
import time

import numpy as np
from numpy.typing import NDArray

from edge.clock import SystemClock
from edge.sensors.camera.live import LiveCamera
from edge.sensors.camera.network import RtspCamera
from edge.sensors.camera.source import Source

PERIOD_S = 1 / 30


class ScriptedSource:
    """Thirty pictures a second that tell their number, stamped with the monotonic clock.

    Attributes:
        hang: reads and closing hang until it is cleared, in the library and beyond any time-out.
        old: reads give at once what was buffered, with the stamps of then.
        same: every picture is the last one again.
        standing: the stamps stand still.
        ended: reads fail.
    """

    def __init__(self) -> None:
        self.hang = self.old = self.same = self.standing = self.ended = False
        self.freed = threading.Event()
        self.period_s = PERIOD_S
        self.grabs = self.decoded = self.released = 0
        self._number = 0
        self._stamp_ns = time.monotonic_ns()

    def grab(self) -> bool:
        """Wait for the next picture, as a library does."""
        self.grabs += 1
        if self.hang:
            self.freed.wait()
        time.sleep(self.period_s)
        if not self.same:
            self._number += 1
        if self.old:
            self._stamp_ns += 1
        elif not self.standing:
            self._stamp_ns = time.monotonic_ns()
        return not self.ended

    def stamp_ns(self) -> int | None:
        """When the picture was taken."""
        return self._stamp_ns

    def retrieve(self) -> NDArray[np.uint8] | None:
        """A picture whose first pixels are its number."""
        self.decoded += 1
        pixels = np.tile(np.arange(160, dtype=np.uint8), (120, 1))
        pixels[0, :2] = divmod(self._number, 256)
        return pixels

    def release(self) -> None:
        """Let go."""
        self.released += 1


class ScriptedCamera(LiveCamera):
    """A camera over one such source.

    Attributes:
        source: what it reads; made anew by each connection unless `hang_open`.
        hang_open: opening hangs until the source is freed.
    """

    def __init__(self, rate_hz: float = 10.0, name: str = "cam") -> None:
        config = RtspCamera(driver="rtsp", name=name, url="rtsp://127.0.0.1/x", rate_hz=rate_hz)
        super().__init__(config, SystemClock())
        self.source = ScriptedSource()
        self.hang_open = False
        self.opened = 0

    def open_source(self) -> Source:
        """The source."""
        self.opened += 1
        if self.hang_open:
            self.source.freed.wait()
        return self.source
