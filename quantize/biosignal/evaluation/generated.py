"""Signals whose beats and responses are known, and what each detector makes of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from edge.sensors.simulated.scene import PainSpan
from quantize.biosignal.agreement import RESPONSE_WITHIN_S, acceleration_at
from quantize.biosignal.agreement import f1 as agreement_f1
from quantize.biosignal.evaluation.detectors import BOX, SMALLEST_US, Tool, beats_of, own_responses, responses_of
from quantize.biosignal.evaluation.figures import Detected, Truth
from quantize.biosignal.evaluation.kinds import END_S, KINDS, MOST, START_S
from quantize.biosignal.evaluation.matching import PIECE_S, aligned, f1, inside, matched, rate_bpm
from quantize.biosignal.synthetic import Recording, generate
from quantize.biosignal.synthetic.recording import GSR_RATE_HZ, PPG_RATE_HZ

Signal = NDArray[np.float64]

CASES = ("clean", "walking", "running", "poor perfusion (a fifth)", "a tenth of the packets lost")
"""Kinds of pulse wave that every tool is shown."""

SKINS = {"skin at rest": (), "skin in pain": (PainSpan(start_s=30.0, end_s=590.0, level=9.0),)}
"""Kinds of conductance that every tool is shown."""

_SKIN_S, _SKIN_SEED = 600.0, 800

_NAN = float("nan")


def truths(
    tools: Sequence[Tool],
    cases: Sequence[str] = CASES,
    skins: Sequence[str] = tuple(SKINS),
    count: int = MOST,
) -> tuple[Truth, ...]:
    """Every tool on every case; the box's own detectors first.

    Args:
        tools: of other packages.
        cases: kinds of pulse wave.
        skins: kinds of conductance.
        count: recordings of each kind of pulse wave; of conductance half as many.
    """
    everybody = (*BOX, *tools)
    pulses = {case: KINDS[case].recordings(count) for case in cases}
    made = [_pulse(case, tool, recordings) for case, recordings in pulses.items() for tool in everybody]
    for skin in skins:
        recordings = [generate(_SKIN_S, _SKIN_SEED + k, pain=SKINS[skin]) for k in range((count + 1) // 2)]
        made += [_skin(skin, tool, recordings) for tool in everybody if tool.responses is not None]
    return tuple(made)


def _pulse(case: str, tool: Tool, recordings: Sequence[Recording]) -> Truth:
    """Beats within the stretch with the fault; missing samples are a straight line for all but the box."""
    hits = found = real = faults = 0
    off: list[float] = []
    for recording in recordings:
        acc_g = acceleration_at(recording, recording.ppg.size, PPG_RATE_HZ)
        attempt = beats_of(tool, _seen(recording, bridged=tool not in BOX), PPG_RATE_HZ, acc_g)
        if attempt.fault:
            faults += 1
            continue
        true_s = _within(recording.upstrokes_s)
        beats_s = _within(aligned(attempt.times_s, recording.upstrokes_s))
        hits += int(matched(beats_s, true_s).sum())
        found, real = found + beats_s.size, real + true_s.size
        off += [
            abs(rate_bpm(beats_s[inside(beats_s, start)]) - rate_bpm(true_s[inside(true_s, start)]))
            for start in np.arange(START_S, END_S - PIECE_S + 1.0, PIECE_S)
        ]
    known = np.array(off)[np.isfinite(off)]
    mae = float(known.mean()) if known.size else _NAN
    score = f1(hits, found, real)
    return Truth(case, tool.name, score, mae, _NAN, _NAN, _NAN, faults, len(recordings))


def _seen(recording: Recording, *, bridged: bool) -> Signal:
    ppg = np.where(recording.ppg_present, recording.ppg, np.nan)
    if not bridged or recording.ppg_present.all():
        return ppg
    there = np.flatnonzero(recording.ppg_present)
    return np.interp(np.arange(ppg.size), there, ppg[there])


def _within(times_s: Signal) -> Signal:
    return times_s[(times_s >= START_S) & (times_s < END_S)]


def _skin(case: str, tool: Tool, recordings: Sequence[Recording]) -> Truth:
    scores: list[float] = []
    onsets, true_onsets, minutes, faults = 0, 0, 0.0, 0
    for recording in recordings:
        if tool.responses is None:
            continue
        attempt = responses_of(tool.responses, recording.gsr_us, GSR_RATE_HZ)
        if attempt.fault:
            faults += 1
            continue
        found_s = aligned(attempt.times_s, recording.scr_onsets_s)
        scores.append(agreement_f1(found_s, recording.scr_onsets_s, RESPONSE_WITHIN_S))
        onsets, true_onsets = onsets + found_s.size, true_onsets + recording.scr_onsets_s.size
        minutes += recording.duration_s / 60.0
    per_min = (onsets / minutes, true_onsets / minutes) if minutes else (_NAN, _NAN)
    score = float(np.mean(scores)) if scores else _NAN
    return Truth(case, tool.name, _NAN, _NAN, score, *per_min, faults, len(recordings))


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
    onsets_s = 5.0 + _APART_S * np.arange(amplitudes_us.size) + rng.uniform(0.0, 1.0 / GSR_RATE_HZ, amplitudes_us.size)
    times_s = np.arange(0.0, _APART_S * (amplitudes_us.size + 1), 1.0 / GSR_RATE_HZ)
    knots = np.arange(0.0, times_s[-1] + 60.0, 60.0)
    gsr_us = _LEVEL_US + np.interp(times_s, knots, _DRIFT_US * rng.standard_normal(knots.size))
    gsr_us = gsr_us + _NOISE_US * rng.standard_normal(times_s.size)
    for onset_s, amplitude_us in zip(onsets_s, amplitudes_us, strict=True):
        gsr_us = gsr_us + amplitude_us * bateman(times_s - onset_s)
    found_s, found_us = own_responses(gsr_us, GSR_RATE_HZ)
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
