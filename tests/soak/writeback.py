"""Writes back what a virtual life has left in the page cache, as often as the kernel does in a real one.

In compressed time the cache would swallow what a slow life writes twice, and `write_bytes` of proc(5) would be too low.
"""

from __future__ import annotations

import os
from pathlib import Path

from edge.clock import Clock

WRITE_BACK_S = 30.0
"""Linux writes back what has been dirty for so long, seconds (vm.dirty_expire_centisecs, default 3000)."""


async def write_back(folder: Path, database: Path, clock: Clock) -> None:
    """Do so for the files of a folder until cancelled.

    Args:
        folder: with everything that the box keeps.
        database: left out: SQLite syncs it at each checkpoint, and to close it here would drop the box's own lock.
        clock: of the box.
    """
    while True:
        await clock.sleep(WRITE_BACK_S)
        _sync(folder, database)


def _sync(folder: Path, but: Path) -> None:
    for file in folder.iterdir():
        if not file.is_file() or file == but:
            continue
        descriptor = os.open(file, os.O_RDONLY)
        try:
            os.fdatasync(descriptor)
        finally:
            os.close(descriptor)
