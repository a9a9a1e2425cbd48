"""Tests of the fusion thresholds."""
