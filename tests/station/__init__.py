"""Tests of the nursing station."""
