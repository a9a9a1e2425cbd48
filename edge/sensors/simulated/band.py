"""The simulated wristband: an ordinary driver whose samples come from the seeded generator and follow a scene."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from edge.clock import Clock
from edge.errors import SensorError, SensorReason
from edge.section import FilePath
from edge.sensors.driver import Driver
from edge.sensors.simulated.course import course_of
from edge.sensors.simulated.scene import DEMO_SCENE, Scene
from edge.sensors.simulated.waveform import ACC_HZ, GSR_HZ, PPG_HZ, Waveforms, synthesise
from edge.sensors.simulated.wrist import wrist_signals
from edge.sensors.stanza import BandSection
from edge.types import NS_PER_S, Channel, Modality, SampleBlock

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


Sends = Literal["ppg+gsr", "ppg", "gsr", "heart_rate"]
"""What a simulated band can be asked to send."""

_MODALITY = {"ppg": Modality.PPG, "gsr": Modality.GSR, "heart_rate": Modality.HEART_RATE}

_LOW_PERCENT, _CHARGED_PERCENT = 9.0, 80.0
"""Charge while the scene's battery is low, and else."""

_HELD_S = 10
"""A band that has lost the pulse shows its last rate for so long (invented)."""

_BATTERY_EVERY = 20
"""Blocks from one battery reading to the next: 10 s."""


class SimulatedBand(BandSection):
    """A seeded PPG/GSR generator that follows a scene (docs/scenes.md)."""

    live: ClassVar[bool] = False

    driver: Literal["simulated_band"]
    """Always "simulated_band"."""
    scene: FilePath | None = Field(default=None, examples=["scene.toml"])
    """Scene file; default: the three-minute scene of `anodyne demo`."""
    seed: int = Field(default=1, ge=0)
    """Seed of the generator: the same seed gives the same samples."""
    sends: Sends = "ppg+gsr"
    """What the band sends beside acceleration; `heart_rate` stands for a band without a waveform."""

    @property
    def modalities(self) -> tuple[Modality, ...]:  # type: ignore[override]  # the other kinds' is fixed; never written
        """What it can give evidence of."""
        return tuple(_MODALITY[one] for one in self.sends.split("+"))

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
        self._lives = self.scene.patient is not None
        if self._lives:
            course = course_of(self.scene, config.seed)
            self.scene = course.scene
            waveforms = wrist_signals(course)
        else:
            waveforms = synthesise(self.scene, config.seed)
        sent = {
            "ppg": _Track(Channel.PPG, PPG_HZ, waveforms.ppg),
            "gsr": _Track(Channel.GSR_US, GSR_HZ, waveforms.gsr_us),
            "heart_rate": _Track(Channel.HEART_RATE_BPM, 1.0, _shown_rate(waveforms, self.scene)),
        }
        self._tracks = (*(sent[one] for one in config.sends.split("+")), _Track(Channel.ACC_G, ACC_HZ, waveforms.acc_g))
        if config.sends == "heart_rate":
            self._tracks = (sent["heart_rate"],)
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
            if self.scene.fault_at("radio_loss", start_s):
                raise SensorError(SensorReason.DISCONNECTED, "the simulated radio link is lost")
            if self.scene.band_silent_at(start_s):
                missed += 1
                continue
            for track in self._tracks:
                block = self._block(track, start_s, missed)
                if len(block.values):
                    yield block
            missed = 0
            if self._lives and index % _BATTERY_EVERY == 0:
                yield self._battery(start_s)

    def _battery(self, start_s: float) -> SampleBlock:
        percent = _LOW_PERCENT if self.scene.fault_at("battery_low", start_s) else _CHARGED_PERCENT
        values = np.array([percent], np.float32)
        return SampleBlock(self._name, Channel.BATTERY_PERCENT, values, 0.0, self._clock.now_ns(), start_s)

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


def _shown_rate(waveforms: Waveforms, scene: Scene) -> NDArray[np.float32]:
    """Heart rate as a band shows it: once a second, whole beats per minute, over the newest eight beats.

    Off the skin it repeats the last rate for `_HELD_S` and then shows 0, as many bands do.
    """
    beats_s = waveforms.beats_s
    at_s = np.arange(int(scene.duration_s))
    newest = np.clip(np.searchsorted(beats_s, at_s) - 1, 1, beats_s.size - 1)
    oldest = np.maximum(newest - 8, 0)
    span_s = np.maximum(beats_s[newest] - beats_s[oldest], 1e-3)
    shown = np.round(60.0 * (newest - oldest) / span_s)
    for span in scene.fault:
        if span.kind == "band_off":
            first, last = int(span.start_s), int(span.end_s)
            shown[first:last] = shown[first]
            shown[min(first + _HELD_S, last) : last] = 0.0
    return np.asarray(shown, dtype=np.float32)
