"""The evaluation, on numbers small enough to check by hand."""
