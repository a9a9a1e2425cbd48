"""Appending to the audit log: by the daemon and by commands beside it, one at a time, forced to the disk."""

from __future__ import annotations

import fcntl
import logging
import os
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edge.audit.chain import START, Anchor, Detail, Entry, Kind, as_entry, entry, read, torn_detail
from edge.clock import Clock, Instant
from edge.durable import sync_folder

log = logging.getLogger(__name__)

FILE = "audit.jsonl"
"""Its name in the state folder."""

LOCK_S = 1.0
"""Longest wait for another process that appends, seconds: it takes milliseconds."""

MOST_WAITING = 1000
"""Entries that wait in memory while the disk takes none; what is beyond is counted and told."""

_TAIL = 1 << 16
"""Bytes at the end of the file that hold its last whole lines: an entry has a few hundred."""


class AuditLog:
    """One file. What cannot be written now waits in memory until `flush`: alarms wait for it at most once, `LOCK_S`.

    Args:
        path: the file; made with mode 0600 where it is missing.
        clock: dates the entries.
    """

    def __init__(self, path: Path, clock: Clock) -> None:
        """Nothing is opened yet."""
        self.path = path
        self._clock = clock
        self._waiting: deque[tuple[Instant, Kind, str, Detail]] = deque()
        self._dropped = 0
        self._told = False
        self._lock = threading.Lock()

    def note(self, kind: Kind, by: str, detail: Detail | None = None) -> bool:
        """Append an entry; whether it is on the disk. Behind others that wait it waits for `flush` as they do."""
        with self._lock:
            return self._note(kind, by, detail or {})

    def _note(self, kind: Kind, by: str, detail: Detail) -> bool:
        self._waiting.append((self._clock.instant(), kind, by, detail))
        if len(self._waiting) > MOST_WAITING:
            self._waiting.popleft()
            self._dropped += 1
        return not self._told and self._flush()

    def flush(self) -> bool:
        """Write what waits; whether nothing waits any more."""
        with self._lock:
            return self._flush()

    def _flush(self) -> bool:
        if not self._waiting:
            return True
        try:
            self._write()
        except OSError as error:
            if not self._told:
                log.critical("the audit log %s takes no entries, they wait in memory: %s", self.path, error)
            self._told = True
            return False
        self._told = False
        return True

    def head(self) -> Anchor | None:
        """Number and hash of the last entry; None where there is none that can be read."""
        try:
            with self.path.open("rb") as file:
                last, _ = _end(file.fileno())
        except OSError:
            return None
        return None if last is None else Anchor(last.n, last.hash)

    def newest(self, *kinds: Kind) -> Entry | None:
        """The last entry of these kinds; None where there is none, or the file cannot be read."""
        found: Entry | None = None
        try:
            for one in read(self.path):
                if isinstance(one, Entry) and one.kind in kinds:
                    found = one
        except OSError:
            return None
        return found

    def _write(self) -> None:
        with _locked(self.path) as descriptor:
            last, torn = _end(descriptor)
            if torn and (whole := as_entry(torn + b"\n")) is not None:
                last, torn = whole, b""  # only the line's end is missing
                _append(descriptor, b"\n")
            lines: list[bytes] = []
            n, prev = (0, START) if last is None else (last.n, last.hash)
            if torn:
                lines.append(b"\n")
                made = entry(n + 1, prev, self._clock.instant(), Kind.TORN, "box", torn_detail(torn))
                n, prev = made.n, made.hash
                lines.append(made.line())
            for at, kind, by, detail in self._waiting:
                lost: Detail = {"entries_lost_before": self._dropped} if self._dropped else {}
                made = entry(n + 1, prev, at, kind, by, {**detail, **lost})
                self._dropped = 0
                n, prev = made.n, made.hash
                lines.append(made.line())
            _append(descriptor, b"".join(lines))
        self._waiting.clear()


@contextmanager
def _locked(path: Path) -> Iterator[int]:
    """The file, open for appending, ours alone; no link is followed: root appends in a folder that others may write.

    Raises:
        OSError: it cannot be opened, or another process does not let go of it.
    """
    new = not path.exists()
    descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        if new:
            _settle(path, descriptor)
        deadline = time.monotonic() + LOCK_S
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    raise
                time.sleep(0.01)
        yield descriptor
    finally:
        os.close(descriptor)


def _settle(path: Path, descriptor: int) -> None:
    """A new file belongs to the folder's owner, even where root made it, and its name is on the disk."""
    owner = path.parent.stat()
    if os.geteuid() == 0:
        os.fchown(descriptor, owner.st_uid, owner.st_gid)
    sync_folder(path.parent)


def _end(descriptor: int) -> tuple[Entry | None, bytes]:
    """The last entry, and what one crash, or several in a row, have left behind it of another.

    A whole line that is no entry was left by no crash: it is passed over, and `verify` finds it.
    """
    size = os.fstat(descriptor).st_size
    tail = os.pread(descriptor, _TAIL, max(0, size - _TAIL))
    whole, _, torn = tail.rpartition(b"\n")
    lines = whole.split(b"\n")
    while lines:
        line = lines.pop()
        try:
            return Entry.model_validate_json(line), torn
        except ValueError:
            if torn:
                torn = line + b"\n" + torn
    return None, torn


def _append(descriptor: int, data: bytes) -> None:
    """Write all of it and force it to the disk, or take back what was written of it.

    Raises:
        OSError: the disk does not take it.
    """
    before = os.fstat(descriptor).st_size
    try:
        written = 0
        while written < len(data):
            written += os.write(descriptor, data[written:])
        os.fsync(descriptor)
    except OSError:
        os.ftruncate(descriptor, before)
        raise
