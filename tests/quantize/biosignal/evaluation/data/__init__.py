"""Readers of the data of others, on tiny made-up folders of the same layout."""
