"""Tests of scenes, the generator and the simulated wristband."""
