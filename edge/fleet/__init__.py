"""A hospital of simulated beds: how many a broker serves, and how late an alert arrives (docs/hospital.md)."""
