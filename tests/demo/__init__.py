"""Tests of the built-in demonstration."""
