"""The record without a page, on a real broker and a real database."""
