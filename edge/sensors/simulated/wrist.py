"""The wristband's signals of a life: pulse wave, skin conductance and acceleration with exactly known beats and SCRs.

Latencies: heart rate follows over 5 to 20 s, vessels within seconds, skin 1 to 3 s later (Boucsein 2012; Huiku et al.
2007). Shapes of pulse and SCR are those of `edge.sensors.simulated.waveform`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edge.sensors.simulated.course import AROUSAL, GRID_HZ, Course, lagged, wander
from edge.sensors.simulated.scene import Activity
from edge.sensors.simulated.unrest import Unrest, unrest
from edge.sensors.simulated.waveform import ACC_HZ, GSR_HZ, PPG_HZ, Signal, Waveforms, pulse_shape, scr_shape

HEART_S = (8.0, 20.0, 2.0)
"""Rise, fall and delay of heart rate behind its drive: 63 % after 10 s."""

VESSEL_S = (4.0, 12.0, 2.0)
"""The same of vasoconstriction."""

SKIN_S = (1.0, 5.0, 1.5)
"""The same of the rate of SCRs."""

SCR_TAIL_S = 20.0
"""After this an SCR has fallen below a ten-thousandth."""

PULSE_NOISE, GSR_NOISE_US, ACC_NOISE_G = 0.02, 0.003, 0.004
"""White noise: as a share of a well perfused pulse, in microsiemens, in g."""

STIR_BPM, STIR_DRIVE, STIR_SCR = 12.0, 0.5, 12.0
"""What a stir of unit size does: to the heart rate; to the vessels, as a share of latent pain 10; to the SCRs per
minute."""

_BUSY: tuple[Activity, ...] = ("care", "delirium")
"""Activities in which the wrist moves now and then."""


def wrist_signals(course: Course) -> Waveforms:
    """All signals of a life, faults of the wrist included.

    Returns:
        Over the whole scene; silence and losses of the radio are the driver's business.
    """
    rng = [np.random.default_rng([course.seed, 300 + part]) for part in range(5)]
    own = unrest(course)
    beats_s, rate = _beats(course, own, rng[0])
    onsets_s, amplitudes_us = _responses(course, own, rng[1])
    moving = _moving(course, rng[4])
    off = course.failing("band_off")
    inside = beats_s < course.scene.duration_s
    return Waveforms(
        ppg=_pulse_wave(course, own, beats_s, moving, off, rng[2]),
        gsr_us=_conductance(course, own, onsets_s, amplitudes_us, moving, off, rng[1]),
        acc_g=_acceleration(course, moving, off, rng[3]),
        beats_s=beats_s[inside],
        heart_rate_bpm=rate[inside],
        scr_onsets_s=onsets_s,
        scr_amplitudes_us=amplitudes_us,
    )


def _excited(course: Course, column: int) -> Signal:
    """(n,) what activities add to heart rate (0) or to the rate of SCRs (1)."""
    total = np.zeros(course.size)
    for kind, adds in AROUSAL.items():
        here = course.doing(kind)
        if here.any():
            total = total + adds[column] * here
    return total


def _beats(course: Course, own: Unrest, rng: np.random.Generator) -> tuple[Signal, Signal]:
    """Integral pulse frequency modulation: a beat each time the integrated heart rate passes a whole number."""
    person, t_s = course.person, np.arange(course.size) / GRID_HZ
    response = lagged(course.heart_drive, *HEART_S)
    scale = person.heart_rate_rise_bpm / 16.0  # who answers little to pain answers little to visitors
    excited = lagged((_excited(course, 0) + STIR_BPM * own.stir).astype(np.float32), *HEART_S)
    rate = person.heart_rate_bpm + person.heart_rate_rise_bpm * response
    rate = rate + np.where(excited > 0, min(scale, 1.5), 1.0) * excited + own.heart_bpm
    breath = 2 * np.pi * np.cumsum(person.respiration_hz * (1 + 0.08 * wander(course.size, 15.0, rng))) / GRID_HZ
    rate = rate + person.rsa_bpm * np.clip(1.0 - 0.6 * response, 0.2, 1.0) * np.sin(breath)
    rate = rate + 1.2 * np.sin(2 * np.pi * 0.1 * t_s + rng.uniform(0, 2 * np.pi)) + 1.2 * wander(course.size, 8.0, rng)
    rate = np.clip(rate, 35.0, 170.0)
    phase = np.concatenate([[0.0], np.cumsum(rate[:-1] / 60.0 / GRID_HZ)])
    beats_s = np.interp(np.arange(0.5, phase[-1]), phase, t_s)
    return beats_s, np.interp(beats_s, t_s, rate)


def _pulse_wave(
    course: Course, own: Unrest, beats_s: Signal, moving: Signal, off: NDArray[np.bool_], rng: np.random.Generator
) -> NDArray[np.float32]:
    person, t_s = course.person, np.arange(course.size) / GRID_HZ
    times_s = np.arange(round(course.scene.duration_s * PPG_HZ)) / PPG_HZ
    drive = np.maximum(course.heart_drive, STIR_DRIVE * own.stir).astype(np.float32)
    narrow = 1.0 - person.constriction * np.clip(lagged(drive, *VESSEL_S), 0.0, 1.2)
    breath = np.sin(2 * np.pi * person.respiration_hz * t_s + 1.0)
    height = person.pulse * narrow * (1.0 + 0.05 * breath) * np.exp(np.clip(own.pulse, -1.5, 0.7))
    heights = np.interp(beats_s, t_s, height)
    intervals = np.diff(beats_s, append=2 * beats_s[-1] - beats_s[-2])
    wave = np.zeros(times_s.size)
    for beat_s, beat_height, interval_s in zip(beats_s.tolist(), heights.tolist(), intervals.tolist(), strict=True):
        first = max(0, int((beat_s - 0.6) * PPG_HZ))
        piece = times_s[first : int((beat_s + 1.4) * PPG_HZ)] - beat_s
        wave[first : first + piece.size] += beat_height * pulse_shape(piece, interval_s)
    slow = 0.15 * person.pulse * breath + 0.2 * person.pulse * wander(course.size, 20.0, rng)
    wave += np.interp(times_s, t_s, slow)
    shake = np.interp(times_s, t_s, moving)
    wave += shake * _rough(times_s.size, PPG_HZ, rng)
    wave += PULSE_NOISE * rng.standard_normal(times_s.size)
    gone = np.interp(times_s, t_s, off) > 0.5
    wave[gone] = 0.01 * rng.standard_normal(int(gone.sum()))
    return np.asarray(100.0 * wave, dtype=np.float32)


def _rough(size: int, rate_hz: float, rng: np.random.Generator) -> Signal:
    """Noise of the band of walking and handling, 0.5 to 4 Hz, of about unit variance."""
    width = round(rate_hz * 0.15)
    kernel = np.hanning(width + 2)[1:-1]
    noise = np.convolve(rng.standard_normal(size), kernel / np.sqrt((kernel**2).sum()), mode="same")
    return np.asarray(noise)


def _moving(course: Course, rng: np.random.Generator) -> Signal:
    """(n,) how much the wrist moves, in standard deviations of artefact per pulse height."""
    now_and_then = wander(course.size, 5.0, rng) > 0.9
    handled = now_and_then & course.doing(*_BUSY)
    turning = wander(course.size, 8.0, rng) > 2.2  # people in bed move, too
    strength = 1.2 * course.failing("motion") + 0.8 * handled + 0.4 * turning
    worn = ~course.failing("band_off")
    return lagged((worn * strength).astype(np.float32), 0.3, 0.3, 0.0)


def _responses(course: Course, own: Unrest, rng: np.random.Generator) -> tuple[Signal, Signal]:
    """Onsets and amplitudes of SCRs: a Poisson process with a dead time of 1 s."""
    person, t_s = course.person, np.arange(course.size) / GRID_HZ
    drive = lagged(course.skin_drive, *SKIN_S)
    excited = lagged((_excited(course, 1) + STIR_SCR * own.stir).astype(np.float32), *SKIN_S)
    scale = min(1.5, person.scr_rise_per_min / 11.0)
    storm = course.doing("sleep") & (wander(course.size, 120.0, rng) > 1.4)  # SCR storms of deep sleep (Boucsein 2012)
    rate = person.scr_per_min + person.scr_rise_per_min * drive + np.where(excited > 0, scale, 1.0) * excited
    rate = np.clip(rate + 8.0 * scale * storm, 0.05, 30.0) / 60.0
    phase = np.cumsum(rate) / GRID_HZ
    marks = np.cumsum(rng.exponential(1.0, int(phase[-1] * 2 + 20)))
    kept: list[float] = []
    for onset_s in np.interp(marks[marks < phase[-1]], phase, t_s).tolist():
        if onset_s > 1.0 and (not kept or onset_s - kept[-1] > 1.0):
            kept.append(onset_s)
    onsets = np.array(kept)
    strength = 1.0 + np.interp(onsets, t_s, drive)
    return onsets, person.scr_us * strength * rng.lognormal(0.0, 0.5, onsets.size)


def _conductance(
    course: Course,
    own: Unrest,
    onsets_s: Signal,
    amplitudes_us: Signal,
    moving: Signal,
    off: NDArray[np.bool_],
    rng: np.random.Generator,
) -> NDArray[np.float32]:
    """Tonic level plus responses plus noise; pressed electrodes while the wrist moves; nothing off the skin."""
    t_s = np.arange(course.size) / GRID_HZ
    times_s = np.arange(round(course.scene.duration_s * GSR_HZ)) / GSR_HZ
    tonic = course.person.scl_us * np.exp(own.skin) * (1.0 + 0.2 * lagged(course.skin_drive, 20.0, 60.0, 2.0))
    level = np.interp(times_s, t_s, tonic)
    for onset_s, amplitude_us in zip(onsets_s.tolist(), amplitudes_us.tolist(), strict=True):
        first = int(np.ceil(onset_s * GSR_HZ))
        piece = times_s[first : first + round(SCR_TAIL_S * GSR_HZ)] - onset_s
        level[first : first + piece.size] += amplitude_us * scr_shape(piece)
    shake = np.interp(times_s, t_s, moving)
    level = level * (1.0 + 0.15 * shake * rng.standard_normal(times_s.size))
    level += GSR_NOISE_US * rng.standard_normal(times_s.size)
    gone = np.interp(times_s, t_s, off) > 0.5
    level[gone] = 0.001 * np.abs(rng.standard_normal(int(gone.sum())))
    return np.clip(level, 0.0, None).astype(np.float32)


def _acceleration(
    course: Course, moving: Signal, off: NDArray[np.bool_], rng: np.random.Generator
) -> NDArray[np.float32]:
    """Gravity, the sensor's noise in steps of 1/64 g, and movement; a table is stiller than any wrist."""
    t_s = np.arange(course.size) / GRID_HZ
    size = round(course.scene.duration_s * ACC_HZ)
    times_s = np.arange(size) / ACC_HZ
    shake = 0.25 * np.interp(times_s, t_s, moving)
    noise = np.where(np.interp(times_s, t_s, off) > 0.5, 0.001, ACC_NOISE_G)
    swing = np.stack([_rough(size, ACC_HZ, rng) for _ in range(3)], axis=1)
    still = np.array([0.15, -0.35, 0.92]) + noise[:, None] * rng.standard_normal((size, 3))
    return (np.round((still + shake[:, None] * swing) * 64.0) / 64.0).astype(np.float32)
