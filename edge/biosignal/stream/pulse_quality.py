"""How far a second of pulse wave is to be trusted, as the chance that its heart rate is right.

A logistic regression of absolute signs gives the chance that the heart rate is within 5 bpm of the truth; faults that a
right heart rate may survive (clipping, hum, lost packets), and movement, lower it further, because amplitude and
intervals do not survive them. Nothing is compared with the recording's own average, so steady noise stays low.

The weights were fitted on 220 generated recordings (eleven kinds, from clean over walking, running, hum, poor perfusion
and drop-outs to noise and a band on the table) and on six people of Stress-Predict against the band's own intervals,
both halves weighted 2:1. `quantize/biosignal/evaluation/rated.py` measures what comes of it on recordings that were not
used.
"""

from __future__ import annotations

import math

from edge.biosignal.stream.signs import PulseSigns

_REPEATS, _ALIKE, _EXPLAINED, _SKEWNESS, _NOISE, _CONSTANT = 2.7, 2.6, 5.0, 3.6, -1.9, -7.5
"""Weights of the signs, each limited to the range in which it was fitted."""

_COVERED_NONE, _COVERED_FULL = 0.5, 0.9
"""Share of samples that arrived: with half of them beats are lost."""

_STUCK_FULL, _STUCK_NONE = 0.02, 0.2
"""Share of stuck samples: none on Stress-Predict; a clipped pulse wave spends a fifth of its time at its limits."""

_HUM_FULL, _HUM_NONE = 0.3, 0.7
"""Share of the power in a line at mains' alias; clean pulses have 0.05 there, with their fourth harmonic on it 0.2."""

_HUM_LEFT = 0.4
"""Trust that is left under hum alone: the band-pass may still find the beats, the amplitude is the hum's."""

_TONE_FULL, _TONE_NONE = 0.955, 0.985
"""Share of the slope's power at the heart rate alone: on Stress-Predict at most 0.92, in generated pulses 0.95 at 170
bpm, in a sine 0.998. A pulse without harmonics is a hum, whatever its rate."""

_MOVING_FULL_G, _MOVING_NONE_G = 0.25, 1.0
"""Band-passed acceleration that the canceller copes with (walking is 0.15 g), and from which nothing is trusted (a
run is 0.6 g; there two seconds in three followed the steps although the signs were good)."""

_LOUD_FULL, _LOUD_NONE = 1.3, 1.9
"""Without an accelerometer: slope against the patient's usual one up to which, and from which, it is movement. In the
generator the relief of pain of level 9 reaches 1.35; walking has 1.2 to 2.2, running 2.3 to 6.4."""


def _ramp(value: float, zero_at: float, one_at: float) -> float:
    return min(1.0, max(0.0, (value - zero_at) / (one_at - zero_at)))


def _within(value: float, low: float, high: float) -> float:
    return min(high, max(low, value))


def pulse_quality(seen: PulseSigns, louder: float | None = None) -> float:
    """Trust in eight seconds of pulse wave, 0..1.

    Args:
        seen: its signs.
        louder: slope against the patient's usual slope where there is no accelerometer; None with one.
    """
    log_odds = _CONSTANT + (
        _REPEATS * _within(seen.repeats, 0.0, 1.0)
        + _ALIKE * _within(seen.alike, 0.5, 1.0)
        + _EXPLAINED * seen.explained
        + _SKEWNESS * _within(seen.skewness, -0.2, 0.6)
        + _NOISE * _within(seen.noise, 0.0, 1.0)
    )
    trust = 1.0 / (1.0 + math.exp(-log_odds))
    trust *= _ramp(seen.coverage, _COVERED_NONE, _COVERED_FULL) * _ramp(seen.stuck, _STUCK_NONE, _STUCK_FULL)
    trust *= _HUM_LEFT + (1.0 - _HUM_LEFT) * _ramp(seen.hum, _HUM_NONE, _HUM_FULL)
    trust *= _ramp(seen.tone, _TONE_NONE, _TONE_FULL)
    trust *= _ramp(seen.moving_g, _MOVING_NONE_G, _MOVING_FULL_G)
    return trust if louder is None else trust * _ramp(louder, _LOUD_NONE, _LOUD_FULL)
