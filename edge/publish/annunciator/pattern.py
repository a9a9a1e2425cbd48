"""Bursts by priority, after IEC 60601-1-8 (tables 3 and 4: pulses per burst, their lengths and spacings).

High: ten pulses as 3 + 2 + 3 + 2; medium: three; low: one. A light flashes at 1.4-2.8 Hz for high, 0.4-0.8 Hz for
medium, and stands for low; here it follows the sound's burst and its repetition, which a nurse reads as one signal.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate

from edge.types import Priority


@dataclass(frozen=True, slots=True)
class Burst:
    """One burst, and when the next follows.

    Attributes:
        priority: it stands for.
        pulse_s: length of each pulse, seconds.
        gaps_s: silence after each pulse but the last, seconds; one more pulse than gaps.
        every_s: from one burst's start to the next, seconds.
        sound: False: light only (audio pause).
        soft: at a third of the volume (quiet hours; never for high priority).
        locate: no alarm: the bed makes itself found.
    """

    priority: Priority
    pulse_s: float
    gaps_s: tuple[float, ...]
    every_s: float
    sound: bool = True
    soft: bool = False
    locate: bool = False

    @property
    def name(self) -> str:
        """Its word for programs and files: the priority, or "locate"."""
        return "locate" if self.locate else str(self.priority)

    @property
    def starts_s(self) -> tuple[float, ...]:
        """When each pulse begins, seconds from the burst's start."""
        return (0.0, *accumulate(self.pulse_s + gap for gap in self.gaps_s))

    @property
    def length_s(self) -> float:
        """From the first pulse's start to the last one's end, seconds."""
        return self.starts_s[-1] + self.pulse_s


_X, _Y = 0.1, 0.15
_THREE_TWO = (_X, _X, 2 * _X + _Y, _X)
"""Gaps within 3 + 2 pulses: x, x, 2x + pulse, x (IEC 60601-1-8, table 4)."""

BURSTS = {
    Priority.HIGH: Burst(Priority.HIGH, _Y, (*_THREE_TWO, 0.5, *_THREE_TWO), every_s=7.0),
    Priority.MEDIUM: Burst(Priority.MEDIUM, 0.2, (0.2, 0.2), every_s=15.0),
    Priority.LOW: Burst(Priority.LOW, 0.2, (), every_s=60.0),
}
"""Within the standard's limits: high repeats after 2.5-15 s, medium after 2.5-30 s, low after more than 15 s."""

LOCATE = Burst(Priority.LOW, 0.1, (0.1, 0.1, 0.1, 0.1), every_s=2.0, soft=True, locate=True)
"""Five short soft pulses every two seconds: unlike any alarm's, whose pulses are fewer or grouped."""
