"""The simulated wristband: an ordinary driver whose samples come from the seeded generator and follow a scene."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from edge.clock import Clock
from edge.section import FilePath
from edge.sensors.driver import Driver
from edge.sensors.simulated.scene import DEMO_SCENE, Scene
from edge.sensors.simulated.waveform import ACC_HZ, GSR_HZ, PPG_HZ, synthesise
from edge.sensors.stanza import BandSection
from edge.types import NS_PER_S, Channel, SampleBlock

BLOCK_S = 0.5
"""Seconds of signal in one block, as a Bluetooth band bundles them (32 PPG samples: two notifications of 16)."""

_STALL_BLOCKS = 10
"""Blocks that may fail to come before the stream counts as stalled: 5 s, as with a band that is out of range for a
breath or two of its wearer."""


@dataclass(frozen=True, slots=True)
class _Track:
    """One channel of the whole scene."""

    channel: Channel
    rate_hz: float
    values: NDArray[np.float32]

    def between(self, start_s: float, end_s: float) -> NDArray[np.float32]:
        """The samples in [start_s, end_s)."""
        return self.values[round(start_s * self.rate_hz) : round(end_s * self.rate_hz)]


class SimulatedBand(BandSection):
    """A seeded PPG/GSR generator that follows a scene (docs/scenes.md)."""

    live: ClassVar[bool] = False

    driver: Literal["simulated_band"]
    """Always "simulated_band"."""
    scene: FilePath | None = Field(default=None, examples=["scene.toml"])
    """Scene file; default: the three-minute scene of `anodyne demo`."""
    seed: int = Field(default=1, ge=0)
    """Seed of the generator: the same seed gives the same samples."""

    def open(self, clock: Clock) -> Driver[SampleBlock]:
        """Its driver."""
        return ScenePlayer(self, clock)


class ScenePlayer:
    """A wristband that plays a scene: PPG 64 Hz, GSR 4 Hz, acceleration 32 Hz, in blocks of half a second.

    Scene time starts with the first connection and goes on while nobody is connected, as a patient's does. During
    `band_silent` the connection stays open and nothing comes. At the end of the scene the stream ends.

    Args:
        config: the sensor's stanza.
        clock: paces the blocks.

    Raises:
        ConfigError: the scene file cannot be used.
    """

    def __init__(self, config: SimulatedBand, clock: Clock) -> None:
        """Load the scene and generate its signals."""
        self._name = config.name
        self._clock = clock
        self.scene = Scene.load(config.scene or DEMO_SCENE)
        waveforms = synthesise(self.scene, config.seed)
        self._tracks = (
            _Track(Channel.PPG, PPG_HZ, waveforms.ppg),
            _Track(Channel.GSR_US, GSR_HZ, waveforms.gsr_us),
            _Track(Channel.ACC_G, ACC_HZ, waveforms.acc_g),
        )
        self._origin_ns: int | None = None

    @property
    def name(self) -> str:
        """Name from the configuration."""
        return self._name

    @property
    def stall_after_s(self) -> float:
        """Silence after which the stream counts as stalled."""
        return _STALL_BLOCKS * BLOCK_S

    async def stream(self) -> AsyncIterator[SampleBlock]:
        """Yield the blocks of the scene from now on, each at the moment its last sample was taken."""
        if self._origin_ns is None:
            self._origin_ns = self._clock.now_ns()
        elapsed_s = (self._clock.now_ns() - self._origin_ns) / NS_PER_S
        missed = 0
        for index in range(int(elapsed_s / BLOCK_S), int(self.scene.duration_s / BLOCK_S)):
            start_s = index * BLOCK_S
            await self._clock.sleep_until(self._origin_ns + round((start_s + BLOCK_S) * NS_PER_S))
            if self.scene.band_silent_at(start_s):
                missed += 1
                continue
            for track in self._tracks:
                yield self._block(track, start_s, missed)
            missed = 0

    def _block(self, track: _Track, start_s: float, missed: int) -> SampleBlock:
        return SampleBlock(
            sensor=self._name,
            channel=track.channel,
            values=track.between(start_s, start_s + BLOCK_S),
            rate_hz=track.rate_hz,
            arrived_ns=self._clock.now_ns(),
            device_s=start_s,
            lost_before=round(missed * BLOCK_S * track.rate_hz),
        )
