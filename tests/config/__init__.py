"""Tests of edge/config."""
