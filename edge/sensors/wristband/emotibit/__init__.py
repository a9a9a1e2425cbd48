"""The EmotiBit: its text lines, live and recorded."""
