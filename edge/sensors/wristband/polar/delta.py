"""Samples as the Polar Measurement Data service packs them: plain little-endian integers, or compressed as deltas.

A compressed frame is one sample in full, then blocks. Each block has a byte with the width of a delta in bits, a byte
with the number of samples, and the deltas to the sample before: signed, channel after channel, least significant bit
first, the last byte filled up.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edge.errors import DecodeError, DecodeReason

Counts = NDArray[np.int32]
"""(n, channels) integers."""

WIDEST_DELTA = 32
"""Bits: no frame type has samples of more than 32. It also bounds what a frame can unfold to: a sample of one channel
takes at least one bit."""


def unpack(content: bytes, channels: int, sample_bytes: int) -> Counts:
    """Plain samples.

    Args:
        content: what follows the frame's header.
        channels: integers per sample.
        sample_bytes: bytes per integer, 1 to 4, signed.

    Raises:
        DecodeError: SHORT where there is no whole sample, or a last one that is cut.
    """
    size = channels * sample_bytes
    if not content or len(content) % size:
        raise DecodeError(DecodeReason.SHORT, f"{len(content)} bytes are no samples of {size} bytes each")
    padded = np.zeros((len(content) // sample_bytes, 4), np.uint8)
    padded[:, 4 - sample_bytes :] = np.frombuffer(content, np.uint8).reshape(-1, sample_bytes)
    # The bytes stand at the top of a 32-bit word, so that shifting them down brings the sign with them.
    words = padded.view("<i4") >> (8 * (4 - sample_bytes))
    return np.asarray(words, np.int32).reshape(-1, channels)


def decompress(content: bytes, channels: int, sample_bytes: int) -> Counts:
    """Samples of a compressed frame; sums wrap at 32 bits, as they do in the sensor.

    Args:
        content: what follows the frame's header.
        channels: integers per sample.
        sample_bytes: bytes per integer of the first sample, 1 to 4, signed.

    Raises:
        DecodeError: SHORT where a block is cut, VALUE for a delta without bits or with more than 32.
    """
    at = channels * sample_bytes
    steps = [unpack(content[:at], channels, sample_bytes).astype(np.int64)]
    while at < len(content):
        if len(content) - at < 2:
            raise DecodeError(DecodeReason.SHORT, "a block of deltas without its number of samples")
        width, count = content[at], content[at + 1]
        if not 0 < width <= WIDEST_DELTA:
            raise DecodeError(DecodeReason.VALUE, f"a delta cannot have {width} bits")
        size = (width * count * channels + 7) // 8
        block = content[at + 2 : at + 2 + size]
        if len(block) < size:
            raise DecodeError(DecodeReason.SHORT, f"{len(block)} of {size} bytes of deltas")
        steps.append(_deltas(block, width, count * channels).reshape(-1, channels))
        at += 2 + size
    return np.cumsum(np.concatenate(steps), axis=0).astype(np.int32)


def _deltas(block: bytes, width: int, count: int) -> NDArray[np.int64]:
    bits = np.unpackbits(np.frombuffer(block, np.uint8), count=count * width, bitorder="little")
    weights = np.left_shift(np.int64(1), np.arange(width, dtype=np.int64))
    weights[-1] = -weights[-1]  # two's complement
    return np.asarray(bits.reshape(count, width).astype(np.int64) @ weights, np.int64)
