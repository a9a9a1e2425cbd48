"""Records a session beside the running daemon, in a thread of its own.

The event loop only appends to a list; a thread writes what is there once a second. Whatever goes wrong with the disk
ends the recording with one line in the log and is never felt by the daemon: an alert outranks its recording.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from edge.clock import Clock
from edge.config import Recorder as Settings
from edge.recorder.events import Acknowledged, Alerted, Assessed, BlockArrived, Estimated, Event, StatusChanged, Ticked
from edge.recorder.facts import Facts
from edge.recorder.file import SessionFile
from edge.recorder.shelf import Shelf
from edge.types import NS_PER_S, Alert, Assessment, Estimate, SampleBlock, SensorStatus

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey

    from edge.recorder.sealed import SealedFile

log = logging.getLogger(__name__)

FLUSH_S = 1.0
"""How often the thread writes, seconds: what a power cut may cost."""

HASTE = 2_000
"""With so many events waiting the thread writes at once: a virtual clock makes a minute of them in a second."""

MOST_WAITING = 50_000
"""With so many events waiting the disk is given up: half an hour of a camera and a band, about 25 MB of memory."""

RESERVE_BYTES = 128 * 1024 * 1024
"""With less than this free on the disk recording stops: the rest belongs to the alarm state and the outbox."""

PARTS = 4
"""A session goes on in another file when it has grown to this share of `max_mb`, so that the oldest can be deleted
while the box runs for months."""

TIDY_S = 3600.0
"""How often what is too old is deleted, seconds."""

CLOSE_S = 5.0
"""Longest wait for the thread at the daemon's end, seconds."""

_MB = 1_000_000

Tell = Callable[[str, dict[str, str]], None]
"""Takes a kind of `edge.audit.chain.Kind` as text, and the details."""


def nobody(_kind: str, _detail: dict[str, str]) -> None:
    """Nobody wants to know."""


class Recording(Protocol):
    """What the daemon tells; see `Recorder`. None of these ever waits or fails because of a disk."""

    fault: str
    """Why nothing is recorded any more; "" while all is well."""

    def begin(self, facts: Facts) -> None:
        """Begin the session."""
        ...

    def block(self, block: SampleBlock) -> None:
        """A wristband's samples have arrived."""
        ...

    def status(self, status: SensorStatus) -> None:
        """A sensor's connection has changed."""
        ...

    def estimates(self, sensor: str, estimates: Iterable[Estimate]) -> None:
        """A sensor's signal has been judged."""
        ...

    def tick(self, at_ns: int) -> None:
        """The daemon looks at all sensors."""
        ...

    def concluded(self, assessment: Assessment, alerts: Iterable[Alert]) -> None:
        """The last tick has been assessed, with these transitions."""
        ...

    def acknowledged(self, target: str, alerts: Iterable[Alert]) -> None:
        """A station has acknowledged a condition or an episode, with these transitions."""
        ...

    def close(self) -> None:
        """End the session."""
        ...


class NotRecording:
    """Nobody has asked for a recording, or there cannot be one.

    Args:
        fault: why not, where one was asked for.
    """

    fault = ""

    def __init__(self, fault: str = "") -> None:
        """Keep the reason."""
        self.fault = fault

    def begin(self, facts: Facts) -> None:
        """Nothing."""

    def block(self, block: SampleBlock) -> None:
        """Nothing."""

    def status(self, status: SensorStatus) -> None:
        """Nothing."""

    def estimates(self, sensor: str, estimates: Iterable[Estimate]) -> None:
        """Nothing."""

    def tick(self, at_ns: int) -> None:
        """Nothing."""

    def concluded(self, assessment: Assessment, alerts: Iterable[Alert]) -> None:
        """Nothing."""

    def acknowledged(self, target: str, alerts: Iterable[Alert]) -> None:
        """Nothing."""

    def close(self) -> None:
        """Nothing."""


