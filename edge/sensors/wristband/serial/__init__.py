"""Wristbands on a serial port: USB, UART pins, and Bluetooth's RFCOMM."""
