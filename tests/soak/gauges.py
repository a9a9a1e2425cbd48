"""What a process holds and has written, from the kernel's own books (proc(5))."""

from __future__ import annotations

import asyncio
import ctypes
import gc
import os
from array import array
from dataclasses import astuple, dataclass, fields
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


_WIDTH = len(fields(Sample))


class Looks:
    """Samples in memory that is taken at the start: the soak itself must not grow beside the box.

    Args:
        most: how many there may be.
    """

    def __init__(self, most: int) -> None:
        self._rows = array("d", bytes(8 * _WIDTH * most))
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def append(self, sample: Sample) -> None:
        """Keep one.

        Raises:
            ValueError: there are too many.
        """
        at = self._count * _WIDTH
        if at == len(self._rows):
            raise ValueError(f"there is room for {self._count} looks")
        self._rows[at : at + _WIDTH] = array("d", astuple(sample))
        self._count += 1

    def all(self) -> list[Sample]:
        """All of them, in order."""
        rows = (self._rows[at : at + _WIDTH] for at in range(0, self._count * _WIDTH, _WIDTH))
        return [Sample(row[0], *map(int, row[1:])) for row in rows]


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
