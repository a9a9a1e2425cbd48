"""Streaming pulse and skin conductance: a fixed amount of work and memory per sample, however long a stay lasts.

Samples go in as they come, missing ones as NaN; once per second of signal a row of measures comes out. Whatever the
size of the pieces in which samples arrive, the same samples give the same rows.

These measures stand beside the rows that the arousal networks read (`edge.biosignal.rows`); no network reads them.
"""

from edge.biosignal.stream.pulse import PulseSecond, PulseStream
from edge.biosignal.stream.skin import SkinSecond, SkinStream

__all__ = ["PulseSecond", "PulseStream", "SkinSecond", "SkinStream"]
