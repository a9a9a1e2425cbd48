"""Thresholds of the fusion: one per mode, at the same false-alarm budget."""
