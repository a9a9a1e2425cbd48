"""Tests of the simulated hospital."""
