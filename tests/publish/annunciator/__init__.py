"""The bed's own light and sound."""
