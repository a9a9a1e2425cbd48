"""A seeded generator of wristband signals with exactly known beats and skin conductance responses.

It makes no claim to be a patient. It gives the demonstration, and the tests, signals whose truth is known to the
sample, with the directions and time constants that the literature gives for acute pain: heart rate rises, pulse
amplitude falls (peripheral vasoconstriction; the two make up the surgical pleth index, Huiku et al. 2007), skin
conductance responses (SCRs) come more often and larger (Storm 2008). No model is trained on it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.sensors.simulated.scene import Scene

Signal = NDArray[np.float64]

PPG_HZ = 64.0
"""Rate of the pulse waveform (Empatica E4's)."""
GSR_HZ = 4.0
"""Rate of skin conductance (Empatica E4's)."""
ACC_HZ = 32.0
"""Rate of acceleration (Empatica E4's)."""

_GRID_HZ = 64.0
"""Grid of the slow states and of the integrated heart rate: 16 ms, interpolated to well below 1 ms."""


@dataclass(frozen=True, slots=True)
class Patient:
    """Whom the generator imitates. Defaults: an adult at rest; responses at latent pain 10.

    Attributes:
        heart_rate_bpm: resting heart rate.
        heart_rate_rise_bpm: rise at the strongest pain; 10-25 bpm are usual in cold-pressor studies.
        respiration_hz: breathing rate (15 per minute).
        rsa_bpm: respiratory sinus arrhythmia, half of peak to peak.
        mayer_bpm: 0.1 Hz blood-pressure waves, half of peak to peak.
        constriction: share of pulse amplitude lost at the strongest pain (0.3-0.6 with noxious stimuli, Huiku 2007).
        scl_us: resting skin conductance level; dry wrist electrodes give 0.1-5 µS.
        scl_rise_us: slow rise of the level at the strongest pain; overlapping responses add to it.
        scr_per_min: spontaneous SCRs at rest; 1-3 per minute is usual (Boucsein 2012).
        scr_rise_per_min: further SCRs at the strongest pain; about 0.2-0.3 per second (Storm 2008).
        scr_us: median SCR amplitude at rest, about doubled by the strongest pain.
        ppg_noise: standard deviation of white noise as a share of the resting pulse amplitude.
        gsr_noise_us: standard deviation of white noise of skin conductance.
    """

    heart_rate_bpm: float = 68.0
    heart_rate_rise_bpm: float = 22.0
    respiration_hz: float = 0.25
    rsa_bpm: float = 2.5
    mayer_bpm: float = 1.2
    constriction: float = 0.5
    scl_us: float = 2.0
    scl_rise_us: float = 0.4
    scr_per_min: float = 1.5
    scr_rise_per_min: float = 14.0
    scr_us: float = 0.15
    ppg_noise: float = 0.02
    gsr_noise_us: float = 0.003


@dataclass(frozen=True, slots=True, eq=False)
class Waveforms:
    """The signals of a scene and the truth behind them. Times are seconds from the scene's start.

    Attributes:
        ppg: (n,) pulse waveform at `PPG_HZ`, arbitrary units, a pulse about 100 high.
        gsr_us: (n,) skin conductance at `GSR_HZ`, microsiemens.
        acc_g: (n, 3) acceleration at `ACC_HZ`, standard gravities.
        beats_s: times of the systolic peaks.
        heart_rate_bpm: instantaneous heart rate at each beat.
        scr_onsets_s, scr_amplitudes_us: onset time and amplitude of every skin conductance response.
    """

    ppg: NDArray[np.float32]
    gsr_us: NDArray[np.float32]
    acc_g: NDArray[np.float32]
    beats_s: Signal
    heart_rate_bpm: Signal
    scr_onsets_s: Signal
    scr_amplitudes_us: Signal


def synthesise(scene: Scene, seed: int, patient: Patient | None = None) -> Waveforms:
    """Generate every signal of a scene.

    Args:
        scene: supplies latent pain and the duration.
        seed: the same seed gives the same samples.
        patient: whom to imitate.

    Returns:
        Signals over the whole scene (stretches of band silence included: the driver leaves them out).
    """
    patient = patient or Patient()
    streams = [np.random.default_rng([seed, part]) for part in range(4)]
    grid_s = np.arange(0.0, scene.duration_s + 2.0, 1.0 / _GRID_HZ)
    drive = np.array([scene.pain_level(t) for t in grid_s[:: int(_GRID_HZ) // 8]]) / 10.0
    drive = np.interp(grid_s, grid_s[:: int(_GRID_HZ) // 8], drive)
    beats_s, rate = _beats(grid_s, drive, patient, streams[0])
    onsets_s, amplitudes_us = _responses(grid_s, drive, patient, streams[1])
    inside = beats_s < scene.duration_s
    return Waveforms(
        ppg=_pulse_wave(scene.duration_s, beats_s, grid_s, drive, patient, streams[2]).astype(np.float32),
        gsr_us=_conductance(scene.duration_s, onsets_s, amplitudes_us, grid_s, drive, patient, streams[1]),
        acc_g=_resting_wrist(scene.duration_s, streams[3]),
        beats_s=beats_s[inside],
        heart_rate_bpm=rate[inside],
        scr_onsets_s=onsets_s,
        scr_amplitudes_us=amplitudes_us,
    )


def _lagged(signal: Signal, rise_s: float, fall_s: float, delay_s: float) -> Signal:
    """First-order lag with separate time constants for rising and falling, after a pure delay."""
    shift = round(delay_s * _GRID_HZ)
    delayed = np.concatenate([np.full(shift, signal[0]), signal])[: signal.size]
    if not delayed.any():
        return delayed
    out = np.empty_like(delayed)
    level = delayed[0]
    up, down = 1.0 / (rise_s * _GRID_HZ), 1.0 / (fall_s * _GRID_HZ)
    for index, target in enumerate(delayed.tolist()):
        level += (target - level) * (up if target > level else down)
        out[index] = level
    return out


def _wander(size: int, step_s: float, rng: np.random.Generator) -> Signal:
    """Smooth noise of unit variance that changes over tens of seconds."""
    knots = max(4, int(np.ceil(size * step_s / 20.0)) + 3)
    places = np.arange(knots) * 20.0
    return np.asarray(np.interp(np.arange(size) * step_s, places, rng.standard_normal(knots)))


def _beats(grid_s: Signal, drive: Signal, patient: Patient, rng: np.random.Generator) -> tuple[Signal, Signal]:
    """Integral pulse frequency modulation: a beat each time the integrated heart rate passes a whole number."""
    response = _lagged(drive, rise_s=5.0, fall_s=12.0, delay_s=1.0)
    vagal = 1.0 - 0.6 * response  # pain withdraws vagal tone, and with it respiratory sinus arrhythmia
    rate = patient.heart_rate_bpm + patient.heart_rate_rise_bpm * response
    rate = rate + patient.rsa_bpm * vagal * np.sin(2 * np.pi * patient.respiration_hz * grid_s)
    rate = rate + patient.mayer_bpm * np.sin(2 * np.pi * 0.1 * grid_s + rng.uniform(0, 2 * np.pi))
    rate = rate + 1.2 * _wander(grid_s.size, 1.0 / _GRID_HZ, rng)
    phase = np.concatenate([[0.0], np.cumsum(rate[:-1] / 60.0 / _GRID_HZ)])
    beats_s = np.interp(np.arange(0.5, phase[-1]), phase, grid_s)
    return beats_s, np.interp(beats_s, grid_s, rate)


def _pulse_wave(
    duration_s: float, beats_s: Signal, grid_s: Signal, drive: Signal, patient: Patient, rng: np.random.Generator
) -> Signal:
    """Systolic and diastolic wave after each beat, on a breathing baseline, with noise."""
    times_s = np.arange(round(duration_s * PPG_HZ)) / PPG_HZ
    constriction = 1.0 - patient.constriction * _lagged(drive, rise_s=4.0, fall_s=10.0, delay_s=2.0)
    breath = np.sin(2 * np.pi * patient.respiration_hz * grid_s + 1.0)
    height = constriction * (1.0 + 0.05 * breath + 0.03 * _wander(grid_s.size, 1.0 / _GRID_HZ, rng))
    wave = np.zeros(times_s.size)
    heights = np.interp(beats_s, grid_s, height)
    intervals = np.diff(beats_s, append=2 * beats_s[-1] - beats_s[-2])
    for beat_s, beat_height, interval_s in zip(beats_s, heights, intervals, strict=True):
        first = max(0, int((beat_s - 0.6) * PPG_HZ))
        piece = times_s[first : int((beat_s + 1.4) * PPG_HZ)] - beat_s
        wave[first : first + piece.size] += beat_height * pulse_shape(piece, interval_s)
    slow = 0.15 * np.interp(times_s, grid_s, breath) + 0.2 * _wander(times_s.size, 1.0 / PPG_HZ, rng)
    return 100.0 * (wave + slow + patient.ppg_noise * rng.standard_normal(times_s.size))


def pulse_shape(since_peak_s: Signal, interval_s: float) -> Signal:
    """One pulse, 1 high: a steep systolic wave and a diastolic one; widths follow the square root of the interval."""
    stretch = np.sqrt(interval_s)
    rising = since_peak_s < 0
    systolic = np.exp(-0.5 * (since_peak_s / np.where(rising, 0.075, 0.12) / stretch) ** 2)
    diastolic = np.exp(-0.5 * ((since_peak_s - 0.32 * stretch) / (0.11 * stretch)) ** 2)
    return np.asarray(systolic + 0.35 * diastolic * (since_peak_s > 0))


def _responses(grid_s: Signal, drive: Signal, patient: Patient, rng: np.random.Generator) -> tuple[Signal, Signal]:
    """Onsets and amplitudes of SCRs: a Poisson process, its rate 1.5 s behind the drive, with a dead time of 1 s."""
    lagged = _lagged(drive, rise_s=1.0, fall_s=4.0, delay_s=1.5)  # latency of an SCR is 1-3 s (Boucsein 2012)
    rate = (patient.scr_per_min + patient.scr_rise_per_min * lagged) / 60.0
    phase = np.cumsum(rate) / _GRID_HZ
    marks = np.cumsum(rng.exponential(1.0, int(phase[-1] * 2 + 20)))
    onsets_s = np.interp(marks[marks < phase[-1]], phase, grid_s)
    kept: list[float] = []
    for onset_s in onsets_s.tolist():
        if onset_s > 1.0 and (not kept or onset_s - kept[-1] > 1.0):
            kept.append(onset_s)
    onsets = np.array(kept)
    strength = 1.0 + np.interp(onsets, grid_s, lagged)
    return onsets, patient.scr_us * strength * rng.lognormal(0.0, 0.4, onsets.size)


def _conductance(
    duration_s: float,
    onsets_s: Signal,
    amplitudes_us: Signal,
    grid_s: Signal,
    drive: Signal,
    patient: Patient,
    rng: np.random.Generator,
) -> NDArray[np.float32]:
    """Tonic level plus the responses plus noise."""
    times_s = np.arange(round(duration_s * GSR_HZ)) / GSR_HZ
    tonic = patient.scl_us + patient.scl_rise_us * np.interp(times_s, grid_s, _lagged(drive, 20.0, 60.0, 2.0))
    tonic = tonic * (1.0 + 0.01 * _wander(times_s.size, 1.0 / GSR_HZ, rng))
    for onset_s, amplitude_us in zip(onsets_s, amplitudes_us, strict=True):
        after = times_s >= onset_s
        tonic[after] += amplitude_us * scr_shape(times_s[after] - onset_s)
    return (tonic + patient.gsr_noise_us * rng.standard_normal(times_s.size)).astype(np.float32)


def scr_shape(since_onset_s: Signal) -> Signal:
    """One SCR, 1 high: the Bateman curve with the time constants of Alexander et al. 2005 (0.75 s and 2 s)."""
    rise_s, decay_s = 0.75, 2.0
    peak_s = np.log(decay_s / rise_s) * rise_s * decay_s / (decay_s - rise_s)
    curve = np.exp(-since_onset_s / decay_s) - np.exp(-since_onset_s / rise_s)
    return np.asarray(curve / (np.exp(-peak_s / decay_s) - np.exp(-peak_s / rise_s)))


def _resting_wrist(duration_s: float, rng: np.random.Generator) -> NDArray[np.float32]:
    """A wrist that lies on a blanket: gravity, breathing too small to see, sensor noise of 1/64 g steps."""
    size = round(duration_s * ACC_HZ)
    still = np.array([0.15, -0.35, 0.92]) + 0.004 * rng.standard_normal((size, 3))
    return (np.round(still * 64.0) / 64.0).astype(np.float32)
