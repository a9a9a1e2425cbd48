"""Tests of the Stress-Predict reader, feature extraction and evaluation."""
