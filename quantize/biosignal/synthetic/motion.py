"""A wrist that walks or runs: acceleration, and what it does to the pulse wave.

The artefact is mostly a linear answer to acceleration with a memory of a third of a second that changes over tens of
seconds, as the venous blood and the strap's pressure do (the assumption behind adaptive cancellation, e.g. Ram et al.
2012, IEEE Trans Instrum Meas 61:1445). A part is not: squared acceleration, and noise of the same band that no
accelerometer sees.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from quantize.biosignal.synthetic.recording import ACC_RATE_HZ, PPG_RATE_HZ, PULSE_UNIT, Mask, Recording, Signal, inside

_MEMORY_S = 0.35
"""Length of the tissue's answer to a push."""

_PULSE_SPREAD = 0.38
"""Standard deviation of the generator's pulse wave as a share of its height."""

_CHANGE_S = 25.0
"""The tissue's answer changes over about this long."""


@dataclass(frozen=True, slots=True)
class Gait:
    """Steps with a swinging arm over a stretch of the recording.

    Attributes:
        start_s, end_s: when.
        cadence_hz: steps per second; the arm swings at half of it.
        strength_g: standard deviation of acceleration, all axes together.
        artefact: standard deviation of the artefact as a multiple of the resting pulse wave's own.
        unseen: share of the artefact (of its standard deviation) that is no linear answer to acceleration.
    """

    start_s: float
    end_s: float
    cadence_hz: float
    strength_g: float
    artefact: float
    unseen: float = 0.3

    def applied(self, recording: Recording, rng: np.random.Generator) -> Recording:
        """Add acceleration and artefact."""
        moving = inside(len(recording.acc_g), ACC_RATE_HZ, self.start_s, self.end_s)
        swing = self._acceleration(len(recording.acc_g), rng) * _eased(moving, ACC_RATE_HZ)[:, None]
        times_s = np.arange(recording.ppg.size) / PPG_RATE_HZ
        at_ppg = np.stack([np.interp(times_s, np.arange(len(swing)) / ACC_RATE_HZ, axis) for axis in swing.T], axis=1)
        artefact = self._artefact(at_ppg, inside(recording.ppg.size, PPG_RATE_HZ, self.start_s, self.end_s), rng)
        rounded = np.round((recording.acc_g + swing) * 64.0) / 64.0
        return replace(recording, acc_g=rounded, ppg=recording.ppg + artefact)

    def _acceleration(self, count: int, rng: np.random.Generator) -> Signal:
        """(count, 3) swing of the arm with harmonics, cadence and strength unsteady as in people."""
        wander = np.cumsum(rng.standard_normal(count)) / np.sqrt(ACC_RATE_HZ)
        drift = 0.02 * np.sin(2 * np.pi * np.arange(count) / ACC_RATE_HZ / 17.0 + rng.uniform(0, 6.28))
        phase = np.pi * np.cumsum(self.cadence_hz * (1.0 + drift)) / ACC_RATE_HZ + 0.12 * wander
        axes = []
        for weights in ((0.6, 1.0, 0.25, 0.35), (1.0, 0.45, 0.3, 0.15), (0.3, 0.8, 0.15, 0.3)):
            waves = [
                weight * np.sin((order + 1) * phase + rng.uniform(0, 2 * np.pi)) for order, weight in enumerate(weights)
            ]
            axes.append(np.sum(waves, axis=0) + 0.2 * rng.standard_normal(count))
        swing = np.stack(axes, axis=1)
        return np.asarray(self.strength_g * swing / np.sqrt(swing.var(axis=0).sum()))

    def _artefact(self, acc_g: Signal, moving: Mask, rng: np.random.Generator) -> Signal:
        """(n,) what the movement adds to the pulse wave."""
        seen = sum((self._answer(axis, rng) for axis in acc_g.T), np.zeros(len(acc_g)))
        squared = self._answer((acc_g**2).sum(axis=1), rng)
        noise = _smooth(rng.standard_normal(len(acc_g)), round(0.12 * PPG_RATE_HZ)) * _eased(moving, PPG_RATE_HZ)
        unseen = _unit(squared, moving) + _unit(noise, moving)
        share = self.unseen
        mixed = np.sqrt(1.0 - share**2) * _unit(seen, moving) + share * _unit(unseen, moving)
        return np.asarray(self.artefact * _PULSE_SPREAD * PULSE_UNIT * mixed * _eased(moving, PPG_RATE_HZ))

    def _answer(self, push: Signal, rng: np.random.Generator) -> Signal:
        """The tissue's changing answer to one axis: two random smooth kernels in turn."""
        length = round(_MEMORY_S * PPG_RATE_HZ)
        fade = np.exp(-np.arange(length) / (0.3 * length))
        kernels = [_smooth(rng.standard_normal(length), 5) * fade for _ in range(2)]
        first, second = (np.convolve(push - push.mean(), kernel)[: push.size] for kernel in kernels)
        turn = 2 * np.pi * np.arange(push.size) / PPG_RATE_HZ / (4.0 * _CHANGE_S) + rng.uniform(0, 2 * np.pi)
        return np.asarray(np.cos(turn) * first + np.sin(turn) * second)


def walking(start_s: float, end_s: float) -> Gait:
    """110 steps a minute; 0.25 g as on the Stress-Predict wrists that move, an artefact as large as the pulse."""
    return Gait(start_s, end_s, cadence_hz=1.83, strength_g=0.25, artefact=1.0)


def running(start_s: float, end_s: float) -> Gait:
    """160 steps a minute, one g, an artefact three times the pulse."""
    return Gait(start_s, end_s, cadence_hz=2.67, strength_g=1.0, artefact=3.0, unseen=0.35)


def _smooth(values: Signal, width: int) -> Signal:
    kernel = np.hanning(width + 2)[1:-1]
    return np.convolve(values, kernel / kernel.sum(), mode="same")


def _eased(moving: Mask, rate_hz: float) -> Signal:
    """0..1 with a second of transition."""
    return _smooth(moving.astype(np.float64), round(rate_hz))


def _unit(values: Signal, moving: Mask) -> Signal:
    """Scaled to a standard deviation of 1 while moving."""
    spread = float(values[moving].std()) if moving.any() else 0.0
    return values / spread if spread > 0.0 else values
