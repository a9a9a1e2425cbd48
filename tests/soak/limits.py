"""What a box may hold and write over a long time, and whether it kept to it."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from tests.soak.gauges import Sample

GROWTH_KIB = 2048
"""Growth of resident memory that is none: the allocator of the C library and the page cache of SQLite move by as much
between two looks. A leak of 100 bytes in each of a day's 432,000 ticks would be 42 MB."""

GROWTH_COUNT = 0
"""Growth of descriptors, threads and tasks."""

DATABASE_BYTES = 16_000_000
"""Largest state file with its log: a full outbox has 8 MB, the log 4 MB before it comes home; the tables of proofs and
commands are bounded."""

WRITTEN_BYTES_PER_DAY = 50_000_000
"""Most that a bed may write in a day. A card of 32 GB that bears 3,000 rewrites of its cells, each byte written ten
times over within it, would bear that for 500 years; what wears one out is a box that writes gigabytes."""

DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Holding:
    """What a soak came to.

    Attributes:
        growth_kib, growth_descriptors, growth_threads, growth_tasks: median of the last quarter of the looks after
            warm-up less that of the first quarter.
        database_bytes: the largest.
        written_bytes_per_day: after warm-up, for a whole day.
    """

    growth_kib: float
    growth_descriptors: float
    growth_threads: float
    growth_tasks: float
    database_bytes: int
    written_bytes_per_day: int

    def broken(self) -> list[str]:
        """The limits that were not kept, in words."""
        found = (
            (self.growth_kib > GROWTH_KIB, f"memory grew by {self.growth_kib:.0f} KiB (limit {GROWTH_KIB})"),
            (self.growth_descriptors > GROWTH_COUNT, f"{self.growth_descriptors:g} descriptors more than before"),
            (self.growth_threads > GROWTH_COUNT, f"{self.growth_threads:g} threads more than before"),
            (self.growth_tasks > GROWTH_COUNT, f"{self.growth_tasks:g} tasks more than before"),
            (self.database_bytes > DATABASE_BYTES, f"the state file had {self.database_bytes} bytes"),
            (
                self.written_bytes_per_day > WRITTEN_BYTES_PER_DAY,
                f"{self.written_bytes_per_day} bytes written in a day (limit {WRITTEN_BYTES_PER_DAY})",
            ),
        )
        return [words for wrong, words in found if wrong]


def holding(samples: Sequence[Sample], warm_up_s: float) -> Holding:
    """Judge the looks after warm-up.

    Args:
        samples: in order.
        warm_up_s: until then a box may grow: models are loaded, buffers fill, caches warm.

    Raises:
        ValueError: there are fewer than eight looks after it.
    """
    settled = [one for one in samples if one.at_s >= warm_up_s]
    if len(settled) < 8:
        raise ValueError(f"{len(settled)} looks after a warm-up of {warm_up_s:g} s: eight are needed")
    quarter = len(settled) // 4
    early, late = settled[:quarter], settled[-quarter:]

    def growth(name: str) -> float:
        def middle(part: Sequence[Sample]) -> float:
            return statistics.median([float(getattr(one, name)) for one in part])

        return middle(late) - middle(early)

    span_s = settled[-1].at_s - settled[0].at_s
    written = settled[-1].written_bytes - settled[0].written_bytes
    return Holding(
        growth("resident_kib"),
        growth("descriptors"),
        growth("threads"),
        growth("tasks"),
        max(one.database_bytes for one in samples),
        round(written / span_s * DAY_S),
    )
