"""Alarm conditions: delays, priorities, latching, acknowledgement; state on disk before it is announced."""
