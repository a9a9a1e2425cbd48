"""A wristband's clock and its radio link, simulated: when blocks are measured and when they arrive.

Delays are those of notifications over Bluetooth LE as seen by the host: they wait for the next connection event (its
interval is 7.5 ms to 4 s, 30 to 50 ms in Linux), are repeated at the next event when the radio was disturbed, queue up
in the band meanwhile and then arrive at once, always in order.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.types import NS_PER_S, Channel, SampleBlock

RATE_HZ = 64.0
"""Samples per second."""

FLOOR_S = 0.030
"""Least delay of every simulated link, seconds."""

Seconds = NDArray[np.float64]
Delays = Callable[[np.random.Generator, Seconds], Seconds]
"""From the moments at which blocks are ready to their delays beyond nothing, seconds, (n,) to (n,)."""


@dataclass(frozen=True, slots=True)
class Link:
    """A simulated band.

    Attributes:
        delays: of its notifications.
        drift_ppm: by how much its clock is fast.
        block: samples in a block.
        in_order: whether a block waits for the one before (as BLE sees to).
    """

    delays: Delays
    drift_ppm: float = 0.0
    block: int = 16
    in_order: bool = True

    def blocks(self, seconds: float, seed: int, *, stamped: bool = True, start_s: float = 500.0) -> list[SampleBlock]:
        """What arrives, in the order of arrival. Values are the true times of measurement, seconds after `start_s`."""
        rng = np.random.default_rng(seed)
        count = int(seconds * RATE_HZ / self.block)
        device_s = np.arange(count * self.block) / RATE_HZ
        true_s = device_s / (1.0 + self.drift_ppm * 1e-6)
        ready_s = true_s[self.block - 1 :: self.block]
        arrived_s = ready_s + self.delays(rng, ready_s)
        if self.in_order:
            arrived_s = np.maximum.accumulate(arrived_s)
        return [
            SampleBlock(
                "band",
                Channel.PPG,
                true_s[k * self.block : (k + 1) * self.block].astype(np.float32),
                RATE_HZ,
                round((start_s + arrived_s[k]) * NS_PER_S),
                float(device_s[k * self.block]) if stamped else None,
            )
            for k in np.argsort(arrived_s, kind="stable")
        ]


def uniform(rng: np.random.Generator, ready_s: Seconds) -> Seconds:
    """30 to 300 ms, every delay as likely as any other."""
    return rng.uniform(FLOOR_S, 0.3, ready_s.size)


def bell(rng: np.random.Generator, ready_s: Seconds) -> Seconds:
    """30 ms and a gamma distribution (shape 3, mean 90 ms): delays near the least are rare."""
    return FLOOR_S + rng.gamma(3.0, 0.03, ready_s.size)


def connection_events(rng: np.random.Generator, ready_s: Seconds) -> Seconds:
    """Events every 48.75 ms; a quarter of the transmissions fails and is repeated at the next event."""
    return _events(rng, ready_s, 0.04875)


def beating_events(rng: np.random.Generator, ready_s: Seconds) -> Seconds:
    """Events every 50 ms, of which five make the quarter second between blocks: the wait hardly changes for minutes."""
    return _events(rng, ready_s, 0.05)


def _events(rng: np.random.Generator, ready_s: Seconds, interval_s: float) -> Seconds:
    wait_s = np.ceil(ready_s / interval_s + 1e-9) * interval_s - ready_s
    return FLOOR_S + wait_s + interval_s * (rng.geometric(0.75, ready_s.size) - 1)


def pauses(rng: np.random.Generator, ready_s: Seconds) -> Seconds:
    """30 to 300 ms, and every five seconds or so a pause of 1 to 2 s, after which the queue arrives at once."""
    delays_s = uniform(rng, ready_s)
    at_s = 0.0
    while at_s < ready_s[-1]:
        at_s += rng.exponential(5.0)
        until_s = at_s + rng.uniform(1.0, 2.0)
        held = (ready_s >= at_s) & (ready_s < until_s)
        delays_s[held] = np.maximum(delays_s[held], until_s - ready_s[held])
        at_s = until_s
    return delays_s


def congested(rng: np.random.Generator, ready_s: Seconds) -> Seconds:
    """30 to 300 ms, and from 90 s to 120 s (and every two minutes after) 400 ms more."""
    busy = (ready_s >= 90.0) & ((ready_s - 90.0) % 120.0 < 30.0)
    return np.asarray(uniform(rng, ready_s) + 0.4 * busy, np.float64)
