"""Bands on serial ports, against devices on pseudo-terminals."""
