"""One open serial port: a thread that owns it, reads it, writes to it, and lets it go.

The thread is the only one that touches the port, so a device that is pulled out fails in one place. Whatever pyserial
or the kernel raises leaves this module as a `SensorError` whose sentence says what a person at the bed can do.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import termios
import threading
from collections import deque

import serial

from edge.clock import Clock
from edge.errors import SensorError, SensorReason
from edge.sensors.wristband.serial.protocol import Chunk

log = logging.getLogger(__name__)

READ_S = 0.5
"""Longest wait in one read. Requests and the end interrupt it; the bound is for a platform whose pyserial cannot."""

WRITE_S = 2.0
"""Longest wait for writing a request of a few bytes: a port that takes longer is held up by flow control for ever."""

JOIN_S = 5.0
"""Longest wait for the thread at the end. Only an opening that hangs (a Bluetooth link that is being made) takes
longer; that thread then lets the port go by itself."""

INBOX_BYTES = 1 << 20
"""Bytes held for a consumer that is late: over a minute and a half of a port that is busy at 115,200 baud."""

CHUNK_BYTES = 4096
"""Most bytes handed on at once: the size of the kernel's own buffer of a terminal."""

_NOT_THERE = frozenset({errno.ENOENT, errno.ENODEV, errno.ENXIO, errno.ENOTDIR})
_NOT_ALLOWED = frozenset({errno.EACCES, errno.EPERM})
_BUSY = frozenset({errno.EBUSY, errno.EAGAIN})
_OUT_OF_REACH = frozenset({errno.EHOSTDOWN, errno.EHOSTUNREACH, errno.ETIMEDOUT, errno.ECONNREFUSED, errno.ECONNRESET})


class SerialLink:
    """Runs one port in its own thread, from opening to release.

    Args:
        clock: stamps the arrivals.
        device: path of the port.
        baud: bits per second.
    """

    def __init__(self, clock: Clock, device: str, baud: int) -> None:
        """Prepare; `open` begins."""
        self.device = device
        self._clock = clock
        self._baud = baud
        self._loop = asyncio.get_running_loop()
        self._changed = asyncio.Event()
        self._lock = threading.Lock()
        self._port: serial.Serial | None = None
        self._failure: SensorError | None = None
        self._inbox: deque[Chunk] = deque()
        self._held = 0
        self._outbox: deque[bytes] = deque()
        self._stop = False
        self._thread = threading.Thread(target=self._run, name=f"serial {device}", daemon=True)
        self.dropped_bytes = 0

    async def open(self) -> None:
        """Open the port; may take as long as a Bluetooth link takes to be made.

        Raises:
            SensorError: NOT_FOUND, NOT_PERMITTED, IN_USE, TIMED_OUT or UNREADABLE.
        """
        self._thread.start()
        while True:
            with self._lock:
                if self._failure is not None:
                    raise self._failure
                if self._port is not None:
                    return
            await self._wait()

    async def get(self) -> Chunk:
        """The next bytes; those that came before the device was lost are still handed out.

        Raises:
            SensorError: DISCONNECTED, the device is gone.
        """
        while True:
            with self._lock:
                if self._inbox:
                    chunk = self._inbox.popleft()
                    self._held -= len(chunk.data)
                    return chunk
                if self._failure is not None:
                    raise self._failure
            await self._wait()

    def send(self, data: bytes) -> None:
        """Have these bytes written, soon and in order."""
        with self._lock:
            self._outbox.append(data)
            self._wake()

    async def close(self) -> None:
        """Write what is to be written, stop the thread, and wait until the port is released."""
        with self._lock:
            self._stop = True
            self._wake()
        if self._thread.ident is not None:
            await self._clock.in_thread(self._thread.join, JOIN_S)

    async def _wait(self) -> None:
        # The thread sets the event through the loop, so nothing can come between the look and this.
        self._changed.clear()
        await self._changed.wait()

    def _wake(self) -> None:
        """End the read that is under way; the lock is held."""
        if self._port is not None:
            self._port.cancel_read()

    def _run(self) -> None:
        try:
            port = _open(self.device, self._baud)
        except (OSError, ValueError, termios.error) as error:
            self._fail(_opening_failed(self.device, self._baud, error))
            return
        try:
            self._serve(port)
        except (OSError, termios.error) as error:
            # pyserial's SerialException is an OSError; `in_waiting` raises plain ones.
            log.debug("%s: %r", self.device, error)
            self._fail(SensorError(SensorReason.DISCONNECTED, f"the device on {self.device} is gone: check its plug"))
        finally:
            with self._lock:
                self._port = None
            _close(port)

    def _serve(self, port: serial.Serial) -> None:
        with self._lock:
            self._port = port
        self._tell()
        while True:
            with self._lock:
                stop, requests = self._stop, list(self._outbox)
                self._outbox.clear()
            for data in requests:
                port.write(data)
            if stop:
                return
            data = port.read(1)
            if data:
                data += port.read(min(port.in_waiting, CHUNK_BYTES - 1))
                self._hand_on(Chunk(data, self._clock.now_ns()))

    def _hand_on(self, chunk: Chunk) -> None:
        with self._lock:
            self._inbox.append(chunk)
            self._held += len(chunk.data)
            while self._held > INBOX_BYTES:
                lost = len(self._inbox.popleft().data)
                self._held -= lost
                self.dropped_bytes += lost
        self._tell()

    def _fail(self, failure: SensorError) -> None:
        with self._lock:
            self._failure = failure
        self._tell()

    def _tell(self) -> None:
        if not self._stop and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._changed.set)


def _open(device: str, baud: int) -> serial.Serial:
    """Eight bits, no parity, one stop bit; exclusive, because a second reader would take half of the bytes."""
    return serial.Serial(device, baud, timeout=READ_S, write_timeout=WRITE_S, exclusive=True)


def _close(port: serial.Serial) -> None:
    try:
        port.close()
    except (OSError, termios.error) as error:  # the device is gone: there is nothing to release
        log.debug("%s: not closed cleanly: %r", port.port, error)


def _opening_failed(device: str, baud: int, error: Exception) -> SensorError:
    number = error.errno if isinstance(error, OSError) else None
    if number in _NOT_THERE:
        return SensorError(SensorReason.NOT_FOUND, f"there is no {device}: is the device plugged in?")
    if number in _NOT_ALLOWED:
        return SensorError(
            SensorReason.NOT_PERMITTED,
            f"{device} may not be opened by this user: add it to the group `dialout` (`usermod -aG dialout anodyne`)",
        )
    if number in _BUSY:
        return SensorError(
            SensorReason.IN_USE,
            f"another program has {device} open: end it (`fuser -v {device}` names it; ModemManager is a usual one)",
        )
    if number in _OUT_OF_REACH:
        return SensorError(
            SensorReason.TIMED_OUT, f"the band behind {device} does not answer: switch it on, bring it nearer"
        )
    return SensorError(SensorReason.UNREADABLE, f"{device} cannot be opened with baud = {baud}: {error}")
