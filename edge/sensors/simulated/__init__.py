"""Simulated sensors: drivers like any other, their samples from a seeded generator that follows a scene."""
