"""Tests of the Polar bands."""
