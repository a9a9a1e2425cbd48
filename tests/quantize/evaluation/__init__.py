"""What every evaluation shares, on numbers small enough to check by hand."""
