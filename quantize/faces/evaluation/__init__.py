"""Figures of the face network that can embarrass it: agreement, separation, groups, calibration, episodes."""
