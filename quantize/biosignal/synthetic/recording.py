"""A recording with its truth, and how faults are laid over it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from edge.sensors.simulated.scene import PainSpan, Scene
from edge.sensors.simulated.waveform import ACC_HZ, GSR_HZ, PPG_HZ, Patient, synthesise

Signal = NDArray[np.float64]
Mask = NDArray[np.bool_]

PULSE_UNIT = 100.0
"""Height of a resting pulse, in the unit of the wave."""

_UPSTROKE_S = 0.075
"""The steepest point of the generator's systolic wave comes this long before its peak, times the root of the interval
in seconds: the standard deviation of the Gaussian that it rises with."""

_SKIN_C = 33.5
"""Skin temperature of a covered wrist."""


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """What a wristband with every sensor delivers, and what was true.

    Attributes:
        ppg: (n,) pulse wave at `PPG_HZ`, a resting pulse is `PULSE_UNIT` high.
        ppg_present: (n,) whether the sample arrived.
        gsr_us: (m,) skin conductance at `GSR_HZ`, microsiemens.
        gsr_present: (m,) whether the sample arrived.
        acc_g: (k, 3) acceleration at `ACC_HZ`, standard gravities.
        temperature_c: (m,) skin temperature at `GSR_HZ`.
        beats_s: times of the systolic peaks, seconds from the first sample.
        upstrokes_s: times of the steepest points of the same beats.
        scr_onsets_s, scr_amplitudes_us: every skin conductance response.
    """

    ppg: Signal
    ppg_present: Mask
    gsr_us: Signal
    gsr_present: Mask
    acc_g: Signal
    temperature_c: Signal
    beats_s: Signal
    upstrokes_s: Signal
    scr_onsets_s: Signal
    scr_amplitudes_us: Signal

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.ppg.size / PPG_HZ

    def heart_rate_bpm(self, end_s: float, look_back_s: float) -> float:
        """True mean heart rate of the `look_back_s` before `end_s`; NaN with fewer than three beats."""
        inside = self.beats_s[(self.beats_s > end_s - look_back_s) & (self.beats_s <= end_s)]
        return float(60.0 * (inside.size - 1) / (inside[-1] - inside[0])) if inside.size >= 3 else float("nan")


class Fault(Protocol):
    """Something that goes wrong, or a movement, over a stretch of a recording."""

    def applied(self, recording: Recording, rng: np.random.Generator) -> Recording:
        """The recording with the fault; truth is kept."""


def generate(
    duration_s: float,
    seed: int,
    patient: Patient | None = None,
    pain: Sequence[PainSpan] = (),
    faults: Sequence[Fault] = (),
) -> Recording:
    """A recording.

    Args:
        duration_s: length.
        seed: the same seed gives the same samples; every fault draws from its own stream.
        patient: whom to imitate.
        pain: stretches of pain.
        faults: applied in order.
    """
    scene = Scene(title="generated", duration_s=duration_s, pain=tuple(pain))
    waves = synthesise(scene, seed, patient)
    interval_s = np.diff(waves.beats_s, append=2 * waves.beats_s[-1] - waves.beats_s[-2])
    recording = Recording(
        ppg=waves.ppg.astype(np.float64),
        ppg_present=np.ones(waves.ppg.size, dtype=np.bool_),
        gsr_us=waves.gsr_us.astype(np.float64),
        gsr_present=np.ones(waves.gsr_us.size, dtype=np.bool_),
        acc_g=waves.acc_g.astype(np.float64),
        temperature_c=np.full(waves.gsr_us.size, _SKIN_C),
        beats_s=waves.beats_s,
        upstrokes_s=waves.beats_s - _UPSTROKE_S * np.sqrt(interval_s),
        scr_onsets_s=waves.scr_onsets_s,
        scr_amplitudes_us=waves.scr_amplitudes_us,
    )
    for number, fault in enumerate(faults):
        recording = fault.applied(recording, np.random.default_rng([seed, 100 + number]))
    return recording


def inside(count: int, rate_hz: float, start_s: float, end_s: float) -> Mask:
    """(count,) which samples lie in [start_s, end_s)."""
    times_s = np.arange(count) / rate_hz
    return np.asarray((times_s >= start_s) & (times_s < end_s))


def with_ppg(recording: Recording, ppg: Signal) -> Recording:
    """The same recording with another pulse wave."""
    return replace(recording, ppg=ppg)


def with_gsr(recording: Recording, gsr_us: Signal) -> Recording:
    """The same recording with another conductance."""
    return replace(recording, gsr_us=gsr_us)


GSR_RATE_HZ, PPG_RATE_HZ, ACC_RATE_HZ = GSR_HZ, PPG_HZ, ACC_HZ
"""Rates of a recording's channels."""
