"""Readers of coded faces that others hold: the same report for them as for rendered faces."""
