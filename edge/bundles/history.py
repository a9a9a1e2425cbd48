"""What has happened with the bundles of this box: one line of JSON for each step."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from edge.clock import Instant
from edge.durable import PRIVATE

log = logging.getLogger(__name__)

HISTORY_FILE = "history.jsonl"
"""In the folder of bundles."""

OLDER = ".1"
"""Suffix of the lines before those in the file, once it has grown to `MOST_BYTES`; what was there before goes."""

MOST_BYTES = 256 * 1024
"""Some thousand steps: years of updates, or a day of a box that starts again and again with a damaged bundle."""

_SETTLING = ("installed", "committed", "confirmed", "taken back")
"""Steps after which an earlier fault is no news any more."""

_MOST_LINE = 4000

_LAST_MS = 253_402_300_799_000
"""The end of the year 9999: a later time is damage."""


class Event(BaseModel):
    """One step."""

    model_config = ConfigDict(extra="ignore", frozen=True, use_attribute_docstrings=True)

    what: str
    """What was done: "installed", "refused", "shadow begun", "rolled back", …"""
    bundle: str
    """With which bundle."""
    why: Annotated[str, Field(max_length=_MOST_LINE)] = ""
    """Why, where that is not plain."""
    wall_ms: Annotated[int, Field(ge=0, le=_LAST_MS)]
    """When, Unix milliseconds."""
    synced: bool
    """Whether that clock was synchronised."""
    boot_id: str
    """In which boot."""


def note(folder: Path, now: Instant, what: str, bundle: str, why: str = "") -> None:
    """Add a step, on the disk and in the log. A disk that refuses costs the line on it, not the step."""
    said = f": {why}" if why else ""
    level = logging.WARNING if what in ("rolled back", "refused", "shadow failed", "not used") else logging.INFO
    log.log(level, "models: %s %s%s", bundle, what, said)
    row = Event(
        what=what, bundle=bundle, why=why[:_MOST_LINE], wall_ms=now.wall_ms, synced=now.synced, boot_id=now.boot_id
    )
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
    path = folder / HISTORY_FILE
    try:
        if path.exists() and path.stat().st_size > MOST_BYTES:
            path.replace(path.with_name(HISTORY_FILE + OLDER))
        descriptor = os.open(path, flags, PRIVATE)
        try:
            size = os.fstat(descriptor).st_size
            cut = size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"  # by a power cut or a full disk
            os.write(descriptor, f"{chr(10) * cut}{row.model_dump_json()}\n".encode())
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        log.warning("models: the history cannot be written: %s", error)


def events(folder: Path) -> Iterator[Event]:
    """Every step that can be read, oldest first; a line that a power cut has cut short is left out."""
    for name in (HISTORY_FILE + OLDER, HISTORY_FILE):
        try:
            text = (folder / name).read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        yield from _events(text)


def _events(text: str) -> Iterator[Event]:
    for line in text.splitlines():
        try:
            yield Event.model_validate(json.loads(line))
        except (ValueError, RecursionError, ValidationError) as error:
            log.debug("a line of the history cannot be read: %s", error)


def last_fault(folder: Path) -> Event | None:
    """The last bundle that was given up or refused; None where something has been done since."""
    last: Event | None = None
    for event in events(folder):
        if event.what in ("rolled back", "not used"):
            last = event
        elif event.what in _SETTLING:
            last = None
    return last
