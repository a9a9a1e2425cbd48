"""A session in which much goes wrong with the wristband, written by hand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from edge.errors import SensorReason
from edge.recorder.events import BlockArrived, Event, StatusChanged, Ticked
from edge.sensors.simulated.scene import DEMO_SCENE, Scene
from edge.sensors.simulated.waveform import GSR_HZ, PPG_HZ, synthesise
from edge.types import NS_PER_S, Channel, SampleBlock, SensorState, SensorStatus
from tests.recorder.events import FACTS, write

START_NS = FACTS.start.mono_ns
SECONDS = 50
LOST_S, BACK_S = 20, 24
"""The band is gone between these."""
SILENT_S, HEARD_S = 30, 33
"""The band is connected and says nothing between these."""


def write_troubled(path: Path) -> Path:
    """A session of a band that is lost and comes back, falls silent, and whose blocks come late, twice and broken."""
    return write(path, _events())


def at(second: float) -> int:
    """Monotonic time of a second of the session."""
    return START_NS + round(second * NS_PER_S)


def _events() -> Iterator[Event]:
    waves = synthesise(Scene.load(DEMO_SCENE), 1)
    tracks = ((Channel.PPG, PPG_HZ, waves.ppg), (Channel.GSR_US, GSR_HZ, waves.gsr_us))
    late: list[SampleBlock] = []
    yield StatusChanged(at(0), SensorStatus("wrist", SensorState.CONNECTING, SensorReason.STARTING, at(0)))
    for second in range(1, SECONDS):
        yield Ticked(at(second - 0.5))
        if second == LOST_S:
            yield StatusChanged(
                at(second), SensorStatus("wrist", SensorState.LOST, SensorReason.DISCONNECTED, 0, "gone")
            )
        if LOST_S <= second < BACK_S or SILENT_S <= second < HEARD_S:
            continue
        yield StatusChanged(at(second), SensorStatus("wrist", SensorState.STREAMING, None, at(second)))
        for channel, rate_hz, wave in tracks:
            values = wave[round((second - 1) * rate_hz) : round(second * rate_hz)]
            lost = 5 if second == 40 else 0
            one = SampleBlock("wrist", channel, values, rate_hz, at(second), float(second - 1), lost)
            if second == 12:
                late.append(one)
                continue
            yield BlockArrived(at(second), _broken(one) if second == 16 else one)
            if second % 7 == 0:
                yield BlockArrived(at(second), one)
        if second == 14:
            yield from (BlockArrived(at(second), replace(one, arrived_ns=at(second))) for one in late)
    yield Ticked(at(SECONDS))


def _broken(block: SampleBlock) -> SampleBlock:
    """The same with holes in it."""
    values = block.values.copy()
    values[1:3] = np.nan, np.inf
    return replace(block, values=values)
