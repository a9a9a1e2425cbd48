"""A recorded video as a camera."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from threading import Lock

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.clock import Clock
from edge.errors import SensorError, SensorReason
from edge.sensors.camera.picture import fit, to_gray
from edge.sensors.camera.sieve import EARLY_SHARE
from edge.sensors.camera.stanzas import VideoFileCamera
from edge.types import NS_PER_S, Frame

SLOT_EARLY = 0.25
"""A frame may come this share of its slot early and still belong to it: time stamps of phones jitter by a few
milliseconds, and a 10 Hz recording looked at with 10 Hz must lose nothing."""

MISSING_SHARE = 0.1
"""A file that ends with more than this share of its announced frames missing is called damaged. Intact files announce
up to 3 % too many (edit lists)."""


@dataclass(frozen=True, slots=True)
class _Picture:
    """One decoded picture, its place in the recording, and its number among those that were due."""

    pixels: NDArray[np.uint8]
    at_s: float
    number: int


class VideoFile:
    """Plays a video at its own pace, or as fast as it is asked.

    In both cases the frames' times are those of the recording, beginning at the clock's now. A consumer that is too
    slow for the recorded pace misses frames, as it would with a camera.

    Args:
        config: its stanza.
        clock: gives the pace; decoding runs in a thread that holds it.
    """

    def __init__(self, config: VideoFileCamera, clock: Clock) -> None:
        """Open nothing yet."""
        self._config = config
        self._clock = clock
        self._limit_hz = config.rate_hz
        self._player: _Player | None = None

    @property
    def name(self) -> str:
        """Name from the configuration."""
        return self._config.name

    @property
    def stall_after_s(self) -> float:
        """Ten missed frames, at least a second."""
        return max(1.0, 10.0 / self._config.rate_hz)

    @property
    def holds_device(self) -> bool:
        """Whether the file is open."""
        return self._player is not None

    def limit_rate(self, rate_hz: float | None) -> float:
        """Take fewer pictures than configured; see `edge.sensors.driver.Paced`."""
        self._limit_hz = min(self._config.rate_hz, rate_hz or self._config.rate_hz)
        if self._player is not None:
            self._player.limit_hz = self._limit_hz
        return self._limit_hz

    async def stream(self) -> AsyncIterator[Frame]:
        """Play the file from its beginning; returns at its end.

        Raises:
            SensorError: NOT_FOUND, UNREADABLE (no video, or damaged before its announced end) or EMPTY (no frame in
                it); none of them is retryable.
        """
        start_ns = self._clock.now_ns()
        player = self._player = _Player(self._config)
        player.limit_hz = self._limit_hz
        try:
            await self._clock.in_thread(player.open)
            while True:
                elapsed_s = (self._clock.now_ns() - start_ns) / NS_PER_S if self._config.pace == "recorded" else 0.0
                picture = await self._clock.in_thread(player.next, elapsed_s)
                if picture is None:
                    return
                measured_ns = start_ns + round(picture.at_s * NS_PER_S)
                if self._config.pace == "recorded":
                    await self._clock.sleep_until(measured_ns)
                yield Frame(self.name, picture.pixels, measured_ns, picture.number)
        finally:
            await self._clock.in_thread(player.close)
            self._player = None


class _Player:
    """The blocking half.

    Its calls run in worker threads; one whose waiter was cancelled may still run when `close` comes, hence the lock.
    """

    def __init__(self, config: VideoFileCamera) -> None:
        self._config = config
        self.limit_hz = config.rate_hz
        self._lock = Lock()
        self._capture: cv2.VideoCapture | None = None
        self._seen = 0
        self._round_begin_s = 0.0
        self._at_s = 0.0
        self._step_s = 1.0 / config.rate_hz
        self._slot = -1
        self._left_out = 0
        self._due_s = 0.0

    def open(self) -> None:
        """Open the file, or say why not."""
        with self._lock:
            self._open()

    def next(self, elapsed_s: float) -> _Picture | None:
        """The next picture that belongs to a new slot and is not older than a slot at `elapsed_s`; None at the end."""
        with self._lock:
            return self._next(elapsed_s)

    def close(self) -> None:
        """Release the file."""
        with self._lock:
            self._close()

    def _open(self) -> None:
        path = self._config.path
        if not path.is_file():
            raise SensorError(
                SensorReason.NOT_FOUND, f"there is no video at {path}: correct `path` of this sensor", retryable=False
            )
        self._capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
        if not self._capture.isOpened():
            raise SensorError(
                SensorReason.UNREADABLE,
                f"{path} is not a video that OpenCV can read, or is damaged: replace the file",
                retryable=False,
            )
        rate_hz = self._capture.get(cv2.CAP_PROP_FPS)
        self._step_s = 1.0 / rate_hz if rate_hz > 0 else 1.0 / self._config.rate_hz

    def _next(self, elapsed_s: float) -> _Picture | None:
        if self._capture is None:
            return None
        while True:
            if not self._capture.grab():
                self._check_length(self._capture)
                if not self._config.repeat:
                    return None
                self._rewind()
                continue
            self._advance(self._capture)
            slot = int(self._at_s * self._config.rate_hz + SLOT_EARLY)
            if slot <= self._slot or self._at_s < elapsed_s - 1.0 / self._config.rate_hz:
                continue
            if self._too_soon():
                self._left_out += slot - self._slot
                self._slot = slot
                continue
            ok, picture = self._capture.retrieve()
            if ok:
                self._slot = slot
                pixels = fit(to_gray(picture), self._config.width_px, self._config.height_px)
                return _Picture(pixels, self._at_s, slot - self._left_out)

    def _too_soon(self) -> bool:
        """Whether the picture is left out because fewer are wanted than configured; such a gap is no loss."""
        if self.limit_hz >= self._config.rate_hz:
            self._due_s = self._at_s
            return False
        period_s = 1.0 / self.limit_hz
        if self._at_s < self._due_s - EARLY_SHARE * period_s:
            return True
        self._due_s = self._due_s + period_s if self._due_s + period_s > self._at_s else self._at_s + period_s
        return False

    def _close(self) -> None:
        if self._capture is not None:
            self._capture.release()
            self._capture = None

    def _advance(self, capture: cv2.VideoCapture) -> None:
        """Count the grabbed frame and learn its time; where the container has no usable one, one step further."""
        stamped_s = self._round_begin_s + capture.get(cv2.CAP_PROP_POS_MSEC) / 1000.0
        first = self._seen == 0
        self._seen += 1
        if first:
            self._at_s = self._round_begin_s
        else:
            self._at_s = stamped_s if stamped_s > self._at_s else self._at_s + self._step_s

    def _check_length(self, capture: cv2.VideoCapture) -> None:
        path = self._config.path
        if self._seen == 0:
            raise SensorError(SensorReason.EMPTY, f"{path} holds no frame: replace the file", retryable=False)
        announced = int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
        if self._seen < announced * (1.0 - MISSING_SHARE):
            raise SensorError(
                SensorReason.UNREADABLE,
                f"{path} is damaged: only {self._seen} of its {announced} frames can be read; replace the file",
                retryable=False,
            )

    def _rewind(self) -> None:
        self._close()
        self._open()
        self._round_begin_s = self._at_s + self._step_s
        self._seen = 0
