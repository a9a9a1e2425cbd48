"""What all cameras that are read through a blocking library have in common: one thread per connection."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from weakref import WeakKeyDictionary

from edge.clock import Clock
from edge.errors import SensorError, SensorReason
from edge.sensors.camera.capture import Capture
from edge.sensors.camera.sieve import Sieve
from edge.sensors.camera.source import Source
from edge.sensors.stanza import CameraSection
from edge.types import Frame

STALL_S = 2.2
"""Silence after which a live camera counts as stalled: under the three seconds that a nurse may be left with a frozen
picture, with a margin for a busy box; over two periods of the slowest rate (1 Hz), and over the longest exposure of a
cheap camera in the dark."""

HUNG_AT_MOST = 3
"""Threads of one camera that may hang in their library at a time: a first and a second may have been bad luck that
the next connection escapes; each holds a few megabytes."""


HELD = frozenset({SensorReason.IN_USE, SensorReason.UNREADABLE, SensorReason.WRONG_DEVICE})
"""What opening says of a device that a hanging thread of this very process still has."""

_HANGS = "the camera's library hangs and does not let go of it: unplug the camera, or restart the box"

_CAPTURES: WeakKeyDictionary[Capture, str] = WeakKeyDictionary()
"""Of this process, with the camera's name: a driver that is built anew (for other models) does not call a device closed
that a thread of its predecessor still has."""


class LiveCamera(ABC):
    """A camera read in a thread; the newest picture wins.

    Args:
        config: its stanza.
        clock: stamps pictures without a time of their own.
    """

    def __init__(self, config: CameraSection, clock: Clock) -> None:
        """Open nothing yet."""
        self._section = config
        self._clock = clock
        self._sieve = Sieve(config.rate_hz)
        self._captures: list[Capture] = []

    @property
    def name(self) -> str:
        """Name from the configuration."""
        return self._section.name

    @property
    def stall_after_s(self) -> float:
        """The same for every rate."""
        return STALL_S

    @property
    def holds_device(self) -> bool:
        """Whether a thread still has the camera: until it has ended nobody can say that it is closed."""
        return bool(self._alive())

    def limit_rate(self, rate_hz: float | None) -> float:
        """Take fewer pictures than configured; see `edge.sensors.driver.Paced`."""
        self._sieve.limit(rate_hz)
        return min(self._section.rate_hz, rate_hz or self._section.rate_hz)

    async def stream(self) -> AsyncIterator[Frame]:
        """Frames until the camera is gone.

        Raises:
            SensorError: HUNG (too many threads of earlier connections hang, or one of them has the device),
                DISCONNECTED (gone), NO_DATA (nothing new for five seconds: frozen, late or damaged pictures), TIMED_OUT
                (silent), or what opening says.
        """
        hanging = [capture for capture in self._alive() if capture.hangs]
        self._captures = [capture for capture in self._captures if capture.alive]
        if len(self._captures) >= HUNG_AT_MOST:
            raise SensorError(SensorReason.HUNG, _HANGS)
        size_px = (self._section.width_px, self._section.height_px)
        capture = Capture(self.name, self._clock, self.open_source, self._sieve, size_px)
        self._captures.append(capture)
        _CAPTURES[capture] = self.name
        capture.start()
        try:
            while True:
                yield await capture.newest()
        except SensorError as error:
            if error.reason in HELD and any(earlier.hangs for earlier in hanging):
                raise SensorError(SensorReason.HUNG, _HANGS) from error
            raise
        finally:
            await capture.close()
            self._captures = [one for one in self._captures if one.alive]  # with the picture that nobody fetched

    def _alive(self) -> list[Capture]:
        """Threads of this camera that have not ended, of this driver or of one before it."""
        return [capture for capture, name in _CAPTURES.items() if name == self.name and capture.alive]

    @abstractmethod
    def open_source(self) -> Source:
        """Open the camera; called in the thread of each connection.

        Raises:
            SensorError: why it cannot be opened.
        """
