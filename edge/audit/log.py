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

from edge.audit.chain import START, Anchor, Detail, Entry, Kind, as_entry, entry, torn_detail
from edge.audit.segments import TAIL_BYTES, Limits, closed, ends, files, name_of, note_end, noted_end
from edge.clock import Clock, Instant
from edge.durable import sync_folder

log = logging.getLogger(__name__)

FILE = "audit.jsonl"
"""Its name in the state folder."""

LOCK_S = 1.0
"""Longest wait for another process that appends, seconds: it takes milliseconds."""

MOST_WAITING = 1000
"""Entries that wait in memory while the disk takes none; what is beyond is counted and told."""


class AuditLog:
    """One file. What cannot be written now waits in memory until `flush`: alarms wait for it at most once, `LOCK_S`.

    Args:
        path: the file; made with mode 0600 where it is missing.
        clock: dates the entries.
        limits: how much is kept; None: whoever else keeps this log sees to that.
    """

    def __init__(self, path: Path, clock: Clock, limits: Limits | None = None) -> None:
        """Nothing is opened yet."""
        self._limits = limits
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
        last: Entry | None = None
        try:
            for path in reversed(files(self.path)):
                with path.open("rb") as file:
                    last, _ = _end(file.fileno())
                if last is not None:
                    break
        except OSError:
            return None
        return None if last is None else Anchor(last.n, last.hash)

    def newest(self, *kinds: Kind) -> Entry | None:
        """The last entry of these kinds; None where there is none, or the file cannot be read."""
        signs = [f'"kind":"{kind}"'.encode() for kind in kinds]
        try:
            for path in reversed(files(self.path)):
                for line in reversed(path.read_bytes().splitlines(keepends=True)):
                    found = as_entry(line) if any(sign in line for sign in signs) else None
                    if found is not None and found.kind in kinds:
                        return found
        except OSError:
            return None
        return None

    def turn(self) -> None:
        """Close a file that has grown, and retire what is beyond the limits; what fails is tried at the next call."""
        with self._lock:
            try:
                if self._limits is not None and self._flush():
                    self._close_grown(self._limits)
                    self._retire(self._limits)
            except OSError as error:
                log.warning("the audit log %s cannot be turned over: %s", self.path, error)

    def _close_grown(self, limits: Limits) -> None:
        with _locked(self.path) as descriptor:
            if os.fstat(descriptor).st_size < limits.segment_bytes:
                return
            first, (last, torn) = as_entry(_first_line(descriptor)), _end(descriptor)
            if first is None or last is None or torn:
                return  # what is spoilt stays where it is seen
            self.path.rename(name_of(self.path, first.n))
            sync_folder(self.path.parent)
        self._write()

    def _retire(self, limits: Limits) -> None:
        """Say that the oldest segments go, and then take them away: what is gone is always accounted for."""
        segments = closed(self.path)
        now = self._clock.instant()
        oldest_ms = now.wall_ms - limits.keep_days * 86_400_000
        room = limits.keep_bytes - sum(one.stat().st_size for one in files(self.path))
        for segment in segments:
            both = ends(segment)
            if both is None:
                return
            first, last = both
            if room >= 0 and not (now.synced and last.wall_ms < oldest_ms):
                return
            room += segment.stat().st_size
            said: Detail = {"file": segment.name, "first": first.n, "last": last.n, "hash": last.hash}
            if not self._retired_already(last.n) and not self._note(Kind.SEGMENT_RETIRED, "box", said):
                return
            segment.unlink()
            sync_folder(self.path.parent)
            log.info("audit log: %s is retired, entries %d to %d", segment.name, first.n, last.n)

    def _retired_already(self, last: int) -> bool:
        """Whether that was said before a power cut, and only the file is still there."""
        said = self.newest(Kind.SEGMENT_RETIRED)
        return said is not None and said.detail.get("last") == last

    def _write(self) -> None:
        """Append what waits, after what has to be said of the file as it was found."""
        with _locked(self.path) as descriptor:
            last, torn = _end(descriptor)
            if torn and (whole := as_entry(torn + b"\n")) is not None:
                last, torn = whole, b""  # only the line's end is missing
                _append(descriptor, b"\n")
            before = self._before() if last is None else None
            growing = _Growing(last if before is None else before[1], self._clock)
            if torn:
                growing.raw(b"\n")
                growing.box(Kind.TORN, torn_detail(torn))
            if before is not None:
                growing.box(Kind.SEGMENT, {"before": before[0].name, "last": before[1].n})
            noted = noted_end(self.path)
            if noted is not None and noted.n > growing.n:
                growing.box(Kind.CUT, {"entries": noted.n - growing.n, "last": noted.n, "hash": noted.hash})
            for at, kind, by, detail in self._waiting:
                lost: Detail = {"entries_lost_before": self._dropped} if self._dropped else {}
                growing.add(at, kind, by, {**detail, **lost})
                self._dropped = 0
            if growing.lines:
                _append(descriptor, b"".join(growing.lines))
                note_end(self.path, Anchor(growing.n, growing.prev))
        self._waiting.clear()

    def _before(self) -> tuple[Path, Entry] | None:
        """The closed segment that a file without entries goes on from, and its last entry; None where there is none."""
        segments = closed(self.path)
        both = ends(segments[-1]) if segments else None
        return None if both is None else (segments[-1], both[1])


