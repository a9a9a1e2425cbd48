"""Tests of the wristband drivers."""
