"""Faces with known action units, and the small network that learns to read them.

The faces are rendered from public head assets, so every label is exact and no person was photographed.
"""