class Recorder:
    """Writes the session of one daemon's life.

    Args:
        folder: where sessions are kept.
        settings: limits.
        clock: when events happen.
        site_key: seals what is written, where it is given.
        tell: told of sessions that begin, end and are deleted, with what the audit log keeps of it; from any thread.

    Attributes:
        fault: why nothing is recorded any more; "" while all is well.
    """

    def __init__(
        self,
        folder: Path,
        settings: Settings,
        clock: Clock,
        site_key: X25519PublicKey | None = None,
        tell: Tell = nobody,
    ) -> None:
        """Nothing is opened before `begin`."""
        self._site_key = site_key
        self._tell = tell
        self.fault = ""
        self._folder = folder
        self._max_bytes = settings.max_mb * _MB
        self._settings = settings
        self._clock = clock
        self._lock = threading.Lock()
        self._waiting: list[Event] = []
        self._wake = threading.Event()
        self._closing = False
        self._thread: threading.Thread | None = None
        self._finished = False

    def begin(self, facts: Facts) -> None:
        """Start the thread; it makes the file."""
        # A daemon thread: a disk that hangs must not keep the process from ending.
        self._thread = threading.Thread(target=self._run, args=(facts,), name="recorder", daemon=True)
        self._thread.start()

    def block(self, block: SampleBlock) -> None:
        """A wristband's samples have arrived.

        Raises:
            TypeError: this is no block of samples (a picture, for one).
        """
        if not isinstance(block, SampleBlock):
            raise TypeError(f"only samples are recorded, not a {type(block).__name__}")
        self._put(BlockArrived(self._clock.now_ns(), block))

    def status(self, status: SensorStatus) -> None:
        """A sensor's connection has changed."""
        self._put(StatusChanged(self._clock.now_ns(), status))

    def estimates(self, sensor: str, estimates: Iterable[Estimate]) -> None:
        """A sensor's signal has been judged."""
        now_ns = self._clock.now_ns()
        self._put(*(Estimated(now_ns, sensor, estimate) for estimate in estimates))

    def tick(self, at_ns: int) -> None:
        """The daemon looks at all sensors."""
        self._put(Ticked(at_ns))

    def concluded(self, assessment: Assessment, alerts: Iterable[Alert]) -> None:
        """The last tick has been assessed, with these transitions."""
        now_ns = self._clock.now_ns()
        self._put(Assessed(now_ns, assessment), *(Alerted(now_ns, alert) for alert in alerts))

    def acknowledged(self, target: str, alerts: Iterable[Alert]) -> None:
        """A station has acknowledged a condition or an episode, with these transitions."""
        now_ns = self._clock.now_ns()
        self._put(Acknowledged(now_ns, target), *(Alerted(now_ns, alert) for alert in alerts))

    def close(self) -> None:
        """Write what waits and end the session; gives up after `CLOSE_S`."""
        if self._thread is None:
            return
        self._closing = True
        self._wake.set()
        self._thread.join(CLOSE_S)
        if self._thread.is_alive():
            self._stop("the disk does not answer")

    def _put(self, *events: Event) -> None:
        """Queue what belongs together."""
        if self.fault:
            return
        with self._lock:
            self._waiting.extend(events)
            count = len(self._waiting)
        if count >= MOST_WAITING:
            self._stop("the disk is too slow")
        elif count >= HASTE:
            self._wake.set()

    def _stop(self, why: str) -> None:
        """Record no more, and say so once."""
        if not self.fault:
            self.fault = why
            log.error("the recording of this session ends here: %s. The bed is watched as before", why)
        with self._lock:
            self._waiting.clear()

    def _run(self, facts: Facts) -> None:
        """The thread's life; the disk's refusal is the end of the recording and of nothing else."""
        try:
            self._record(Shelf(self._folder), facts)
        except (sqlite3.Error, OSError) as error:
            self._stop(f"{self._folder} cannot be written ({error})")
        except TypeError as error:
            self._stop(str(error))

    def _record(self, shelf: Shelf, facts: Facts) -> None:
        """Write one part of the session after another until it is closed or given up."""
        tidied_ns = self._clock.now_ns()
        while True:
            file = self._new_part(shelf, facts)
            self._tell("recording_started", {"session": file.path.name})
            with closing(file):
                while not self._finished and file.size < self._max_bytes / PARTS:
                    self._wait()
                    file.append(self._take())
                    if self._clock.now_ns() - tidied_ns >= TIDY_S * NS_PER_S:
                        tidied_ns = self._clock.now_ns()
                        self._tidy(shelf, self._max_bytes, file.path)
                    if shelf.free_bytes() < RESERVE_BYTES:
                        self._stop(f"less than {RESERVE_BYTES // _MB} MB are free in {shelf.folder}")
            self._tell("recording_ended", {"session": file.path.name, "why": self.fault or "closed"})
            if self._finished:
                return
            facts = facts.next_part(file.path.name, file.next_seq)

    def _new_part(self, shelf: Shelf, facts: Facts) -> SessionFile | SealedFile:
        now = self._clock.instant()
        path = shelf.new_path(now, sealed=self._site_key is not None)
        file = self._file(path, facts)
        share = self._max_bytes / PARTS
        self._tidy(shelf, round(self._max_bytes - share), path)
        log.info("recording to %s", path)
        return file

    def _file(self, path: Path, facts: Facts) -> SessionFile | SealedFile:
        if self._site_key is None:
            return SessionFile(path, facts)
        from edge.recorder.sealed import SealedFile  # here, because only boxes that seal need the library

        return SealedFile(path, facts, self._site_key)

    def _tidy(self, shelf: Shelf, max_bytes: int, current: Path | None) -> None:
        for gone in shelf.tidy(max_bytes, self._settings.keep_days, self._clock.instant(), current):
            self._tell("recording_deleted", {"session": gone.name, "why": "older or more than is kept"})

    def _wait(self) -> None:
        """Until the next second, or until there is haste."""
        self._wake.wait(FLUSH_S)
        self._wake.clear()

    def _take(self) -> list[Event]:
        """What has happened since; after the last of it nothing more is expected."""
        last = self._closing
        with self._lock:
            waiting, self._waiting = self._waiting, []
        self._finished = last or bool(self.fault)
        return waiting
