"""Signals whose beats and responses are known, and what each detector makes of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.biosignal.stream.whole import seconds_of
from edge.sensors.simulated.scene import PainSpan, Scene
from edge.sensors.simulated.waveform import ACC_HZ, GSR_HZ, PPG_HZ, Patient, Waveforms, synthesise
from quantize.biosignal.evaluation.detectors import BOX, SMALLEST_US, Tool, own_responses, quietly
from quantize.biosignal.evaluation.figures import Detected, RateBand, Truth
from quantize.biosignal.evaluation.matching import PIECE_S, aligned, f1, inside, matched, rate_bpm
from quantize.biosignal.evaluation.rates import rate_bands

Signal = NDArray[np.float64]

DURATION_S = 300
"""Length of a generated recording."""

_PATIENTS: Mapping[str, Patient] = {
    "slow": Patient(heart_rate_bpm=52.0),
    "usual": Patient(),
    "fast": Patient(heart_rate_bpm=105.0),
}

_WALKING_HZ = 1.8
"""Steps per second of somebody who walks: near the heart rate, which is what makes walking hard for a wrist."""

_WALKING_SHARE = 0.4
"""Half the height of the artefact of walking as a share of a pulse at rest."""

_WALKING_G = 0.4
"""Half the swing of a walking wrist's acceleration, gravities."""

_COLD_NOISE = 0.3
"""Noise as a share of a pulse where hands are cold and the pulse is faint."""


_FROM_S = 30
"""The first half minute of a recording is not rated."""


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """One kind of generated recording.

    Attributes:
        name: what was generated.
        waves: the truth, one recording per patient.
        ppg: the pulse waves that the detectors see.
        acc_g: (n, 3) acceleration of each, which only the box's signal quality sees.
    """

    name: str
    waves: tuple[Waveforms, ...]
    ppg: tuple[Signal, ...]
    acc_g: tuple[Signal, ...]


def cases(seed: int, duration_s: int = DURATION_S) -> Iterator[Case]:
    """Rest, cold hands and walking; three patients each, in pain for the middle third."""
    span = PainSpan(start_s=duration_s / 3, end_s=2 * duration_s / 3, level=8)
    scene = Scene(title="evaluation", duration_s=duration_s, pain=(span,))
    waves = tuple(synthesise(scene, seed + k, one) for k, one in enumerate(_PATIENTS.values()))
    clean = tuple(one.ppg.astype(np.float64) for one in waves)
    still = tuple(one.acc_g.astype(np.float64) for one in waves)
    rng = np.random.default_rng(seed)
    yield Case("at rest", waves, clean, still)
    faint = tuple(one + 100.0 * _COLD_NOISE * rng.standard_normal(one.size) for one in clean)
    yield Case("cold hands", waves, faint, still)
    steps = [_steps(one.size, rng) for one in clean]
    shaken = tuple(one + 100.0 * _WALKING_SHARE * step for one, step in zip(clean, steps, strict=True))
    swung = tuple(acc + _swing(step, len(acc)) for acc, step in zip(still, steps, strict=True))
    yield Case("walking", waves, shaken, swung)


def _steps(size: int, rng: np.random.Generator) -> Signal:
    """(n,) movement of a wrist that walks, -1 to 1: steps of a rate that wanders, with their second harmonic."""
    knots = np.arange(0, size + 640, 640)
    rate_hz = _WALKING_HZ + 0.1 * np.interp(np.arange(size), knots, rng.standard_normal(knots.size))
    phase = 2 * np.pi * np.cumsum(rate_hz) / PPG_HZ
    return np.asarray(0.65 * np.sin(phase) + 0.35 * np.sin(2 * phase + 1.0))


def _swing(steps: Signal, size: int) -> Signal:
    """(size, 3) acceleration of the same movement, mostly along the arm."""
    along = np.interp(np.arange(size) / ACC_HZ, np.arange(steps.size) / PPG_HZ, steps)
    return np.outer(along, _WALKING_G * np.array([0.9, 0.3, 0.3]))


def rated(seed: int, duration_s: int = DURATION_S) -> dict[str, tuple[RateBand, ...]]:
    """Case to the box's heart rate against the truth, second by second, by its own signal quality."""
    made = {}
    for case in cases(seed, duration_s):
        people = [_rates(*one) for one in zip(case.waves, case.ppg, case.acc_g, strict=True)]
        made[case.name] = rate_bands(people, np.ones((1, len(people))))
    return made


def _rates(wave: Waveforms, ppg: Signal, acc_g: Signal) -> tuple[Signal, Signal, Signal]:
    """(n,) heart rate that the box states, the true one over the same ten seconds, and the quality."""
    rows = seconds_of(ppg, PPG_HZ, acc_g)[_FROM_S:]
    truth = [rate_bpm(wave.beats_s[inside(wave.beats_s, row.end_s - PIECE_S)]) for row in rows]
    return np.array([row.heart_rate_bpm for row in rows]), np.array(truth), np.array([row.quality for row in rows])


