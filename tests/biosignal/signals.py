"""Signals with known truth, and windows cut from them as the timeline would."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from edge.biosignal import BiosignalEstimator
from edge.biosignal.grid import Grid
from edge.sensors.simulated.scene import PainSpan, Scene
from edge.sensors.simulated.waveform import ACC_HZ, GSR_HZ, PPG_HZ, Waveforms, synthesise
from edge.types import NS_PER_S, Channel, Estimate, Window

Samples = NDArray[np.float32]


def calm(duration_s: float = 120.0, seed: int = 1) -> Waveforms:
    return synthesise(Scene(title="calm", duration_s=duration_s), seed)


def episode(seed: int = 1, calm_s: float = 90.0) -> Waveforms:
    """Calm, then a minute of pain of level 8."""
    end_s = calm_s + 60.0
    return synthesise(
        Scene(title="episode", duration_s=end_s, pain=(PainSpan(start_s=calm_s, end_s=end_s, level=8.0),)), seed
    )


def whole(values: Samples, rate_hz: float) -> Grid:
    return Grid(values.astype(np.float64), np.ones(len(values), dtype=np.bool_), rate_hz)


def window(channel: Channel, values: Samples, rate_hz: float, now_s: float, silent: tuple[float, float]) -> Window:
    """The newest minute before `now_s`, without the samples of a silent stretch."""
    index = np.arange(max(0, int((now_s - 60.0) * rate_hz)), min(len(values), int(now_s * rate_hz)))
    times_s = index / rate_hz
    kept = (times_s < silent[0]) | (times_s >= silent[1])
    return Window(
        channel=channel,
        rate_hz=rate_hz,
        start_ns=round((now_s - 60.0) * NS_PER_S),
        end_ns=round(now_s * NS_PER_S),
        times_ns=np.rint(times_s[kept] * NS_PER_S).astype(np.int64),
        values=values[index[kept]],
        coverage=float(kept.sum() / (60.0 * rate_hz)),
    )


@dataclass
class Wearer:
    """Feeds an estimator second by second from whole recordings.

    Attributes:
        channels: channel to samples and rate.
        silent: stretch in which nothing arrives, seconds.
    """

    estimator: BiosignalEstimator
    channels: Mapping[Channel, tuple[Samples, float]]
    silent: tuple[float, float] = (0.0, 0.0)
    now_s: float = 0.0
    said: list[tuple[Estimate, ...]] = field(default_factory=list)

    @classmethod
    def of(cls, estimator: BiosignalEstimator, waves: Waveforms, silent: tuple[float, float] = (0.0, 0.0)) -> Wearer:
        """A wearer with all three channels of the generator."""
        channels = {
            Channel.PPG: (waves.ppg, PPG_HZ),
            Channel.GSR_US: (waves.gsr_us, GSR_HZ),
            Channel.ACC_G: (waves.acc_g, ACC_HZ),
        }
        return cls(estimator, channels, silent)

    def until(self, end_s: float, step_s: float = 1.0) -> tuple[Estimate, ...]:
        """Step until `end_s`; returns what was said last."""
        while self.now_s + step_s <= end_s + 1e-9:
            self.now_s += step_s
            self.said.append(self.estimator.step(round(self.now_s * NS_PER_S), self.windows()))
        return self.said[-1]

    def windows(self) -> dict[Channel, Window]:
        """The newest minute of every channel."""
        return {
            channel: window(channel, values, rate_hz, self.now_s, self.silent)
            for channel, (values, rate_hz) in self.channels.items()
        }
