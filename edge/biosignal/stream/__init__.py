"""Streaming pulse and skin conductance: a fixed amount of work and memory per sample, however long a stay lasts.

Samples go in as they come, missing ones as NaN; once per second of signal a row of measures comes out. Whatever the
size of the pieces in which samples arrive, the same samples give the same rows.

The arousal networks, the heart rate and every quality rest on these measures, on the box and in training.
"""

from edge.biosignal.stream.pulse import PulseSecond, PulseStream
from edge.biosignal.stream.skin import SkinSecond, SkinStream

__all__ = ["PulseSecond", "PulseStream", "SkinSecond", "SkinStream"]