def truths(tools: Sequence[Tool], seed: int, duration_s: int = DURATION_S) -> tuple[Truth, ...]:
    """Every tool on every case; the box's own detectors first."""
    return tuple(_truth(case, tool) for case in cases(seed, duration_s) for tool in (*BOX, *tools))


def _truth(case: Case, tool: Tool) -> Truth:
    hits = found = real = 0
    off: list[float] = []
    onsets, true_onsets, minutes = 0, 0, 0.0
    for wave, ppg in zip(case.waves, case.ppg, strict=True):
        beats_s = aligned(quietly(tool.beats, ppg, PPG_HZ), wave.beats_s)
        hits += int(matched(beats_s, wave.beats_s).sum())
        found, real = found + beats_s.size, real + wave.beats_s.size
        off += [
            abs(rate_bpm(beats_s[inside(beats_s, start)]) - rate_bpm(wave.beats_s[inside(wave.beats_s, start)]))
            for start in np.arange(0.0, ppg.size / PPG_HZ - PIECE_S, PIECE_S)
        ]
        if tool.responses is not None:
            onsets += quietly(tool.responses, wave.gsr_us.astype(np.float64), GSR_HZ).size
        minutes += ppg.size / PPG_HZ / 60.0
        true_onsets += wave.scr_onsets_s.size
    known = np.array(off)[np.isfinite(off)]
    return Truth(
        case.name,
        tool.name,
        f1(hits, found, real),
        float(known.mean()) if known.size else float("nan"),
        onsets / minutes if tool.responses is not None else float("nan"),
        true_onsets / minutes,
    )


_APART_S = 20.0
"""Seconds between two responses that are made: each is over (time constants of 0.75 and 2 s) when the next begins."""

_LEVEL_US, _NOISE_US, _DRIFT_US = 2.0, 0.003, 0.02
"""Level, white noise and slow drift of a wristband at rest: an Empatica E4's middle of the range and its noise."""

_LATE_S = 2.0
"""A response counts as found where an onset lies this close to its own."""


def detected(name: str, amplitudes_us: Signal, seed: int) -> Detected:
    """Whether the detector finds responses of these heights on a wristband's skin conductance.

    The heights are laid, one every 20 s, on a level with noise and drift, as Bateman curves (Alexander et al., J
    Neurosci Methods 2005;146:116-123), sampled at 4 Hz.

    Args:
        name: whose heights.
        amplitudes_us: (n,) heights in microsiemens; those of 0 are made too, and nothing is there to be found.
        seed: of noise and drift.
    """
    rng = np.random.default_rng(seed)
    onsets_s = 5.0 + _APART_S * np.arange(amplitudes_us.size) + rng.uniform(0.0, 1.0 / GSR_HZ, amplitudes_us.size)
    times_s = np.arange(0.0, _APART_S * (amplitudes_us.size + 1), 1.0 / GSR_HZ)
    knots = np.arange(0.0, times_s[-1] + 60.0, 60.0)
    gsr_us = _LEVEL_US + np.interp(times_s, knots, _DRIFT_US * rng.standard_normal(knots.size))
    gsr_us = gsr_us + _NOISE_US * rng.standard_normal(times_s.size)
    for onset_s, amplitude_us in zip(onsets_s, amplitudes_us, strict=True):
        gsr_us = gsr_us + amplitude_us * bateman(times_s - onset_s)
    found_s, found_us = own_responses(gsr_us, GSR_HZ)
    real = amplitudes_us > 0
    near = np.abs(found_s[:, None] - onsets_s[None, :]) <= _LATE_S if found_s.size else np.zeros((0, real.size), bool)
    seen = near.any(axis=0) & real
    first = near.argmax(axis=0) if found_s.size else np.zeros(real.size, dtype=np.int64)
    bias = (found_us[first[seen]] - amplitudes_us[seen]).mean() if seen.any() else float("nan")
    false = int((~near[:, real].any(axis=1)).sum())
    return Detected(
        name,
        int(real.sum()),
        float(seen.sum() / max(int(real.sum()), 1)),
        float((amplitudes_us[real] >= SMALLEST_US).mean()) if real.any() else float("nan"),
        float(bias),
        false / (times_s[-1] / 60.0),
    )


def bateman(since_s: Signal) -> Signal:
    """A skin conductance response of height 1 that begins at second 0 (rise 0.75 s, decay 2 s)."""
    rise_s, decay_s = 0.75, 2.0
    after = np.maximum(since_s, 0.0)
    curve = np.exp(-after / decay_s) - np.exp(-after / rise_s)
    peak_s = np.log(decay_s / rise_s) * rise_s * decay_s / (decay_s - rise_s)
    return np.asarray(curve / (np.exp(-peak_s / decay_s) - np.exp(-peak_s / rise_s)))
