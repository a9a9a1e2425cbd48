"""Plays a recorded session through the true daemon and compares what it says with what it said then."""
