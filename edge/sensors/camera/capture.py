"""A thread that reads a live source and keeps only the newest picture."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable

from edge.clock import Clock
from edge.errors import SensorError, SensorReason
from edge.sensors.camera.newest import NewestFrame
from edge.sensors.camera.picture import fit
from edge.sensors.camera.sieve import Held, Sieve
from edge.sensors.camera.source import Source
from edge.types import NS_PER_S, Frame

log = logging.getLogger(__name__)

FAILED_READS = 10
"""Reads in a row that may fail before the source counts as gone: a driver that drops a damaged picture reports one
failed read and goes on."""

RETRY_S = 0.1
"""Pause after a failed read: an unplugged camera fails at once, and is given up after a second."""

READ_TIMEOUT_S = 3
"""Longest wait of one read, whole seconds; OpenCV's own defaults are 10 and 30. Thirty periods of a 10 Hz camera."""

FIRST_PICTURE_S = 15.0
"""Longest wait for the first picture, opening included: a Jetson's camera takes 5 s, a network camera two time-outs
and the look for their reason."""

JOIN_S = READ_TIMEOUT_S + 1.0
"""Longest wait for the thread at the end: the read time-out of the source and a margin."""


class Capture:
    """Runs one source in its own thread, from opening to release.

    Pictures beyond the wanted rate are not even decoded, where the source allows it.

    Args:
        name: of the camera.
        clock: stamps pictures whose source gives no time.
        open_source: opens the source, called in the thread; raises `SensorError` if it cannot.
        sieve: says which pictures are news.
        size_px: (width, height) that pictures are shrunk to fit.
    """

    def __init__(
        self, name: str, clock: Clock, open_source: Callable[[], Source], sieve: Sieve, size_px: tuple[int, int]
    ) -> None:
        """Prepare; `start` begins."""
        self._name = name
        self._clock = clock
        self._open_source = open_source
        self._sieve = sieve
        self._size_px = size_px
        self._frames = NewestFrame()
        self._begun = False
        self._left = False
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"camera {name}", daemon=True)

    @property
    def alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread.is_alive()

    @property
    def hangs(self) -> bool:
        """Whether the thread was waited for, and has not ended since."""
        return self._left and self._thread.is_alive()

    def start(self) -> None:
        """Open the source and read it, in the thread."""
        self._thread.start()

    async def newest(self) -> Frame:
        """Wait for a frame that was not handed out yet.

        Raises:
            SensorError: the source cannot be opened, is gone, or gives nothing new; TIMED_OUT if its first picture
                does not come.
        """
        if self._begun:
            return await self._frames.get()
        try:
            async with asyncio.timeout(FIRST_PICTURE_S):
                frame = await self._frames.get()
        except TimeoutError as error:
            raise SensorError(
                SensorReason.TIMED_OUT,
                f"no picture came within {FIRST_PICTURE_S:.0f} s of connecting: check the camera's cable and power",
            ) from error
        self._begun = True
        return frame

    async def close(self) -> None:
        """Stop the thread and wait until the source is released, but not for one that hangs."""
        self._stop.set()
        await self._clock.in_thread(self._thread.join, JOIN_S)
        self._left = True
        if self._thread.is_alive():
            log.warning("%s: the camera's library hangs and is left to itself", self._name)

    def _run(self) -> None:
        try:
            source = self._open_source()
            try:
                self._read(source)
            finally:
                source.release()
        except Exception as error:  # noqa: BLE001  # whatever it is, the consumer gets it from `newest`
            self._tell(error)

    def _read(self, source: Source) -> None:
        failed = 0
        picture_ns = self._clock.now_ns()
        self._sieve.connect(picture_ns)
        while not self._stop.is_set():
            grabbed = source.grab()
            if self._stop.is_set():
                return  # another connection may have begun while this one hung
            now_ns = self._clock.now_ns()
            if grabbed:
                failed, picture_ns = 0, now_ns
                self._look(source, now_ns)
                continue
            failed += 1
            if failed >= FAILED_READS or now_ns - picture_ns >= READ_TIMEOUT_S * NS_PER_S:
                raise SensorError(SensorReason.DISCONNECTED, Held.NOTHING.value)
            self._stop.wait(RETRY_S)

    def _look(self, source: Source, now_ns: int) -> None:
        """Hand on the grabbed picture if it is wanted."""
        measured_ns = self._sieve.due_ns(source.stamp_ns(), now_ns)
        if measured_ns is None:
            return
        picture = source.retrieve()
        if picture is None:
            self._sieve.hold(Held.DAMAGED, now_ns)
            return
        pixels = fit(picture, *self._size_px)
        index = self._sieve.number(pixels, measured_ns, now_ns)
        if index is not None:
            self._tell(Frame(self._name, pixels, measured_ns, index))

    def _tell(self, news: Frame | Exception) -> None:
        if self._stop.is_set():
            return  # nobody listens any more; the loop itself may be gone
        if isinstance(news, Frame):
            self._frames.put(news)
        else:
            self._frames.fail(news)
