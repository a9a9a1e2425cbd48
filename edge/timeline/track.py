"""One channel of one band: its ring, its rate, and what may not be reached back into."""

from __future__ import annotations

import math

import numpy as np

from edge.timeline.device_clock import Placement
from edge.timeline.period import Period
from edge.timeline.ring import EARLIEST_NS, Ring, Times, Values
from edge.timeline.stamps import usable
from edge.types import NS_PER_S, Channel, SampleBlock, Window

HISTORY_S = 180.0
"""Seconds kept per channel: three of the estimators' 60 s windows."""

IRREGULAR_CAPACITY = 720
"""Samples kept of a channel without a rate: 180 s of heart beats at 240 per minute."""

LARGEST_CAPACITY = 1 << 18
"""Samples kept at most, whatever rate is declared: 180 s at 1,456 Hz, 10 MB for three axes."""

HOLD_S = 3.0
"""How long a single reading (heart rate, contact) counts as covering: the Heart Rate Service notifies about once per
second, so two may be missed."""


class Track:
    """The samples of one channel on the box's clock.

    Args:
        block: the first block; later ones must have its shape but may change the rate.
    """

    def __init__(self, block: SampleBlock) -> None:
        """Begin empty."""
        self.channel = block.channel
        self.rate_hz = block.rate_hz
        self.ring = Ring(_capacity(block.rate_hz), block.values.shape[1] if block.values.ndim == 2 else 0)
        self.period = Period()
        self.duplicates = 0
        self._shape = block.values.shape[1:]
        self._floor_ns: int | None = None

    def accepts(self, block: SampleBlock) -> bool:
        """Whether the block's values have this track's shape."""
        return block.values.shape[1:] == self._shape

    def follow(self, placement: Placement) -> None:
        """Apply what the device clock found out to what is held already."""
        if placement.restarted:
            self._floor_ns = self.ring.newest_ns
        elif placement.moved_ns:
            since_ns = EARLIEST_NS if self._floor_ns is None else self._floor_ns + 1
            self.ring.move_since(since_ns, placement.moved_ns)

    def add(self, block: SampleBlock, times: Times) -> None:
        """Keep what is new of these samples: a clock that began anew may not reach back into what was placed before."""
        keep = usable(block)
        if self._floor_ns is not None:
            keep &= times > self._floor_ns
        times, values = _rising(times[keep]), block.values[keep]
        if block.rate_hz and block.rate_hz != self.rate_hz:
            self.rate_hz = block.rate_hz
            self.ring = self.ring.grown(_capacity(block.rate_hz))
        if not len(times):
            return
        period_s = 1.0 / block.rate_hz if block.rate_hz else 0.0
        newest_ns = self.ring.newest_ns
        if newest_ns is None or times[0] > newest_ns:
            self.ring.append(times, values, period_s)
            return
        apart_ns = max(1, round(period_s * NS_PER_S / 2))
        self.duplicates += len(times) - self.ring.merge(times, values, period_s, apart_ns)

    def window(self, start_ns: int, end_ns: int) -> Window:
        """The samples in [start_ns, end_ns), and how much of the span they cover."""
        times, values, periods = self.ring.between(start_ns, end_ns)
        covered_s = float(periods.sum(dtype=np.float64))
        if len(times) and not self.rate_hz:
            covered_s = self._covered_s(times, values, start_ns, end_ns)
        coverage = min(1.0, covered_s * NS_PER_S / max(1, end_ns - start_ns))
        return Window(self.channel, self.rate_hz, start_ns, end_ns, times, values, coverage)

    def _covered_s(self, times: Times, values: Values, start_ns: int, end_ns: int) -> float:
        """Seconds of [start_ns, end_ns) that samples without a rate account for."""
        if self.channel is Channel.IBI_S and values.ndim == 1:
            begins = times - np.rint(values.astype(np.float64) * NS_PER_S)
            return float(np.sum(times - np.maximum(begins, start_ns))) / NS_PER_S
        held = np.diff(np.append(times, end_ns)) / NS_PER_S
        return float(np.sum(np.minimum(held, HOLD_S)))


def _rising(times: Times) -> Times:
    """The same times, strictly rising: readings without times of their own lie one nanosecond apart."""
    order = np.arange(len(times), dtype=np.int64)
    return np.asarray(np.maximum.accumulate(times - order) + order, np.int64)


def _capacity(rate_hz: float) -> int:
    return min(LARGEST_CAPACITY, max(64, math.ceil(HISTORY_S * rate_hz))) if rate_hz else IRREGULAR_CAPACITY
