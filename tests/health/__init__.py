"""Tests of edge/health."""
