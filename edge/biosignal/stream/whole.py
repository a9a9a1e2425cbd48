"""A whole stretch of signal through the streams at once: for plots, reports and comparisons."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.biosignal.stream.deconvolution import DECAY_S
from edge.biosignal.stream.pulse import PulseSecond, PulseStream
from edge.biosignal.stream.skin import SkinStream

Signal = NDArray[np.float64]

SLOWEST_PPG_HZ, SLOWEST_GSR_HZ = 20.0, 2.0
"""Rates below which the streams refuse a signal."""

_LEAD_S = 20.0
"""The first value is held for this long before a stretch: the streams' longest look back is 15 s."""

_LATE_S = 8.0
"""Beats and responses become certain up to this long after they happened."""


@dataclass(frozen=True, slots=True, eq=False)
class Events:
    """Beats or responses of a stretch.

    Attributes:
        times_s: (n,) steepest points of the upstrokes, or onsets, seconds from the first sample.
        heights: (n,) pulse amplitudes in the band's unit, or rises of the conductance in microsiemens.
    """

    times_s: Signal
    heights: Signal


_NONE = Events(np.empty(0), np.empty(0))


def beats_in(ppg: Signal, rate_hz: float, acc_g: Signal | None = None) -> Events:
    """The beats of a stretch.

    Args:
        ppg: (n,) pulse wave, NaN where a sample is missing.
        rate_hz: sampling rate; below 20 Hz nothing is found.
        acc_g: (n, 3) acceleration at the same moments, g; None without an accelerometer.
    """
    if rate_hz < SLOWEST_PPG_HZ:
        return _NONE
    lead, tail = _around(ppg, rate_hz)
    acc = None if acc_g is None else np.pad(acc_g, ((lead.size, tail.size), (0, 0)), mode="edge")
    rows = PulseStream(rate_hz).push(np.concatenate([lead, ppg, np.full(tail.size, np.nan)]), acc)
    beats = [beat for row in rows for beat in row.beats]
    return _inside(ppg, rate_hz, [beat.time_s for beat in beats], [beat.amplitude for beat in beats])


def responses_in(gsr_us: Signal, rate_hz: float) -> Events:
    """The skin conductance responses of a stretch.

    Args:
        gsr_us: (n,) skin conductance in microsiemens, NaN where a sample is missing.
        rate_hz: sampling rate; below 2 Hz nothing is found.
    """
    if rate_hz < SLOWEST_GSR_HZ:
        return _NONE
    lead, tail = _around(gsr_us, rate_hz)
    after_s = np.arange(1, tail.size + 1) / rate_hz
    tail = lead[:1] + (tail - lead[:1]) * np.exp(
        -after_s / DECAY_S
    )  # a response that is cut off runs out as responses do
    rows = SkinStream(rate_hz).push(np.concatenate([lead, gsr_us, tail]))
    found = [response for row in rows for response in row.responses]
    return _inside(gsr_us, rate_hz, [one.onset_s for one in found], [one.amplitude_us for one in found])


def seconds_of(ppg: Signal, rate_hz: float, acc_g: Signal | None = None) -> list[PulseSecond]:
    """The rows of a stretch's whole seconds; none below 20 Hz.

    Args:
        ppg: (n,) pulse wave, NaN where a sample is missing.
        rate_hz: sampling rate.
        acc_g: (m, 3) acceleration over the same time at any rate, g; None without an accelerometer.
    """
    if rate_hz < SLOWEST_PPG_HZ:
        return []
    return PulseStream(rate_hz).push(ppg, None if acc_g is None else beside(acc_g, ppg.size))


def beside(acc_g: Signal, count: int) -> Signal:
    """(count, 3) acceleration at evenly spaced moments of the same stretch, from (m, 3)."""
    own = np.linspace(0.0, 1.0, len(acc_g), endpoint=False)
    return np.stack([np.interp(np.linspace(0.0, 1.0, count, endpoint=False), own, axis) for axis in acc_g.T], axis=1)


def _around(samples: Signal, rate_hz: float) -> tuple[Signal, Signal]:
    """The first and the last measured value, held: so the filters have settled, and what is late comes out."""
    known = samples[np.isfinite(samples)]
    first, last = (known[0], known[-1]) if known.size else (np.nan, np.nan)
    return np.full(round(_LEAD_S * rate_hz), first), np.full(round(_LATE_S * rate_hz), last)


def _inside(samples: Signal, rate_hz: float, times_s: list[float], heights: list[float]) -> Events:
    """Those that lie on a sample that was measured."""
    at = np.array(times_s, dtype=np.float64) - round(_LEAD_S * rate_hz) / rate_hz
    places = np.rint(at * rate_hz).astype(np.int64)
    kept = (places >= 0) & (places < samples.size)
    kept[kept] = np.isfinite(samples[places[kept]])
    return Events(at[kept], np.array(heights, dtype=np.float64)[kept])
