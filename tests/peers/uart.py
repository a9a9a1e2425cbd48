"""What a UART receives when its speed is not that of the sender."""

from __future__ import annotations

from collections.abc import Iterator

OVERSAMPLING = 16
"""Looks per bit for a start bit, as most UARTs do it."""

IDLE_BITS = 20


def received_at(data: bytes, sent_baud: int, read_baud: int) -> bytes:
    """The bytes that a terminal at `read_baud` hands on while `data` is sent at `sent_baud` without pauses.

    Bytes whose stop bit is not there are handed on as 0 (framing error with IGNPAR off, PARMRK off).
    """
    return bytes(_sampled(_bits(data), sent_baud / read_baud))


def _bits(data: bytes) -> list[int]:
    line = [1] * IDLE_BITS
    for byte in data:
        line += [0, *((byte >> place) & 1 for place in range(8)), 1]
    return line + [1] * IDLE_BITS


def _sampled(line: list[int], bits_per_look: float) -> Iterator[int]:
    """Walk along the line in units of the receiver's bits."""

    def level(at: float) -> int:
        return line[min(len(line) - 1, int(at * bits_per_look))]

    at, before, end = 0.0, 1, len(line) / bits_per_look
    while at < end:
        now = level(at)
        if before and not now and not level(at + 0.5):
            byte = sum(level(at + 1.5 + place) << place for place in range(8))
            yield byte if level(at + 9.5) else 0
            at += 9.5
            before = level(at)
        else:
            before = now
            at += 1 / OVERSAMPLING
