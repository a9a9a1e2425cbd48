"""Tests of the signal functions and the arousal estimator."""
