"""The face: detection, alignment, action units, PSPI, rest, quality."""
