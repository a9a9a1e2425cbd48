"""Cameras and wristbands: every source of frames and samples, real, recorded or simulated, behind one protocol."""
