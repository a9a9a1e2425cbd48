"""Damaged and hostile input for everything that reads what comes from outside."""
