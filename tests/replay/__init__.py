"""Tests of edge/replay and of the drivers that replay."""
