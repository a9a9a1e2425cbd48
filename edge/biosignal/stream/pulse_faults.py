"""What is wrong with a stretch of pulse wave, by name."""

from __future__ import annotations

from enum import StrEnum

from edge.biosignal.stream.signs import PulseSigns


class PulseFault(StrEnum):
    """A reason not to trust a pulse wave."""

    MISSING = "missing"
    """Samples did not arrive."""
    FLAT = "flat"
    """Not a single change."""
    SATURATION = "saturation"
    """The wave stands at its limits."""
    MOTION = "motion"
    """The wrist moves more than can be cancelled; without an accelerometer: the wave is far larger than usual."""
    HUM = "hum"
    """Mains, or a tone without the harmonics of a pulse."""
    POOR_PERFUSION = "poor_perfusion"
    """A pulse is there, and nearly drowned in noise."""
    NO_PULSE = "no_pulse"
    """Nothing repeats: noise, or a band that is not worn."""


_COVERED = 0.9
"""Share of samples below which losses cost trust (`pulse_quality`)."""

_STUCK = 0.1
"""Share of stuck samples: half-way between what is harmless and what ends all trust."""

_HUM, _TONE = 0.5, 0.97
"""Half-way points of the same ramps."""

_MOVING_G, _LOUDER = 0.4, 1.6
"""Movement that costs a fifth of the trust, and half of it without an accelerometer."""

_REPEATS_NONE, _REPEATS_FULL = 0.35, 0.8
"""Autocorrelation that eight seconds of noise reach at best, and that a pulse in little noise exceeds."""

_NOISY = 0.3
"""White noise as a share of the wave; clean pulses have 0.07."""


def pulse_faults(seen: PulseSigns, louder: float | None = None) -> frozenset[PulseFault]:
    """Name what is wrong with eight seconds of pulse wave.

    Args:
        seen: their signs.
        louder: slope against the patient's usual slope where there is no accelerometer; None with one.
    """
    if seen.stuck >= 1.0:
        return frozenset({PulseFault.FLAT if seen.coverage > 0.0 else PulseFault.MISSING})
    told = {
        PulseFault.MISSING: seen.coverage < _COVERED,
        PulseFault.SATURATION: seen.stuck >= _STUCK,
        PulseFault.MOTION: seen.moving_g >= _MOVING_G or (louder is not None and louder >= _LOUDER),
        PulseFault.HUM: seen.hum >= _HUM or seen.tone >= _TONE,
        PulseFault.POOR_PERFUSION: seen.noise >= _NOISY and _REPEATS_NONE <= seen.repeats < _REPEATS_FULL,
        PulseFault.NO_PULSE: seen.repeats < _REPEATS_NONE,
    }
    return frozenset(fault for fault, holds in told.items() if holds)
