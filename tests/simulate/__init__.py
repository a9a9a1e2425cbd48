"""Simulated patients in the true daemon."""
