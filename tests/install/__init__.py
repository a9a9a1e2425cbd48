"""How a box is installed."""
