"""Who did what and when with this box: an append-only file whose entries are chained by their hashes."""
