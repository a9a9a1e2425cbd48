"""Drivers that do what a script says, and care over them on a virtual clock."""

from __future__ import annotations

import asyncio
import math
import random
from collections.abc import AsyncIterator, Callable, Coroutine

import numpy as np

from edge.clock import Clock, VirtualClock, run
from edge.sensors.care import supervise
from edge.sensors.gauge import SensorGauge
from edge.types import NS_PER_S, Channel, Frame, SampleBlock, SensorState, SensorStatus

Script = Callable[["Band"], AsyncIterator[SampleBlock]]
"""One connection of a band."""


class Band:
    """A band whose connections each follow a script; the last one is repeated."""

    stall_after_s = 5.0

    def __init__(self, clock: Clock, *scripts: Script, name: str = "wrist") -> None:
        """Remember the scripts."""
        self.name = name
        self.clock = clock
        self.opened = 0
        self.released = False
        """Tells a script that hangs that the test is over."""
        self._scripts = scripts

    async def stream(self) -> AsyncIterator[SampleBlock]:
        """Play the next script."""
        script = self._scripts[min(self.opened, len(self._scripts) - 1)]
        self.opened += 1
        async for block in script(self):
            yield block

    def block(self, channel: Channel, values: list[float], rate_hz: float = 0.0) -> SampleBlock:
        """A block that arrives now."""
        return SampleBlock(self.name, channel, np.array(values, np.float32), rate_hz, self.clock.now_ns())


class Camera:
    """A camera that yields pictures at a rate; `ages_s` says how old each is, the last one for ever."""

    name = "bedside"

    def __init__(self, clock: Clock, rate_hz: float, *, stall_after_s: float = 2.0, frozen_after: int = 10**9) -> None:
        """After `frozen_after` pictures the last one is handed out again and again."""
        self.clock = clock
        self.stall_after_s = stall_after_s
        self._rate_hz = rate_hz
        self._frozen_after = frozen_after

    async def stream(self) -> AsyncIterator[Frame]:
        """Pictures, for ever."""
        index = 0
        measured_ns = 0
        while True:
            await self.clock.sleep(1.0 / self._rate_hz)
            if index < self._frozen_after:
                measured_ns = self.clock.now_ns()
            yield Frame(self.name, np.zeros((2, 2), np.uint8), measured_ns, index)
            index += 1


def steady(
    seconds: float, shares: dict[Channel, float], then: Exception | None = None, *, hang: bool = False
) -> Script:
    """For so long a block of each channel per second, with this share of the samples it declares."""
    rates = {Channel.PPG: 64.0, Channel.GSR_US: 4.0, Channel.ACC_G: 32.0}

    async def script(band: Band) -> AsyncIterator[SampleBlock]:
        for _ in range(int(seconds)):
            await band.clock.sleep(1.0)
            for channel, share in shares.items():
                count = round(share * rates[channel])
                pulse = [math.sin(2.4 * math.pi * n / count) for n in range(count)]
                if count:
                    yield band.block(channel, pulse if channel is Channel.PPG else [2.0] * count, rates[channel])
        if then is not None:
            raise then
        if hang:
            await band.clock.sleep(1e9)

    return script


class Told:
    """What care told of one sensor."""

    def __init__(self) -> None:
        """Nothing yet."""
        self.items: list[SampleBlock] = []
        self.frames: list[Frame] = []
        self.statuses: list[SensorStatus] = []

    def first(self, state: SensorState) -> SensorStatus:
        """The first status with that state."""
        return next(status for status in self.statuses if status.state is state)

    def at_s(self, state: SensorState) -> float:
        """When that state was first told, seconds."""
        return self.first(state).since_ns / NS_PER_S


async def _watched(band: Band, told: Told, gauge: SensorGauge | None) -> None:
    rng = random.Random(7)  # noqa: S311  # jitter only
    await supervise(band, band.clock, told.items.append, told.statuses.append, gauge=gauge, rng=rng)


async def _until(clock: VirtualClock, seconds: float, *work: Coroutine[object, object, None]) -> None:
    tasks = [asyncio.ensure_future(one) for one in work]
    await clock.sleep(seconds)
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    for task in tasks:
        if not task.cancelled():
            task.result()


def care_for(*scripts: Script, seconds: float = 120.0, gauge: SensorGauge | None = None) -> Told:
    """Care for one band that follows these scripts, for so long."""
    clock, told = VirtualClock(), Told()
    run(clock, _until(clock, seconds, _watched(Band(clock, *scripts), told, gauge)))
    return told


def care_for_several(scripts: dict[str, Script], seconds: float = 120.0) -> tuple[dict[str, Told], float]:
    """Care for several bands at once; the number is the second at which all of it had ended."""
    clock = VirtualClock()
    bands = [Band(clock, script, name=name) for name, script in scripts.items()]
    told = {name: Told() for name in scripts}

    async def all_of_them() -> float:
        await _until(clock, seconds, *(_watched(band, told[band.name], None) for band in bands))
        ended_s = clock.now_ns() / NS_PER_S
        for band in bands:
            band.released = True
        return ended_s

    return told, run(clock, all_of_them())


def care_for_camera(
    rate_hz: float, seconds: float, *, expected_hz: float = 0.0, stall_after_s: float = 2.0, frozen_after: int = 10**9
) -> Told:
    """Care for a camera, for so long."""
    clock, told = VirtualClock(), Told()
    camera = Camera(clock, rate_hz, stall_after_s=stall_after_s, frozen_after=frozen_after)
    gauge = SensorGauge(stall_after_s, expected_hz)

    async def watched() -> None:
        await supervise(camera, clock, told.frames.append, told.statuses.append, gauge=gauge)

    run(clock, _until(clock, seconds, watched()))
    return told
