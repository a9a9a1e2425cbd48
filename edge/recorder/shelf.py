"""The folder of sessions: names, which to delete, and how much room there is."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from edge.clock import Instant
from edge.recorder.file import SUFFIXES

SUFFIX = ".anodyne"
"""What a session's file name ends with."""

SEALED_SUFFIX = ".sealed"
"""What a sealed one's name has behind that."""

_NAME = re.compile(r"^\d{8}T\d{6}Z-[0-9a-z]+-(\d{1,12})\.anodyne(?:\.sealed)?$")
"""<start, UTC>-<boot id>-<running number>.anodyne"""

LAST_MS = 253_402_300_799_000
"""The end of the year 9999: a wall clock may be wrong beyond any calendar."""

_DAY_MS = 24 * 3600 * 1000


@dataclass(frozen=True, slots=True)
class Kept:
    """A session on the shelf.

    Attributes:
        number: rises with every session of this folder, whatever the wall clock said.
        path: its file.
    """

    number: int
    path: Path

    def parts(self) -> Iterator[Path]:
        """Its file and what lies beside it."""
        beside = (self.path.with_name(self.path.name + suffix) for suffix in SUFFIXES)
        return (path for path in beside if path.exists())

    @property
    def size(self) -> int:
        """Bytes on disk."""
        return sum(state.st_size for path in self.parts() if (state := _state(path)) is not None)

    def delete(self) -> None:
        """Delete it with what lies beside it."""
        for path in list(self.parts()):
            path.unlink(missing_ok=True)


def _state(path: Path) -> os.stat_result | None:
    """What the system says of a file; None where another process has deleted it meanwhile."""
    try:
        return path.stat()
    except FileNotFoundError:
        return None


class Shelf:
    """The sessions in one folder. Files of other names are never touched.

    Args:
        folder: made where it is missing, readable by its owner only.

    Raises:
        OSError: it cannot be made.
    """

    def __init__(self, folder: Path) -> None:
        """Make the folder."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.folder = folder

    def sessions(self) -> list[Kept]:
        """What is there, oldest first."""
        matches = ((_NAME.match(path.name), path) for path in self.folder.iterdir())
        return sorted((Kept(int(found[1]), path) for found, path in matches if found), key=lambda one: one.number)

    def new_path(self, start: Instant, *, sealed: bool = False) -> Path:
        """A path for a session that begins now; its number is above all others'."""
        number = max((one.number for one in self.sessions()), default=0) + 1
        began = datetime.fromtimestamp(min(max(start.wall_ms, 0), LAST_MS) / 1000, UTC)
        return self.folder / f"{began:%Y%m%dT%H%M%SZ}-{start.boot_id}-{number}{SUFFIX}{SEALED_SUFFIX if sealed else ''}"

    def tidy(self, max_bytes: int, keep_days: float, now: Instant, current: Path | None) -> list[Path]:
        """Delete the oldest sessions until what is there fits; never `current`.

        Returns:
            What was deleted.

        Age counts only while the wall clock is synchronised: a wrong clock must not empty the shelf.
        """
        gone: list[Path] = []
        others = [one for one in self.sessions() if one.path != current]
        if now.synced:
            changed = [(one, state.st_mtime) for one in others if (state := _state(one.path)) is not None]
            old = [one for one, at_s in changed if now.wall_ms - at_s * 1000 > keep_days * _DAY_MS]
            for one in old:
                one.delete()
                gone.append(one.path)
                others.remove(one)
        room = max_bytes - sum(one.size for one in others)
        while room < 0 and others:
            oldest = others.pop(0)
            room += oldest.size
            oldest.delete()
            gone.append(oldest.path)
        return gone

    def free_bytes(self) -> int:
        """Room left on the disk."""
        status = os.statvfs(self.folder)
        return status.f_bavail * status.f_frsize
