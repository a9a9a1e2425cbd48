"""Readers of data sets that their holders have; none of them is shipped."""
