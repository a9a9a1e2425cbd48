"""Inputs for a target: bytes at random, and inputs that it takes, damaged in a few places."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import strategies as st

from tests.fuzz.targets import Target

LONGEST = 400
"""Of random bytes; damaged seeds are as long as they are."""

INTERESTING = (
    b"\x00",
    b"\xff",
    b"\x7f",
    b"\x80",
    b"\xff\xff\xff\xff",
    b"{",
    b"[[",
    b'"',
    b",",
    b"\n",
    b"1e999",
    b"nan",
    b"-",
)
"""What numbers, lengths and texts go wrong on."""


def damaged(seed: bytes) -> st.SearchStrategy[bytes]:
    """A seed with one to six pieces of it cut out, overwritten, doubled, or something put in."""
    place = st.integers(0, len(seed))
    piece = st.one_of(st.sampled_from(INTERESTING), st.binary(max_size=8))
    change = st.tuples(place, place, piece, st.integers(0, 4))
    return st.lists(change, min_size=1, max_size=6).map(lambda changes: _changed(seed, changes))


def _changed(seed: bytes, changes: list[tuple[int, int, bytes, int]]) -> bytes:
    data = seed
    for first, second, piece, how in changes:
        begin, end = sorted((min(first, len(data)), min(second, len(data))))
        match how:
            case 0:
                data = data[:begin] + piece + data[begin:]
            case 1:
                data = data[:begin] + piece + data[begin + len(piece) :]
            case 2:
                data = data[:begin] + data[begin : begin + 1].translate(_FLIPPED) + data[begin + 1 :]
            case 3:
                data = data[:end]
            case _:
                data = data[:end] + data[begin : begin + 64] + data[end:]
    return data


_FLIPPED = bytes(byte ^ 1 << byte % 8 for byte in range(256))


def inputs(target: Target) -> st.SearchStrategy[bytes]:
    """Any bytes, and damaged seeds three times as often."""
    return st.one_of(st.binary(max_size=LONGEST), *(damaged(seed) for seed in target.seeds for _ in range(3)))


def held(target: Target) -> Callable[[bytes], None]:
    """The property: the target returns or raises what it has declared."""

    def check(data: bytes) -> None:
        try:
            target.read(data)
        except target.errors:
            return

    return check
