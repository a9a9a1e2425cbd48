"""One row of plain figures per second and signal: what was measured, before any comparison with the person.

Rows are computed the same way on the box and in training. They rest on the past only: the row of a moment looks back
over at most `LOOK_BACK_S`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edge.biosignal import beats, conductance, intervals, quality
from edge.biosignal.grid import Grid

LOOK_BACK_S = 30.0
"""Longest stretch that a row rests on."""

_RATE_S = 10.0
"""Heart rate and pulse amplitude rest on this many seconds: 7 to 20 beats."""

_PPG_QUALITY_S, _GSR_QUALITY_S = 10.0, 15.0
"""Signal quality is judged on this many seconds."""

_LEVEL_S, _SLOPE_S = 5.0, 10.0
"""Skin conductance level and its slope rest on this many seconds."""

_USABLE = 0.02
"""Quality below which nothing is computed."""

NAN = float("nan")


@dataclass(frozen=True, slots=True)
class PulseRow:
    """One second of the pulse wave.

    Attributes:
        quality: signal quality 0..1; the figures are NaN where it is 0.
        heart_rate_bpm: from the median interval of 10 s.
        amplitude: median pulse amplitude of 10 s, unit of the band.
        rmssd_s: beat-to-beat variability of 30 s; NaN with too few clean intervals.
    """

    quality: float
    heart_rate_bpm: float
    amplitude: float
    rmssd_s: float


@dataclass(frozen=True, slots=True)
class SkinRow:
    """One second of skin conductance.

    Attributes:
        quality: signal quality 0..1; the figures are NaN where it is 0.
        scl_us: skin conductance level of 5 s.
        slope_per_s: relative slope of the level over 10 s, per second.
        scr_per_min: responses that began within 30 s, per minute.
        scr_sum_us: sum of their amplitudes.
    """

    quality: float
    scl_us: float
    slope_per_s: float
    scr_per_min: float
    scr_sum_us: float


NO_PULSE = PulseRow(0.0, NAN, NAN, NAN)
"""A second without a usable pulse wave."""

NO_SKIN = SkinRow(0.0, NAN, NAN, NAN, NAN)
"""A second without usable skin conductance."""


def pulse_row(ppg: Grid, acc_g: Grid | None = None) -> PulseRow:
    """The row of the moment at which `ppg` ends.

    Args:
        ppg: the newest `LOOK_BACK_S` of pulse wave.
        acc_g: acceleration over the newest 10 s or more, where the band has it.
    """
    trust = quality.ppg_quality(ppg.last(_PPG_QUALITY_S), acc_g.last(_PPG_QUALITY_S) if acc_g else None)
    if trust < _USABLE:
        return NO_PULSE
    found = beats.detect(ppg.values, ppg.rate_hz)
    length_s = ppg.values.size / ppg.rate_hz
    places = np.clip(np.rint(found.times_s * ppg.rate_hz).astype(np.int64), 0, ppg.present.size - 1)
    real = ppg.present[places]
    spans = intervals.from_beats(found.times_s[real])
    heart_rate = intervals.heart_rate_bpm(intervals.since(spans, length_s - _RATE_S))
    if np.isnan(heart_rate):
        return NO_PULSE
    newest = found.amplitudes[real & (found.times_s >= length_s - _RATE_S)]
    return PulseRow(trust, heart_rate, float(np.median(newest)), intervals.rmssd_s(spans))


def skin_row(gsr: Grid, acc_g: Grid | None = None) -> SkinRow:
    """The row of the moment at which `gsr` ends.

    Args:
        gsr: the newest `LOOK_BACK_S` of skin conductance, microsiemens.
        acc_g: acceleration over the newest 15 s or more, where the band has it.
    """
    trust = quality.gsr_quality(gsr.last(_GSR_QUALITY_S), acc_g.last(_GSR_QUALITY_S) if acc_g else None)
    newest = gsr.last(_LEVEL_S)
    if trust < _USABLE or not newest.present.any():
        return NO_SKIN
    first = int(gsr.present.argmax())  # what lies before the first sample is not flat, it is unknown
    values = np.maximum(gsr.values[first:], quality.GSR_LOWEST_US)
    found = conductance.responses(values, gsr.rate_hz)
    minutes = values.size / gsr.rate_hz / 60.0
    return SkinRow(
        quality=trust,
        scl_us=max(conductance.level_us(newest.values[newest.present]), quality.GSR_LOWEST_US),
        slope_per_s=conductance.slope_per_s(values[-round(_SLOPE_S * gsr.rate_hz) :], gsr.rate_hz),
        scr_per_min=found.onsets_s.size / minutes,
        scr_sum_us=float(found.amplitudes_us.sum()) / minutes * (LOOK_BACK_S / 60.0),
    )
