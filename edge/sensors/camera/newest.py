"""Frames from a thread to the event loop: the newest wins."""

from __future__ import annotations

import asyncio
import threading

from edge.types import Frame


class NewestFrame:
    """One place for one frame. A frame that nobody has fetched is replaced by the next; its number shows the gap.

    Made on the event loop that fetches; `put` and `fail` may be called from any thread.
    """

    def __init__(self) -> None:
        """Begin empty."""
        self._loop = asyncio.get_running_loop()
        self._changed = asyncio.Event()
        self._lock = threading.Lock()
        self._frame: Frame | None = None
        self._failure: Exception | None = None

    def put(self, frame: Frame) -> None:
        """Offer a frame."""
        with self._lock:
            self._frame = frame
        self._wake()

    def fail(self, failure: Exception) -> None:
        """Say that no further frame will come; a frame that waits is still handed out first."""
        with self._lock:
            self._failure = failure
        self._wake()

    async def get(self) -> Frame:
        """Wait for a frame that was not handed out yet.

        Raises:
            Exception: what `fail` was told.
        """
        while True:
            self._changed.clear()
            with self._lock:
                frame, self._frame = self._frame, None
                failure = self._failure
            if frame is not None:
                return frame
            if failure is not None:
                raise failure
            await self._changed.wait()

    def _wake(self) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._changed.set)
