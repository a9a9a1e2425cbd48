"""Tests of the fusion."""
