"""What a box may hold and write over a long time, and whether it kept to it."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from tests.soak.gauges import Sample

CONFIDENCE = 0.99
"""Of the bound below which growth of resident memory is noise: one sound soak in a hundred is called a leak."""

BLOCKS = 24
"""The median of so many blocks of looks after warm-up is taken: what sways from look to look is evened out."""

LEAST_LOOKS = 8
"""After warm-up; fewer are no verdict."""

DATABASE_BYTES = 16_000_000
"""Largest state file with its log: a full outbox has 8 MB, the log 4 MB before it comes home; the tables of proofs and
commands are bounded."""

WRITTEN_BYTES_PER_DAY = 50_000_000
"""Most that a bed may write in a day. A card of 32 GB that bears 3,000 rewrites of its cells, each byte written ten
times over within it, would bear that for 500 years; what wears one out is a box that writes gigabytes."""

BAD_DAY_PER_HOUR = 60.0
"""Alarm transitions an hour up to which that holds: six times those of a mixed day. A soak whose bed alarms more often
may write as much more: a clip of three minutes that is shown again and again rings every half minute."""

DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Drift:
    """How a gauge has moved over the looks after warm-up.

    Attributes:
        growth: from the first block of looks to the last.
        noise: growth that chance alone explains, see `drift`.
    """

    growth: float
    noise: float

    @property
    def grows(self) -> bool:
        """Whether it is more than chance explains."""
        return self.growth > self.noise


@dataclass(frozen=True, slots=True)
class Holding:
    """What a soak came to.

    Attributes:
        memory_kib: resident memory.
        growth_descriptors, growth_threads, growth_tasks: how much more the last quarter of the looks after warm-up has
            than the first, by the least or by the median, whichever says less: an outage takes some away and a
            reconnection adds some, for a moment.
        database_bytes: the largest.
        written_bytes_per_day: after warm-up, for a whole day.
        transitions_per_hour: of alarms.
    """

    memory_kib: Drift
    growth_descriptors: int
    growth_threads: int
    growth_tasks: int
    database_bytes: int
    written_bytes_per_day: int
    transitions_per_hour: float = 0.0

    @property
    def may_write(self) -> int:
        """Bytes a day that this bed may write."""
        return round(WRITTEN_BYTES_PER_DAY * max(1.0, self.transitions_per_hour / BAD_DAY_PER_HOUR))

    def broken(self) -> list[str]:
        """The limits that were not kept, in words."""
        memory = self.memory_kib
        found = (
            (memory.grows, f"memory grew by {memory.growth:.0f} KiB, and noise explains {memory.noise:.0f}"),
            (self.growth_descriptors > 0, f"{self.growth_descriptors} descriptors more than before"),
            (self.growth_threads > 0, f"{self.growth_threads} threads more than before"),
            (self.growth_tasks > 0, f"{self.growth_tasks} tasks more than before"),
            (self.database_bytes > DATABASE_BYTES, f"the state file had {self.database_bytes} bytes"),
            (
                self.written_bytes_per_day > self.may_write,
                f"{self.written_bytes_per_day} bytes written in a day (limit {self.may_write})",
            ),
        )
        return [words for wrong, words in found if wrong]


def drift(values: Sequence[float], blocks: int = BLOCKS) -> Drift:
    """Whether a series drifts upwards.

    What a process holds moves as a random walk: an allocator takes a page now and then and keeps it. Without a leak
    the steps from block to block have the mean 0, so their sum is noise as long as it stays below
    t * s * sqrt(n): s is the standard deviation of the n steps, t Student's quantile at `CONFIDENCE`, one-sided, with
    n - 1 degrees of freedom. A single step up is thus no leak, and the same step again and again is one.

    Args:
        values: at equal distances in time, at least `LEAST_LOOKS`.
        blocks: at most so many.
    """
    size = max(1, len(values) // blocks)
    whole = range(len(values) % size, len(values), size)
    middles = [statistics.median(values[at : at + size]) for at in whole]
    steps = [after - before for before, after in pairwise(middles)]
    return Drift(sum(steps), _student(CONFIDENCE, len(steps) - 1) * statistics.stdev(steps) * len(steps) ** 0.5)


def _more(early: Sequence[int], late: Sequence[int]) -> int:
    return min(min(late) - min(early), statistics.median_low(late) - statistics.median_low(early))


def _student(probability: float, freedom: int) -> float:
    """Quantile of Student's t from that of the normal distribution (Abramowitz and Stegun, 26.7.5, three terms)."""
    z = statistics.NormalDist().inv_cdf(probability)
    return z + (z**3 + z) / (4 * freedom) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)


def holding(samples: Sequence[Sample], warm_up_s: float, transitions_per_hour: float = 0.0) -> Holding:
    """Judge the looks after warm-up.

    Args:
        samples: in order.
        warm_up_s: until then a box may grow: models are loaded, buffers fill, caches warm.
        transitions_per_hour: of alarms.

    Raises:
        ValueError: there are fewer than `LEAST_LOOKS` after it.
    """
    settled = [one for one in samples if one.at_s >= warm_up_s]
    if len(settled) < LEAST_LOOKS:
        raise ValueError(f"{len(settled)} looks after a warm-up of {warm_up_s:g} s: {LEAST_LOOKS} are needed")
    quarter = len(settled) // 4
    early, late = settled[:quarter], settled[-quarter:]
    span_s = settled[-1].at_s - settled[0].at_s
    written = settled[-1].written_bytes - settled[0].written_bytes
    return Holding(
        drift([one.resident_kib for one in settled]),
        _more([one.descriptors for one in early], [one.descriptors for one in late]),
        _more([one.threads for one in early], [one.threads for one in late]),
        _more([one.tasks for one in early], [one.tasks for one in late]),
        max(one.database_bytes for one in samples),
        round(written / span_s * DAY_S),
        transitions_per_hour,
    )
