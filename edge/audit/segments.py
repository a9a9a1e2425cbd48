"""The files of one audit log: closed segments, the file that is written, and the note of its end.

A log that has grown is closed: `audit.jsonl` becomes `audit-0000000001.jsonl`, named for its first entry, and the chain
goes on in a new file whose first entry carries the hash of the last one. Whole segments are retired from the old end.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from edge.audit.chain import Anchor, Entry, Note, as_entry
from edge.durable import replace

log = logging.getLogger(__name__)

TAIL_BYTES = 1 << 16
"""Bytes at the end of a file that hold its last whole lines: an entry has a few hundred."""

_DIGITS = 10


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of a log is kept.

    Attributes:
        segment_bytes: a file of this size is closed.
        keep_bytes: of all files; beyond it the oldest segment is retired.
        keep_days: a segment whose last entry is older is retired.
    """

    segment_bytes: int
    keep_bytes: int
    keep_days: float


def closed(path: Path) -> list[Path]:
    """The closed segments of the log whose written file is `path`, oldest first."""
    pattern = f"{path.stem}-{'[0-9]' * _DIGITS}{path.suffix}"
    return sorted(path.parent.glob(pattern))


def files(path: Path) -> list[Path]:
    """All files of a log, oldest first.

    Raises:
        FileNotFoundError: there is none.
    """
    found = [*closed(path), *([path] if path.exists() else [])]
    if not found:
        raise FileNotFoundError(2, "No such file or directory", str(path))
    return found


def name_of(path: Path, first: int) -> Path:
    """Where the file that begins with entry `first` lies once it is closed."""
    return path.with_name(f"{path.stem}-{first:0{_DIGITS}}{path.suffix}")


def ends(segment: Path) -> tuple[Entry, Entry] | None:
    """First and last entry of a closed segment; None where one of them is none.

    Raises:
        OSError: it cannot be read.
    """
    with segment.open("rb") as file:
        first = as_entry(file.readline())
        file.seek(max(0, segment.stat().st_size - TAIL_BYTES))
        lines = file.read().splitlines(keepends=True)
    last = as_entry(lines[-1]) if lines else None
    return None if first is None or last is None else (first, last)


def noted_end(path: Path) -> Anchor | None:
    """The end of the log as it was noted beside it; None where that is not there or cannot be read."""
    try:
        note = Note.model_validate_json(path.with_suffix(".head").read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValidationError) as error:
        log.warning("the noted end of %s cannot be read: %s", path, error)
        return None
    return Anchor(note.n, note.hash)


def note_end(path: Path, end: Anchor) -> None:
    """Note the end of the log beside it; where the disk refuses, an older note stands."""
    try:
        replace(path.with_suffix(".head"), Note(n=end.n, hash=end.hash).model_dump_json().encode())
    except OSError as error:
        log.warning("the end of %s cannot be noted: %s", path, error)
