"""Keeps the record without a page: several workers share what the beds say."""
