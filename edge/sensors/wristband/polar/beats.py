"""From a Polar sensor's pulse-to-pulse intervals to blocks of beats."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

import numpy as np

from edge.sensors.wristband.heart_rate import LONGEST_RR_S, SHORTEST_RR_S
from edge.sensors.wristband.polar.frame import PmdFrame, PulseInterval, intervals
from edge.types import NS_PER_S, Channel, SampleBlock

LARGEST_ERROR_MS = 30
"""Intervals whose error the sensor puts higher are left out: 30 ms is the size of the beat-to-beat variability
(RMSSD) of a person at rest that they are to show."""

MS_PER_S = 1000.0


def beat_blocks(sensor: str, received: PmdFrame, arrived_ns: int) -> Iterator[SampleBlock]:
    """The blocks of one frame of kind PPI: a block per run of usable intervals.

    Polar says of its own contact flag that it cannot be trusted in the OH1 and the Verity Sense: it takes intervals out
    here, but is not handed on as CONTACT, where it would call a worn band not worn.

    Most sensors send no time with intervals. Such a frame is placed by its arrival, so that only the run that reaches
    up to its end can be used.

    Raises:
        DecodeError: the frame is damaged.
    """
    told = intervals(received)
    # From the end of the frame back to the end of each interval.
    before_end_s = np.cumsum([one.interval_ms / MS_PER_S for one in reversed(told)])[::-1]
    at, lost = 0, 0
    for usable, group in groupby(told, _usable):
        run = list(group)
        first, at = at, at + len(run)
        if not usable or not (received.stamp_ns or at == len(told)):
            lost += len(run)
            continue
        values = np.array([one.interval_ms / MS_PER_S for one in run], np.float32)
        ended_s = before_end_s[first] - run[0].interval_ms / MS_PER_S
        device_s = received.stamp_ns / NS_PER_S - float(ended_s) if received.stamp_ns else None
        yield SampleBlock(sensor, Channel.IBI_S, values, 0.0, arrived_ns, device_s, lost)
        lost = 0


def _usable(interval: PulseInterval) -> bool:
    possible = SHORTEST_RR_S <= interval.interval_ms / MS_PER_S <= LONGEST_RR_S
    return possible and not interval.moved and interval.contact is not False and interval.error_ms <= LARGEST_ERROR_MS
