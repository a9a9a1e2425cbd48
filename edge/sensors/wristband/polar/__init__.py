"""Polar bands and straps: the Polar Measurement Data service."""
