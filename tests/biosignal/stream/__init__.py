"""Tests of the streaming pulse and skin conductance."""
