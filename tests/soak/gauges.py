"""What a process holds and has written, from the kernel's own books (proc(5))."""

from __future__ import annotations

import asyncio
import ctypes
import gc
import os
from dataclasses import dataclass
from pathlib import Path

_C_LIBRARY = ctypes.CDLL(None)

_PAGE_KIB = os.sysconf("SC_PAGE_SIZE") // 1024


@dataclass(frozen=True, slots=True)
class Sample:
    """One look.

    Attributes:
        at_s: seconds since the start, of the clock that the box runs on.
        resident_kib: resident memory.
        descriptors, threads, tasks: how many; tasks of the running loop.
        database_bytes: size of the state file with its log.
        written_bytes: so far; see `written_bytes`.
    """

    at_s: float
    resident_kib: int
    descriptors: int
    threads: int
    tasks: int
    database_bytes: int
    written_bytes: int


def look(at_s: float, database: Path) -> Sample:
    """Look at this process; call it on the running loop.

    Rubbish is collected first, and what the C library keeps of freed memory is handed back: else the peak of the
    simulator's next two hours would look like growth of the box.
    """
    gc.collect()
    if hasattr(_C_LIBRARY, "malloc_trim"):  # glibc's
        _C_LIBRARY.malloc_trim(0)
    return Sample(
        at_s,
        int(Path("/proc/self/statm").read_text().split()[1]) * _PAGE_KIB,
        sum(1 for _ in Path("/proc/self/fd").iterdir()),
        sum(1 for _ in Path("/proc/self/task").iterdir()),
        len(asyncio.all_tasks()),
        sum(file.stat().st_size for file in database.parent.glob(f"{database.name}*")),
        written_bytes(),
    )


def written_bytes() -> int:
    """Bytes that this process has made dirty in the page cache of disks so far, as the kernel counts them.

    What is written into memory (tmpfs, pipes, sockets) is not among them. On virtual time: with
    `tests.soak.writeback`.
    """
    lines = Path("/proc/self/io").read_text().splitlines()
    found = {name: int(number) for name, number in (line.split(": ") for line in lines)}
    return found["write_bytes"]
