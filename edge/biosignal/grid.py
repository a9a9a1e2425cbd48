"""Samples with measurement times on a regular grid, gaps marked."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.biosignal.median import mean
from edge.types import NS_PER_S, Window

Signal = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """The newest stretch of one channel, sample by sample.

    Attributes:
        values: (n,) or (n, axes) samples, gaps bridged by straight lines so that filters do not ring.
        present: (n,) whether the sample was really measured.
        rate_hz: sampling rate.
    """

    values: Signal
    present: Mask
    rate_hz: float

    @property
    def coverage(self) -> float:
        """Share of samples that were really measured, 0..1."""
        return mean(self.present) if self.present.size else 0.0

    def last(self, seconds: float) -> Grid:
        """The newest `seconds`."""
        count = round(seconds * self.rate_hz)
        return Grid(self.values[-count:], self.present[-count:], self.rate_hz)


def on_grid(window: Window, end_ns: int, seconds: float) -> Grid:
    """Place the samples of a window on a regular grid that ends at `end_ns`.

    Args:
        window: samples of a regularly sampled channel; those outside the span, and not finite, are left out.
        end_ns: end of the span (exclusive), monotonic nanoseconds.
        seconds: length of the span.

    Returns:
        A grid of round(seconds * rate) samples.

    Raises:
        ValueError: the channel is irregular (rate 0).
    """
    if window.rate_hz <= 0.0:
        raise ValueError(f"{window.channel} has no sampling rate")
    count = round(seconds * window.rate_hz)
    margin_ns = round(NS_PER_S / window.rate_hz)
    span_ns = (end_ns - round(seconds * NS_PER_S) - margin_ns, end_ns + margin_ns)
    first, last = np.searchsorted(window.times_ns, span_ns).tolist()
    times_ns = window.times_ns[first:last]
    values = window.values[first:last]
    places = count - np.ceil((end_ns - times_ns) * (window.rate_hz / NS_PER_S) - 1e-6).astype(np.int64)
    finite = np.isfinite(values)
    good = (places >= 0) & (places < count) & (finite if values.ndim == 1 else finite.all(axis=1))
    present = np.zeros(count, dtype=np.bool_)
    kept = places[good]
    present[kept] = True
    filled = np.zeros((count, *values.shape[1:]))
    filled[kept] = values[good]
    if kept.size and not present.all():
        filled = bridge(filled.reshape(count, -1), present).reshape(filled.shape)
    return Grid(filled, present, window.rate_hz)


def bridge(values: Signal, present: Mask) -> Signal:
    """Replace absent samples by straight lines between their neighbours.

    Args:
        values: (n, axes) samples.
        present: (n,) which of them were measured; at least one.
    """
    index = np.arange(present.size)
    known = index[present]
    return np.stack([np.interp(index, known, values[present, axis]) for axis in range(values.shape[1])], axis=1)
