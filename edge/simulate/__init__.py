"""Plays simulated patients through the true daemon on a virtual clock, and compares with the truth."""
