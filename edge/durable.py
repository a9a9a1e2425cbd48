"""Files that are there whole or not at all, and stay there when the power goes: written, synced, renamed, synced."""

from __future__ import annotations

import os
from pathlib import Path

PRIVATE = 0o600
"""Mode of what only the daemon's user may read."""

READABLE = 0o644
"""Mode of what `anodyne doctor` may read for anybody."""


def write_new(path: Path, data: bytes, mode: int = PRIVATE) -> None:
    """Write a file that must not be there yet, and have it on the disk.

    Raises:
        OSError: it is there, or the disk refuses.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def replace(path: Path, data: bytes, mode: int = PRIVATE) -> None:
    """Put `data` in the place of a file: a reader, and a power cut, finds the old content or the new.

    Where root writes it, it belongs to the folder's owner all the same: the daemon's user reads it.

    Raises:
        OSError: the disk refuses; the old content stands.
    """
    fresh = path.with_name(f".{path.name}.new")
    fresh.unlink(missing_ok=True)
    write_new(fresh, data, mode)
    give_to_owner(fresh)
    fresh.replace(path)
    sync_folder(path.parent)


def give_to_owner(path: Path) -> None:
    """Give a file that root has written to the owner of its folder."""
    if os.geteuid() == 0:
        owner = path.parent.stat()
        os.chown(path, owner.st_uid, owner.st_gid, follow_symlinks=False)


def sync_folder(folder: Path) -> None:
    """Have the names in a folder on the disk.

    Raises:
        OSError: it cannot be opened or synced.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
