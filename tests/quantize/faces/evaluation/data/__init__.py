"""Readers on tiny made-up folders."""
