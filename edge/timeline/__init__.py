"""Samples placed on the box's clock: device clock mapping, bounded rings, windows with coverage and gaps."""

from edge.timeline.timeline import Timeline

__all__ = ["Timeline"]
