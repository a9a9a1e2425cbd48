"""Draws a recorded session on one time axis (matplotlib, extra `plot`)."""
