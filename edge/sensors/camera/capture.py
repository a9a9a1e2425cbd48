"""A thread that reads a live OpenCV source and keeps only the newest picture."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.clock import Clock
from edge.errors import SensorError, SensorReason
from edge.sensors.camera.picture import fit, to_gray
from edge.types import NS_PER_S

FAILED_READS = 10
"""Reads in a row that may fail before the source counts as gone: a driver that drops a damaged picture reports one
failed read and goes on."""

RETRY_S = 0.1
"""Pause after a failed read: an unplugged camera fails at once, and is given up after a second."""

STAMP_AGE_S = 1.0
"""A picture's own time stamp is believed if it is at most this old and not in the future; otherwise it counts from
another origin than the monotonic clock, as with most sources that are not Video4Linux2."""

EARLY_SHARE = 0.1
"""A picture may come this share of a period early and still be due: cameras jitter by a few milliseconds."""

JOIN_S = 15.0
"""Longest wait for the thread at the end: the read time-out of the source and a margin."""


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture from the thread: its pixels, when it was exposed, and its number among those that were due."""

    pixels: NDArray[np.uint8]
    measured_ns: int
    index: int


class Capture:
    """Runs one source in its own thread, from opening to release.

    Pictures beyond `rate_hz` are not even decoded. A source that repeats the very same picture is taken as frozen: a
    real sensor's noise never repeats, so the repeats are held back and the consumer notices the silence. (A picture of
    one single value, from a covered lens, is not held back: it is for the estimator to call it dark.)

    Args:
        clock: stamps pictures whose source gives no time.
        open_source: opens the source, called in the thread; raises `SensorError` if it cannot.
        rate_hz: pictures per second at most.
        size_px: (width, height) that pictures are shrunk to fit.
    """

    def __init__(
        self, clock: Clock, open_source: Callable[[], cv2.VideoCapture], rate_hz: float, size_px: tuple[int, int]
    ) -> None:
        """Prepare; `start` begins."""
        self._clock = clock
        self._open_source = open_source
        self._period_ns = round(NS_PER_S / rate_hz)
        self._size_px = size_px
        self._loop = asyncio.get_running_loop()
        self._changed = asyncio.Event()
        self._lock = threading.Lock()
        self._newest: Shot | None = None
        self._failure: Exception | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="camera", daemon=True)

    def start(self) -> None:
        """Open the source and read it, in the thread."""
        self._thread.start()

    async def newest(self) -> Shot:
        """Wait for a picture that was not handed out yet.

        Raises:
            SensorError: the source cannot be opened, or is gone.
        """
        while True:
            with self._lock:
                shot, self._newest = self._newest, None
                failure = self._failure
            if shot is not None:
                return shot
            if failure is not None:
                raise failure
            self._changed.clear()
            await self._changed.wait()

    async def close(self) -> None:
        """Stop the thread and wait until the device is released."""
        self._stop.set()
        if self._thread.ident is not None:
            await self._clock.in_thread(self._thread.join, JOIN_S)

    def _run(self) -> None:
        try:
            source = self._open_source()
            try:
                self._read(source)
            finally:
                source.release()
        except Exception as error:  # noqa: BLE001  # whatever it is, the consumer gets it from `newest`
            self._tell(None, error)

    def _read(self, source: cv2.VideoCapture) -> None:
        due_ns = 0
        index = -1
        failed = 0
        previous: NDArray[np.uint8] | None = None
        while not self._stop.is_set():
            if not source.grab():
                failed += 1
                if failed >= FAILED_READS:
                    raise SensorError(
                        SensorReason.DISCONNECTED, "the camera gives no more pictures: check its cable and power"
                    )
                self._stop.wait(RETRY_S)
                continue
            failed = 0
            measured_ns = self._stamp(source)
            if measured_ns < due_ns - EARLY_SHARE * self._period_ns:
                continue
            ok, picture = source.retrieve()
            if not ok:
                continue
            in_phase_ns = due_ns + self._period_ns
            due_ns = in_phase_ns if in_phase_ns > measured_ns else measured_ns + self._period_ns
            index += 1
            pixels = fit(to_gray(picture), *self._size_px)
            if not _repeats(previous, pixels):
                self._tell(Shot(pixels, measured_ns, index), None)
            previous = pixels

    def _stamp(self, source: cv2.VideoCapture) -> int:
        now_ns = self._clock.now_ns()
        stamped_ns = round(source.get(cv2.CAP_PROP_POS_MSEC) * 1e6)
        return stamped_ns if 0 <= now_ns - stamped_ns <= STAMP_AGE_S * NS_PER_S else now_ns

    def _tell(self, shot: Shot | None, failure: Exception | None) -> None:
        with self._lock:
            self._newest = shot or self._newest
            self._failure = failure
        if not self._stop.is_set() and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._changed.set)


def _repeats(previous: NDArray[np.uint8] | None, pixels: NDArray[np.uint8]) -> bool:
    if previous is None or not np.array_equal(previous, pixels):
        return False
    return bool(pixels.min() != pixels.max())
