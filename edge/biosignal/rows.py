"""One row of plain figures per second and signal: what of a stream's second is compared with the person's own past.

Rows are taken the same way on the box and in training. They rest on the past only.
"""

from __future__ import annotations

from dataclasses import dataclass

from edge.biosignal.stream import PulseSecond, SkinSecond

NAN = float("nan")


@dataclass(frozen=True, slots=True)
class PulseRow:
    """One second of the pulse wave.

    Attributes:
        quality: calibrated trust 0..1; the figures are NaN where it is 0.
        heart_rate_bpm: over the valid intervals of about 8 s.
    """

    quality: float
    heart_rate_bpm: float

    @classmethod
    def of(cls, second: PulseSecond) -> PulseRow:
        """What counts of a second of the stream."""
        return cls(second.quality, second.heart_rate_bpm)


@dataclass(frozen=True, slots=True)
class SkinRow:
    """One second of skin conductance.

    Attributes:
        quality: trust 0..1; the figures are NaN where it is 0.
        scl_us: tonic level, microsiemens.
        phasic_us: what sweat responses add to it at the moment.
        scr_per_min: responses per trusted minute; NaN in the first 20 s.
    """

    quality: float
    scl_us: float
    phasic_us: float
    scr_per_min: float

    @classmethod
    def of(cls, second: SkinSecond) -> SkinRow:
        """What counts of a second of the stream."""
        return cls(second.quality, second.scl_us, second.phasic_us, second.scr_per_min)


NO_PULSE = PulseRow(0.0, NAN)
"""A second without a usable pulse wave."""

NO_SKIN = SkinRow(0.0, NAN, NAN, NAN)
"""A second without usable skin conductance."""
