"""Tests of the sensor drivers."""
