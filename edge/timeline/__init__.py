"""Samples placed on the box's clock: device clock mapping, bounded rings, windows with coverage and gaps."""

from edge.timeline.device_clock import ClockReport
from edge.timeline.timeline import Timeline

__all__ = ["ClockReport", "Timeline"]
