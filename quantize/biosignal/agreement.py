"""How well found beats, heart rates and responses agree with the truth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.biosignal.stream import PulseSecond, PulseStream, SkinSecond, SkinStream
from quantize.biosignal.evaluation.matching import matched
from quantize.biosignal.synthetic.recording import ACC_RATE_HZ, GSR_RATE_HZ, PPG_RATE_HZ, Recording

Signal = NDArray[np.float64]

BEAT_WITHIN_S = 0.1
"""A found beat is a true one within this: a tenth of a second is narrower than a quarter of any beat's interval up to
150 bpm, and wider than any shift of the upstroke by its shape."""

RESPONSE_WITHIN_S = 1.0
"""A found response is a true one when its onset is this near: the least distance of two responses of the generator."""

RATE_S, RATE_LAG_S = 8.0, 1.0
"""A second's heart rate speaks of the eight seconds that ended one second before: beats are certain about then."""

GOOD = 0.8
"""Quality from which a second counts as good."""

RIGHT_BPM = 5.0
"""Error up to which a heart rate counts as right."""


def f1(found_s: Signal, true_s: Signal, within_s: float) -> float:
    """Harmonic mean of precision and recall, each event matched once, in order of time.

    Args:
        found_s: rising times.
        true_s: rising times.
        within_s: greatest distance of a match.
    """
    if found_s.size + true_s.size == 0:
        return 1.0
    return 2.0 * float(matched(found_s, true_s, within_s).sum()) / (found_s.size + true_s.size)


def between(times_s: Signal, start_s: float, end_s: float) -> Signal:
    """The times in [start_s, end_s)."""
    return times_s[(times_s >= start_s) & (times_s < end_s)]


@dataclass(frozen=True, slots=True)
class RateAgreement:
    """Heart rate against the truth, over the seconds of a stretch.

    Attributes:
        good: share of the seconds that were rated good.
        right: share of the good seconds within 5 bpm of the truth; NaN without any.
        error_bpm: mean absolute error of the good seconds.
        seconds: how many seconds there were.
    """

    good: float
    right: float
    error_bpm: float
    seconds: int


def rate_agreement(quality: Signal, found_bpm: Signal, true_bpm: Signal) -> RateAgreement:
    """Compare heart rates second by second.

    Args:
        quality: (n,) 0..1.
        found_bpm: (n,) NaN where not known.
        true_bpm: (n,) NaN where there is no heart rate to find: a good second is wrong there.
    """
    good = quality >= GOOD
    error = np.abs(found_bpm - true_bpm)[good]
    if error.size == 0:
        return RateAgreement(0.0, float("nan"), float("nan"), quality.size)
    known = error[np.isfinite(error)]
    return RateAgreement(
        float(good.mean()),
        float((error <= RIGHT_BPM).mean()),
        float(known.mean()) if known.size else float("nan"),
        quality.size,
    )


def pulse_rows(recording: Recording, *, accelerometer: bool = True) -> list[PulseSecond]:
    """A recording's pulse wave through the stream."""
    acc_g = acceleration_at(recording, recording.ppg.size, PPG_RATE_HZ) if accelerometer else None
    return PulseStream(PPG_RATE_HZ).push(np.where(recording.ppg_present, recording.ppg, np.nan), acc_g)


def skin_rows(recording: Recording) -> list[SkinSecond]:
    """A recording's conductance through the stream, with acceleration and temperature."""
    acc_g = acceleration_at(recording, recording.gsr_us.size, GSR_RATE_HZ)
    gsr_us = np.where(recording.gsr_present, recording.gsr_us, np.nan)
    return SkinStream(GSR_RATE_HZ).push(gsr_us, acc_g, recording.temperature_c)


def acceleration_at(recording: Recording, count: int, rate_hz: float) -> Signal:
    """(count, 3) a recording's acceleration at the samples of another channel."""
    own_s, times_s = np.arange(len(recording.acc_g)) / ACC_RATE_HZ, np.arange(count) / rate_hz
    return np.stack([np.interp(times_s, own_s, axis) for axis in recording.acc_g.T], axis=1)


def beats_f1(recording: Recording, rows: list[PulseSecond], start_s: float, end_s: float) -> float:
    """F1 of the beats in a stretch."""
    found_s = np.array([beat.time_s for row in rows for beat in row.beats])
    return f1(between(found_s, start_s, end_s), between(recording.upstrokes_s, start_s, end_s), BEAT_WITHIN_S)


def rates(recording: Recording, rows: list[PulseSecond], start_s: float, end_s: float) -> tuple[Signal, Signal, Signal]:
    """Quality, found and true heart rate of each second in a stretch."""
    inside = [row for row in rows if start_s <= row.end_s < end_s]
    return (
        np.array([row.quality for row in inside]),
        np.array([row.heart_rate_bpm for row in inside]),
        np.array([recording.heart_rate_bpm(row.end_s - RATE_LAG_S, RATE_S) for row in inside]),
    )


def responses_f1(recording: Recording, rows: list[SkinSecond], smallest_us: float) -> float:
    """F1 of the responses; true ones below `smallest_us` are not asked for, but may be found."""
    found_s = np.array([response.onset_s for row in rows for response in row.responses])
    large = recording.scr_onsets_s[recording.scr_amplitudes_us >= smallest_us]
    small = recording.scr_onsets_s[recording.scr_amplitudes_us < smallest_us]
    if small.size and found_s.size:
        near_small = np.abs(found_s[:, None] - small).min(axis=1) <= RESPONSE_WITHIN_S
        near_large = np.abs(found_s[:, None] - large).min(axis=1) <= RESPONSE_WITHIN_S if large.size else ~near_small
        found_s = found_s[near_large | ~near_small]
    return f1(np.sort(found_s), large, RESPONSE_WITHIN_S)
