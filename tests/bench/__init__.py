"""Benchmarks whose peers live with the tests, so that the installed program lacks them; `make bench` runs them."""
