"""Holding an audit log against its own chain, and against what is known of it from outside."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from edge.audit.chain import START, Anchor, Entry, Kind, as_entry, torn_detail
from edge.audit.segments import files, noted_end


@dataclass(frozen=True, slots=True)
class Retired:
    """A segment that was taken away because of its age or the size of the log.

    Attributes:
        first, last: numbers of its entries.
        by_entry: number of the entry that says so.
    """

    first: int
    last: int
    by_entry: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a check.

    Attributes:
        entries: right ones, up to the first fault.
        head: number and hash of the last of them; None for an empty log.
        fault: the first fault in a sentence; "" where there is none.
        anchored: number of the newest entry that an anchor confirms; 0: none does.
        segments: files that were read.
        retired: what was taken away of the beginning, oldest first.
    """

    entries: int
    head: Anchor | None
    fault: str
    anchored: int
    segments: int = 1
    retired: tuple[Retired, ...] = ()

    @property
    def sound(self) -> bool:
        """Whether nothing is wrong as far as can be known."""
        return not self.fault


@dataclass(slots=True)
class _Check:
    """What has been read so far."""

    hashes: list[str] = field(default_factory=list[str])
    first: Entry | None = None
    last: Entry | None = None
    torn: bytes | None = None
    retired: dict[int, tuple[Retired, str]] = field(default_factory=dict[int, tuple[Retired, str]])

    def take(self, place: str, line: bytes) -> str:
        """Read one line; its fault in a sentence, "" for none."""
        found = as_entry(line)
        if found is None:
            bare = line.rstrip(b"\n")
            self.torn = bare if self.torn is None else self.torn + b"\n" + bare
            return ""
        if self.torn is not None and (found.kind is not Kind.TORN or found.detail != torn_detail(self.torn)):
            return f"{place}: the line before is no entry: it has been changed, or was never written by this program"
        fault = _fault(place, found, self.last)
        if fault:
            return fault
        self.torn, self.last, self.first = None, found, self.first or found
        self.hashes.append(found.hash)
        if found.kind is Kind.SEGMENT_RETIRED:
            first, last = found.detail.get("first"), found.detail.get("last")
            if isinstance(first, int) and isinstance(last, int):
                self.retired[last] = (Retired(first, last, found.n), str(found.detail.get("hash")))
        if found.kind is Kind.CUT:
            return f"{place}: the end of what stands before was cut off: {found.detail.get('entries')} entries are lost"
        return ""

    def beginning(self) -> str:
        """What is wrong with the first entry that is there."""
        if self.first is None or self.first.n == 1:
            return ""
        _, expected = self.retired.get(self.first.n - 1, (None, ""))
        if expected != self.first.prev:
            return f"the entries before {self.first.n} are missing, and nothing says that they were retired"
        return ""

    def hash_of(self, number: int) -> str | None:
        """Of one entry; None where it is not there."""
        if self.first is None or not self.first.n <= number < self.first.n + len(self.hashes):
            return None
        return self.hashes[number - self.first.n]


def verify(path: Path, anchors: tuple[Anchor, ...] = ()) -> Verdict:
    """Hold a log against its own chain, and against what is known of it from outside.

    Args:
        path: the file that is written; its closed segments lie beside it.
        anchors: entries as they were published.

    Raises:
        OSError: a file cannot be read.
    """
    check, read = _Check(), files(path)
    fault = next((fault for place, line in _lines(read) if (fault := check.take(place, line))), "")
    if not fault and check.torn is not None:
        fault = "the last line is no entry: a crash cut it short just now, or it has been changed"
    fault = fault or check.beginning() or _cut(path, check) or _outside(check, anchors)
    head = None if check.last is None else Anchor(check.last.n, check.last.hash)
    known = [anchor.n for anchor in anchors if check.hash_of(anchor.n) is not None]
    gone = tuple(one for _, (one, _) in sorted(check.retired.items()) if check.first and one.last < check.first.n)
    return Verdict(len(check.hashes), head, fault, 0 if fault else max(known, default=0), len(read), gone)


def _lines(read: list[Path]) -> Iterator[tuple[str, bytes]]:
    for path in read:
        name = f"{path.name}, " if len(read) > 1 else ""
        with path.open("rb") as file:
            for number, line in enumerate(file, 1):
                yield f"{name}line {number}", line


def _fault(place: str, found: Entry, last: Entry | None) -> str:
    """What is wrong with an entry that stands behind another."""
    if not found.right():
        return f"{place}, entry {found.n}: its content is not that of its hash: it has been changed"
    if last is None:
        return "" if found.n > 1 or found.prev == START else f"{place}: entry 1 follows on another log"
    if found.n != last.n + 1 or found.prev != last.hash:
        return f"{place}: entry {found.n} does not follow on entry {last.n}: some were removed or reordered"
    return ""


def _cut(path: Path, check: _Check) -> str:
    """Whether the file ends before the end that was noted beside it."""
    noted = noted_end(path)
    if noted is None:
        return ""
    last = 0 if check.last is None else check.last.n
    if noted.n > last:
        return f"entry {noted.n} was written, but the file ends at {last}: its end was cut off"
    known = check.hash_of(noted.n)
    return "" if known in (None, noted.hash) else f"entry {noted.n} is not the one that was written here: it was forged"


def _outside(check: _Check, anchors: tuple[Anchor, ...]) -> str:
    last = 0 if check.last is None else check.last.n
    for anchor in anchors:
        if anchor.n > last:
            return f"entry {anchor.n} was published, but the file ends at {last}: its end was cut off"
        if check.hash_of(anchor.n) not in (None, anchor.hash):
            return f"entry {anchor.n} is not the one that was published: the chain has been computed anew"
    return ""
