"""A band with a clock of its own, whose blocks can be lost, repeated, kept back and damaged."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from edge.timeline import Timeline
from edge.types import NS_PER_S, Channel, SampleBlock, Window

HZ = 64.0
BLOCK_S = 0.25
START_S = 1000.0
"""Box time of true time 0."""


@dataclass(frozen=True)
class Band:
    """Blocks of 16 samples whose values are their true times.

    Attributes:
        device_zero_s: true time at which the device's clock shows 0.
        drift_ppm: by how much that clock is fast.
    """

    device_zero_s: float = 0.0
    drift_ppm: float = 0.0

    def block(self, number: int, delay_s: float = 0.0, *, at_s: float | None = None) -> SampleBlock:
        """The block measured in the quarter second `number`; it arrives `delay_s` after its last sample or `at_s`."""
        true_s = number * BLOCK_S + np.arange(16) / HZ
        arrived_s = true_s[-1] + delay_s if at_s is None else at_s
        return SampleBlock(
            "wrist",
            Channel.PPG,
            true_s.astype(np.float32),
            HZ,
            round((START_S + arrived_s) * NS_PER_S),
            device_s=(true_s[0] - self.device_zero_s) * (1.0 + self.drift_ppm * 1e-6),
        )

    def blocks(self, begin_s: float, end_s: float, delay_s: float = 0.0) -> list[SampleBlock]:
        """The blocks of [begin_s, end_s)."""
        return [self.block(number, delay_s) for number in range(round(begin_s / BLOCK_S), round(end_s / BLOCK_S))]


def unstamped(blocks: list[SampleBlock]) -> list[SampleBlock]:
    """The same blocks from a band that sends no time."""
    return [replace(block, device_s=None) for block in blocks]


def filled(blocks: list[SampleBlock]) -> Timeline:
    """A timeline after these blocks, in the order of their arrival."""
    timeline = Timeline()
    for block in sorted(blocks, key=lambda one: one.arrived_ns):
        timeline.push(block)
    return timeline


def everything(timeline: Timeline, channel: Channel = Channel.PPG) -> Window:
    """All samples that are held."""
    window = timeline.window("wrist", channel, round((START_S + 50_000) * NS_PER_S), 100_000)
    assert window is not None
    return window


def errors_s(window: Window) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Placed less true time of every sample, seconds."""
    return np.asarray(window.times_ns / NS_PER_S - START_S - window.values, np.float64)


class Witness:
    """Writes down where samples are placed once the first seconds are over, and notices if one moves or goes."""

    def __init__(self, settled_s: float = 11.0) -> None:
        """Nothing is written yet."""
        self.timeline = Timeline()
        self.moved: list[float] = []
        self._settled_ns = round((START_S + settled_s) * NS_PER_S)
        self._placed: dict[float, int] = {}

    def push(self, blocks: list[SampleBlock]) -> None:
        """Push blocks in the order of their arrival, looking at everything once per second."""
        for count, block in enumerate(sorted(blocks, key=lambda one: one.arrived_ns)):
            self.timeline.push(block)
            if block.arrived_ns > self._settled_ns and count % 4 == 0:
                self._look()

    def _look(self) -> None:
        window = everything(self.timeline)
        now = dict(zip(window.values.tolist(), window.times_ns.tolist(), strict=True))
        oldest_ns = int(window.times_ns[0])
        self.moved += [
            value for value, time_ns in self._placed.items() if now.get(value) != time_ns and time_ns >= oldest_ns
        ]
        self._placed = now
