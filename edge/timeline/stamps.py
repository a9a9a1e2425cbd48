"""When the samples of a block were taken, on whatever clock the block knows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edge.timeline.mapping import Times
from edge.types import NS_PER_S, Channel, SampleBlock

LARGEST_DEVICE_S = 3.2e9
"""Device times beyond are damage: seconds since 1970 are less until 2071, and differences fit 64 bits."""

RATES_HZ = (0.01, 20_000.0)
"""Rates outside are damage: the framing of do-it-yourself bands counts in 0.01 Hz, and no wristband samples faster
than a sound card."""

LONGEST_BLOCK_S = 600.0
"""No band saves up ten minutes for one block."""

LONGEST_IBI_S = 10.0
"""Inter-beat intervals outside 0 to 10 s are damage. (Which of them are beats is for the estimators to say.)"""


def plausible(block: SampleBlock) -> bool:
    """Whether the block's times and shape can be meant: finite, within what a band may say."""
    if block.values.ndim > 2:
        return False
    if block.rate_hz and not RATES_HZ[0] <= block.rate_hz <= RATES_HZ[1]:  # NaN fails as well
        return False
    if block.rate_hz and len(block.values) / block.rate_hz > LONGEST_BLOCK_S:
        return False
    return block.device_s is None or abs(block.device_s) <= LARGEST_DEVICE_S


def since_first(block: SampleBlock, period_ns: float | None = None) -> NDArray[np.int64]:
    """Nanoseconds from the block's first sample to each of its samples, (n,), strictly rising.

    Args:
        block: the block.
        period_ns: distance of its samples where that is better known than by the nominal rate.
    """
    count = len(block.values)
    order = np.arange(count, dtype=np.int64)
    if block.rate_hz:
        return np.asarray(np.rint(order * (period_ns or NS_PER_S / block.rate_hz)), np.int64)
    if block.channel is Channel.IBI_S and block.values.ndim == 1:
        intervals = np.where(usable(block), block.values, 0.0)[1:].astype(np.float64)
        steps = np.maximum(1, np.rint(intervals * NS_PER_S).astype(np.int64))
        return np.concatenate((np.zeros(1, np.int64), np.cumsum(steps)))
    return order  # readings without times of their own keep their order only


def usable(block: SampleBlock) -> NDArray[np.bool_]:
    """Which samples are numbers (and, of intervals, lengths that a heart could make), (n,)."""
    values = block.values.reshape(len(block.values), -1)
    finite = np.asarray(np.isfinite(values).all(axis=1), np.bool_)
    if block.channel is Channel.IBI_S:
        finite &= ((values > 0.0) & (values <= LONGEST_IBI_S)).all(axis=1)
    return finite


def arrival_times(block: SampleBlock, newest_ns: int | None) -> Times:
    """Times of readings that are known only by their arrival, (n,)."""
    since = since_first(block)
    first_ns = block.arrived_ns - int(since[-1])
    return since + (first_ns if newest_ns is None else max(first_ns, newest_ns + 1))
