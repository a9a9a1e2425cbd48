"""The first configuration of a box."""
