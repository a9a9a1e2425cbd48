"""Soaks: one box for days of virtual time, or an hour of real time, with everything that may grow on record."""