class _Growing:
    """Lines that are to be appended behind an entry.

    Args:
        last: that entry; None: the log begins here.
        clock: dates what the box itself says.
    """

    def __init__(self, last: Entry | None, clock: Clock) -> None:
        self.lines: list[bytes] = []
        self.n, self.prev = (0, START) if last is None else (last.n, last.hash)
        self._clock = clock

    def raw(self, data: bytes) -> None:
        """Bytes that are no entry."""
        self.lines.append(data)

    def box(self, kind: Kind, detail: Detail) -> None:
        """What the box itself says, now."""
        self.add(self._clock.instant(), kind, "box", detail)

    def add(self, at: Instant, kind: Kind, by: str, detail: Detail) -> None:
        """The next entry."""
        made = entry(self.n + 1, self.prev, at, kind, by, detail)
        self.n, self.prev = made.n, made.hash
        self.lines.append(made.line())


@contextmanager
def _locked(path: Path) -> Iterator[int]:
    """The file, open for appending, ours alone; no link is followed: root appends in a folder that others may write.

    Raises:
        OSError: it cannot be opened, or another process does not let go of it.
    """
    deadline = time.monotonic() + LOCK_S
    descriptor = _opened(path)
    try:
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    raise
                time.sleep(0.01)
                continue
            if _is(path, descriptor):
                break
            os.close(descriptor)  # it was closed as a segment while we waited: the log goes on in another
            descriptor = _opened(path)
        yield descriptor
    finally:
        os.close(descriptor)


def _opened(path: Path) -> int:
    new = not path.exists()
    descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    if new:
        try:
            _settle(path, descriptor)
        except OSError:
            os.close(descriptor)
            raise
    return descriptor


def _is(path: Path, descriptor: int) -> bool:
    """Whether the open file is still the one of that name."""
    try:
        there = path.stat(follow_symlinks=False)
    except FileNotFoundError:
        return False
    ours = os.fstat(descriptor)
    return (there.st_dev, there.st_ino) == (ours.st_dev, ours.st_ino)


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
    tail = os.pread(descriptor, TAIL_BYTES, max(0, size - TAIL_BYTES))
    whole, feed, torn = tail.rpartition(b"\n")
    lines = whole.split(b"\n") if feed else []
    while lines:
        line = lines.pop()
        try:
            return Entry.model_validate_json(line), torn
        except ValueError:
            if torn:
                torn = line + b"\n" + torn
    return None, torn


def _first_line(descriptor: int) -> bytes:
    return os.pread(descriptor, TAIL_BYTES, 0).partition(b"\n")[0] + b"\n"


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


def read(path: Path) -> Iterator[Entry | bytes]:
    """The lines of a log through all its files: entries, and as bytes what is none.

    Raises:
        OSError: it cannot be read.
    """
    for one in files(path):
        with one.open("rb") as file:
            for line in file:
                yield as_entry(line) or line.rstrip(b"\n")
