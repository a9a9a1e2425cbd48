"""How well samples are placed when they were measured: residuals over simulated bands with known truth."""

from __future__ import annotations

import statistics
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.benchmarks import Figure
from edge.benchmarks.radio import (
    FLOOR_S,
    RATE_HZ,
    Link,
    Seconds,
    beating_events,
    bell,
    congested,
    connection_events,
    pauses,
    uniform,
)
from edge.timeline import Timeline
from edge.types import NS_PER_S, Channel, SampleBlock

START_S = 500.0
"""Box time at which the simulated bands begin, seconds."""

MEASURED_S = 130.0
"""Length of each simulated recording, seconds: the second minute is the hardest that counts, as the estimate goes on
getting better."""

SETTLED_S = 60.0
"""Samples measured before are not counted, seconds."""

READ_OUT_S = 60.0
"""Placed times are read out this often, seconds."""

LATEST_S = 10.0
"""Everything that was measured this long ago has arrived, seconds."""

SEEDS = range(8)
"""Recordings per situation; the residual is taken over all their samples."""

LINKS = {
    "uniform_0ppm": Link(uniform),
    "uniform_+100ppm": Link(uniform, 100.0),
    "uniform_-100ppm": Link(uniform, -100.0),
    "uniform_+300ppm": Link(uniform, 300.0),
    "uniform_-300ppm": Link(uniform, -300.0),
    "uniform_unordered": Link(uniform, 100.0, in_order=False),
    "bell_100ppm": Link(bell, 100.0),
    "connection_events_100ppm": Link(connection_events, 100.0),
    "beating_events_100ppm": Link(beating_events, 100.0),
    "pauses_+100ppm": Link(pauses, 100.0),
    "pauses_-100ppm": Link(pauses, -100.0),
    "congested_100ppm": Link(congested, 100.0),
    "sparse_+100ppm": Link(uniform, 100.0, block=64),
    "sparse_-100ppm": Link(uniform, -100.0, block=64),
    "sparse_pauses_100ppm": Link(pauses, 100.0, block=64),
}
"""Bands with a clock. Drift: by how much it is fast. Sparse: one block of 64 samples per second, else four of 16."""

COUNTED_LINKS = {
    "uniform_100ppm": Link(uniform, 100.0),
    "uniform_+1.5%": Link(uniform, 15_000.0),
    "uniform_-1.5%": Link(uniform, -15_000.0),
    "pauses_1.5%": Link(pauses, 15_000.0),
}
"""Bands whose blocks carry no time. Drift: by how much the sampling rate exceeds the nominal one."""


@dataclass(frozen=True, slots=True)
class Residual:
    """Placed time less true time of all samples after the first minute.

    Attributes:
        p95_ms: 95th percentile of its size, with the link's least delay told to the timeline.
        max_ms: its largest size.
        mean_ms: its mean.
        untold_p95_ms: 95th percentile of its size where the timeline does not know the least delay.
        bend: largest relative change of a distance of one second between two samples against the device's clock,
            after the first minute.
        minimum_p95_ms: what `p95_ms` would be with the smallest difference of the last minute as the offset, drift
            unknown (the minimum filter of RFC 5905, section 10): the peer.
    """

    p95_ms: float
    max_ms: float
    mean_ms: float
    untold_p95_ms: float
    bend: float
    minimum_p95_ms: float


def figures(seeds: Sequence[int] = SEEDS) -> Iterator[Figure]:
    """Residuals in every situation, with and without device times, and the cost of placing one block."""
    for name, link in LINKS.items():
        yield _figure(f"timeline_residual_p95_ms_{name}", residual(link, seeds=seeds))
    for name, link in COUNTED_LINKS.items():
        yield _figure(f"timeline_counted_residual_p95_ms_{name}", residual(link, stamped=False, seeds=seeds))
    bursts = residual(LINKS["pauses_+100ppm"], seeds=seeds)
    yield Figure("timeline_residual_max_ms", bursts.max_ms, "ms")
    yield Figure("timeline_residual_p95_ms_least_delay_untold", bursts.untold_p95_ms, "ms")
    yield Figure("timeline_two_bands_apart_p95_ms", apart_p95_ms(seeds), "ms")
    yield Figure("timeline_bend_max_percent", 100 * bursts.bend, "%")
    yield Figure("timeline_push_us_median", _push_us(), "us")


def _figure(name: str, found: Residual) -> Figure:
    return Figure(name, found.p95_ms, "ms", "running minimum", found.minimum_p95_ms)


def _push_us() -> float:
    """Median microseconds to place one block of 16 samples."""
    timeline, costs = Timeline(), []
    for block in LINKS["pauses_+100ppm"].blocks(MEASURED_S, 0, start_s=START_S):
        began = time.perf_counter()
        timeline.push(block)
        costs.append(1e6 * (time.perf_counter() - began))
    return statistics.median(costs)


