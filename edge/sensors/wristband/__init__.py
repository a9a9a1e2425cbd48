"""Wristbands: Bluetooth Low Energy profiles and recorded sessions."""
