"""Tests of the EmotiBit."""