def residual(link: Link, *, stamped: bool = True, seeds: Iterable[int] = SEEDS) -> Residual:
    """Play recordings of a link into timelines and compare with the truth."""
    plays = [_play(link.blocks(MEASURED_S, seed, stamped=stamped, start_s=START_S)) for seed in seeds]
    error_ms = 1e3 * np.concatenate([play.told for play in plays])
    return Residual(
        _p95_ms(play.told for play in plays),
        float(np.abs(error_ms).max()),
        float(error_ms.mean()),
        _p95_ms(play.untold for play in plays),
        max(play.bend(link.drift_ppm) for play in plays),
        _p95_ms(play.minimum for play in plays),
    )


def _p95_ms(errors: Iterable[Seconds]) -> float:
    return 1e3 * float(np.percentile(np.abs(np.concatenate(list(errors))), 95))


@dataclass(frozen=True, slots=True)
class _Play:
    """Errors of one recording after the first minute, seconds, (n,) each."""

    true_s: Seconds
    told: Seconds
    untold: Seconds
    minimum: Seconds

    def bend(self, drift_ppm: float) -> float:
        """Largest relative change of a distance of one second on the device's clock."""
        step = round(RATE_HZ)
        times_s, device_s = self.true_s + self.told, self.true_s * (1.0 + drift_ppm * 1e-6)
        return float(np.abs((times_s[step:] - times_s[:-step]) / (device_s[step:] - device_s[:-step]) - 1.0).max())


def _play(blocks: list[SampleBlock]) -> _Play:
    told_s, true_s = placed(blocks, FLOOR_S)
    untold_s, untold_true_s = placed(blocks, 0.0)
    minimum_s, minimum_true_s = _by_minimum(blocks)
    return _Play(
        true_s[_counts(true_s)],
        (told_s - true_s)[_counts(true_s)],
        (untold_s - untold_true_s)[_counts(untold_true_s)],
        (minimum_s - minimum_true_s)[_counts(minimum_true_s)],
    )


def _counts(true_s: Seconds) -> NDArray[np.bool_]:
    """Which samples count: neither from the first minute nor still on their way at the end."""
    return (true_s >= SETTLED_S) & (true_s < MEASURED_S - LATEST_S)


def apart_p95_ms(seeds: Iterable[int]) -> float:
    """95th percentile of the distance at which two bands place the same moment; their drifts are 200 ppm apart."""
    moments_s = np.arange(SETTLED_S, MEASURED_S - LATEST_S, 0.1)
    apart = []
    for seed in seeds:
        left, right = (
            placed(Link(pauses, drift_ppm).blocks(MEASURED_S, 2 * seed + side, start_s=START_S), 0.0)
            for side, drift_ppm in enumerate((100.0, -100.0))
        )
        apart.append(np.interp(moments_s, left[1], left[0]) - np.interp(moments_s, right[1], right[0]))
    return _p95_ms(apart)


def placed(blocks: list[SampleBlock], least_delay_s: float) -> tuple[Seconds, Seconds]:
    """Placed and true times of every sample, seconds after the start; read out often, before the history forgets."""
    timeline = Timeline(least_delay_s=least_delay_s)
    times, truth = [], []
    since_s = -1.0
    for block in blocks:
        timeline.push(block)
        until_s = block.arrived_ns / NS_PER_S - START_S - LATEST_S
        if until_s - since_s >= READ_OUT_S or block is blocks[-1]:
            until_s += 2 * LATEST_S if block is blocks[-1] else 0.0
            window = timeline.window("band", Channel.PPG, round((START_S + until_s) * NS_PER_S), until_s - since_s)
            if window is not None:
                times.append(window.times_ns / NS_PER_S - START_S)
                truth.append(window.values.astype(np.float64))
            since_s = until_s
    return np.concatenate(times), np.concatenate(truth)


def _by_minimum(blocks: list[SampleBlock]) -> tuple[Seconds, Seconds]:
    """The peer's times and the true ones, seconds after the start, in the order of arrival."""
    seen: deque[tuple[int, float]] = deque()
    times, truth, device_s = [], [], 0.0
    for block in blocks:
        device_s = block.device_s if block.device_s is not None else device_s
        samples_s = device_s + np.arange(len(block.values)) / RATE_HZ
        device_s += len(block.values) / RATE_HZ  # the next one's, where blocks carry none
        seen.append((block.arrived_ns, block.arrived_ns / NS_PER_S - START_S - float(samples_s[-1])))
        while seen[0][0] < block.arrived_ns - 60 * NS_PER_S:
            seen.popleft()
        times.append(samples_s + min(offset_s for _, offset_s in seen) - FLOOR_S)
        truth.append(block.values.astype(np.float64))
    return np.concatenate(times), np.concatenate(truth)
