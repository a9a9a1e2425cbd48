"""Pictures whose number can be read from their pixels: what the virtual camera plays.

The upper sixth of a picture is a row of blocks, black or white, which spell its number in binary, highest bit on the
left; below, a diagonal pattern moves with the number. Lossy coding changes neither the blocks nor, by more than a few
steps of brightness, the pattern; a turned or mirrored picture no longer reads the same.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

SIZE_PX = (640, 480)
"""Width and height."""

COUNT = 60
"""Pictures in the folder; after the last comes the first again."""

BITS = 8
"""Blocks in the row."""

_BLOCK_PX = SIZE_PX[0] // BITS


def picture(number: int) -> NDArray[np.uint8]:
    """The picture of this number, (480, 640) uint8."""
    width, height = SIZE_PX
    across, down = np.meshgrid(np.arange(width), np.arange(height))
    pattern = 128 + 90 * np.sin((across + 2 * down + 11 * number) / 37.0)
    gray = pattern.astype(np.uint8)
    for place in range(BITS):
        bit = number >> (BITS - 1 - place) & 1
        gray[:_BLOCK_PX, place * _BLOCK_PX : (place + 1) * _BLOCK_PX] = 235 if bit else 20
    return gray


def number_of(pixels: NDArray[np.uint8]) -> int:
    """The number that a picture's blocks spell."""
    middle = slice(_BLOCK_PX // 4, 3 * _BLOCK_PX // 4)
    number = 0
    for place in range(BITS):
        block = pixels[middle, place * _BLOCK_PX :][:, middle]
        number = number << 1 | int(block.mean() > 128)
    return number


def write(folder: Path) -> None:
    """Write all pictures as JPEG files."""
    from PIL import Image

    for number in range(COUNT):
        Image.fromarray(picture(number)).convert("RGB").save(folder / f"{number:03d}.jpg", quality=95)


if __name__ == "__main__":
    write(Path(sys.argv[1]))
