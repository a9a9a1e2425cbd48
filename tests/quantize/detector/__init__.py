"""Tests of the detector's scenes, targets and figures."""
