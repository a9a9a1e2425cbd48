"""What goes wrong with a wristband, one kind each. Stretches are [start_s, end_s) in seconds."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from quantize.biosignal.synthetic.recording import (
    GSR_RATE_HZ,
    PPG_RATE_HZ,
    PULSE_UNIT,
    Recording,
    Signal,
    inside,
    with_gsr,
    with_ppg,
)


@dataclass(frozen=True, slots=True)
class WristOff:
    """The band lies on a table: noise of the photodiode, an open circuit, a cooling sensor."""

    start_s: float
    end_s: float

    def applied(self, recording: Recording, rng: np.random.Generator) -> Recording:
        """Replace pulse wave, conductance and temperature."""
        ppg, gsr_us, temperature_c = recording.ppg.copy(), recording.gsr_us.copy(), recording.temperature_c.copy()
        off = inside(ppg.size, PPG_RATE_HZ, self.start_s, self.end_s)
        ppg[off] = 5.0 * rng.standard_normal(int(off.sum()))
        off = inside(gsr_us.size, GSR_RATE_HZ, self.start_s, self.end_s)
        gsr_us[off] = np.abs(0.017 + 0.0005 * rng.standard_normal(int(off.sum())))
        since_s = np.arange(int(off.sum())) / GSR_RATE_HZ
        temperature_c[off] = 23.0 + (temperature_c[off] - 23.0) * np.exp(-since_s / 120.0)
        return replace(recording, ppg=ppg, gsr_us=gsr_us, temperature_c=temperature_c)


@dataclass(frozen=True, slots=True)
class Saturation:
    """The converter of the pulse wave clips at a share of its range."""

    start_s: float
    end_s: float
    share: float = 0.35

    def applied(self, recording: Recording, rng: np.random.Generator) -> Recording:  # noqa: ARG002 (same for all)
        """Clip the pulse wave."""
        ppg = recording.ppg.copy()
        there = inside(ppg.size, PPG_RATE_HZ, self.start_s, self.end_s)
        low, high = np.quantile(ppg[there], [0.5 - self.share / 2, 0.5 + self.share / 2])
        ppg[there] = np.clip(ppg[there], low, high)
        return with_ppg(recording, ppg)


@dataclass(frozen=True, slots=True)
class FlatLine:
    """Both signals stand still at their last value."""

    start_s: float
    end_s: float

    def applied(self, recording: Recording, rng: np.random.Generator) -> Recording:  # noqa: ARG002 (same for all)
        """Hold the signals."""
        held = replace(recording, ppg=_held(recording.ppg, PPG_RATE_HZ, self.start_s, self.end_s))
        return with_gsr(held, _held(held.gsr_us, GSR_RATE_HZ, self.start_s, self.end_s))


@dataclass(frozen=True, slots=True)
class MainsHum:
    """Mains at its alias of the sampling rate, as a band without an anti-alias filter shows it.

    Attributes:
        start_s, end_s: when.
        mains_hz: 50 or 60.
        strength: amplitude as a multiple of a resting pulse.
        strength_us: amplitude in the conductance.
    """

    start_s: float
    end_s: float
    mains_hz: float = 50.0
    strength: float = 1.0
    strength_us: float = 0.1

    def applied(self, recording: Recording, rng: np.random.Generator) -> Recording:
        """Add the hum."""
        hum = self.strength * PULSE_UNIT * self._sine(recording.ppg.size, PPG_RATE_HZ, rng)
        hum_us = self.strength_us * self._sine(recording.gsr_us.size, GSR_RATE_HZ, rng)
        return with_gsr(with_ppg(recording, recording.ppg + hum), recording.gsr_us + hum_us)

    def _sine(self, count: int, rate_hz: float, rng: np.random.Generator) -> Signal:
        drifting_hz = self.mains_hz + 0.02  # the grid is never exactly at its nominal frequency
        phase = 2 * np.pi * drifting_hz * np.arange(count) / rate_hz + rng.uniform(0, 2 * np.pi)
        return np.asarray(np.sin(phase) * inside(count, rate_hz, self.start_s, self.end_s))


@dataclass(frozen=True, slots=True)
class DropOuts:
    """Packets of half a second are lost at random.

    Attributes:
        start_s, end_s: when.
        share: share of the packets that is lost.
        packet_s: length of a packet.
    """

    start_s: float
    end_s: float
    share: float = 0.2
    packet_s: float = 0.5

    def applied(self, recording: Recording, rng: np.random.Generator) -> Recording:
        """Mark the samples of lost packets as absent; both channels travel in one packet."""
        packets = int(np.ceil(recording.duration_s / self.packet_s))
        lost = rng.random(packets) < self.share
        out = recording
        for name, rate_hz in (("ppg_present", PPG_RATE_HZ), ("gsr_present", GSR_RATE_HZ)):
            present = recording.ppg_present if name == "ppg_present" else recording.gsr_present
            packet = (np.arange(present.size) / rate_hz / self.packet_s).astype(np.int64)
            left = present & ~(lost[packet] & inside(present.size, rate_hz, self.start_s, self.end_s))
            out = replace(out, ppg_present=left) if name == "ppg_present" else replace(out, gsr_present=left)
        return out


@dataclass(frozen=True, slots=True)
class PoorPerfusion:
    """A cold or shocked hand: the pulse shrinks to a share of itself while the noise stays.

    Attributes:
        start_s, end_s: when.
        share: what is left of the pulse.
        noise: standard deviation of the photodiode's noise as a share of a resting pulse.
    """

    start_s: float
    end_s: float
    share: float = 0.1
    noise: float = 0.06

    def applied(self, recording: Recording, rng: np.random.Generator) -> Recording:
        """Shrink the pulse wave and add noise."""
        there = inside(recording.ppg.size, PPG_RATE_HZ, self.start_s, self.end_s)
        noise = self.noise * PULSE_UNIT * rng.standard_normal(recording.ppg.size)
        return with_ppg(recording, np.where(there, self.share * recording.ppg + noise, recording.ppg))


@dataclass(frozen=True, slots=True)
class WhiteNoise:
    """Nothing but noise, as loud as a pulse and as steady as a pulse never is."""

    start_s: float
    end_s: float

    def applied(self, recording: Recording, rng: np.random.Generator) -> Recording:
        """Replace both signals."""
        there = inside(recording.ppg.size, PPG_RATE_HZ, self.start_s, self.end_s)
        ppg = np.where(there, 0.4 * PULSE_UNIT * rng.standard_normal(there.size), recording.ppg)
        there = inside(recording.gsr_us.size, GSR_RATE_HZ, self.start_s, self.end_s)
        noise_us = np.abs(1.0 + 0.3 * rng.standard_normal(there.size))
        return with_gsr(with_ppg(recording, ppg), np.where(there, noise_us, recording.gsr_us))


@dataclass(frozen=True, slots=True)
class DryElectrode:
    """A dry electrode: a hundredth of the conductance, most of it noise and steps of contact."""

    start_s: float
    end_s: float

    def applied(self, recording: Recording, rng: np.random.Generator) -> Recording:
        """Shrink the conductance and let the contact flicker."""
        there = inside(recording.gsr_us.size, GSR_RATE_HZ, self.start_s, self.end_s)
        flicker = np.abs(1.0 + 0.25 * rng.standard_normal(there.size))
        return with_gsr(recording, np.where(there, 0.05 * recording.gsr_us * flicker, recording.gsr_us))


@dataclass(frozen=True, slots=True)
class BriefContact:
    """The electrodes lift at `at_s` for `lasting_s`: the conductance falls to an open circuit and jumps back."""

    at_s: float
    lasting_s: float = 1.0

    def applied(self, recording: Recording, rng: np.random.Generator) -> Recording:  # noqa: ARG002 (same for all)
        """Cut the conductance."""
        there = inside(recording.gsr_us.size, GSR_RATE_HZ, self.at_s, self.at_s + self.lasting_s)
        return with_gsr(recording, np.where(there, 0.02, recording.gsr_us))


def _held(values: Signal, rate_hz: float, start_s: float, end_s: float) -> Signal:
    there = inside(values.size, rate_hz, start_s, end_s)
    out = values.copy()
    if there.any():
        out[there] = values[int(there.argmax())]
    return out
