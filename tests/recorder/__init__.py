"""Tests of edge/recorder."""
