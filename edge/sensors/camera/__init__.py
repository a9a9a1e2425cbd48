"""Cameras. Frames are gray, live in memory only, and carry the time at which they were exposed."""
