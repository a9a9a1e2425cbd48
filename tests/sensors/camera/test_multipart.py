"""MJPEG streams, cut into pictures however they are framed and in whatever pieces they arrive."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.sensors.camera.multipart import MAX_PART_BYTES, Part, Parts, boundary_of

BOUNDARY = b"frame"


def jpeg(number: int) -> bytes:
    """What a JPEG looks like from outside, with the boundary's dashes in it."""
    return b"\xff\xd8" + b"--frame " + bytes([number]) * 50 + b"\r\n--\xff\xd9"


def framed(body: bytes, *, length: bool = True, line: bytes = b"\r\n", more: bytes = b"") -> bytes:
    """One part as a server sends it."""
    head = b"--" + BOUNDARY + line + b"Content-Type: image/jpeg" + line + more
    if length:
        head += b"Content-Length: %d" % len(body) + line
    return head + line + body + line


def cut(data: bytes, piece: int = 1 << 20) -> list[Part]:
    """The parts of these bytes, fed in pieces of this size."""
    parts = Parts(BOUNDARY)
    return [part for begin in range(0, len(data), piece) for part in parts.feed(data[begin : begin + piece])]


@pytest.mark.parametrize(
    ("content_type", "boundary"),
    [
        ("multipart/x-mixed-replace; boundary=frame", b"frame"),
        ('multipart/x-mixed-replace;boundary="--my frame"', b"my frame"),
        ("Multipart/X-Mixed-Replace; boundary=--frame", b"frame"),
        ("multipart/x-mixed-replace", None),
        ("text/html; boundary=frame", None),
        ("", None),
    ],
)
def test_the_boundary_is_found(content_type: str, boundary: bytes | None) -> None:
    assert boundary_of(content_type) == boundary


@pytest.mark.parametrize("length", [True, False])
@pytest.mark.parametrize("line", [b"\r\n", b"\n"])
@pytest.mark.parametrize("piece", [1, 7, 100_000])
def test_pictures_come_out_whole(length: bool, line: bytes, piece: int) -> None:
    data = b"".join(framed(jpeg(number), length=length, line=line) for number in range(4))
    assert [part.jpeg for part in cut(data, piece)] == [jpeg(number) for number in range(4)]


@pytest.mark.parametrize("length", [True, False])
def test_a_picture_is_handed_out_before_the_next_one_begins(length: bool) -> None:
    assert [part.jpeg for part in cut(framed(jpeg(1), length=length))] == [jpeg(1)]


def test_a_truncated_picture_is_told_and_the_next_one_is_whole() -> None:
    data = framed(jpeg(0)) + framed(jpeg(1)[:-20]) + framed(jpeg(2))
    assert [part.jpeg for part in cut(data)] == [jpeg(0), b"", jpeg(2)]


@pytest.mark.parametrize("wrong", [3, 10_000])
def test_a_wrong_length_costs_no_picture(wrong: int) -> None:
    lying = framed(jpeg(1)).replace(b"Length: %d" % len(jpeg(1)), b"Length: %d" % wrong)
    assert [part.jpeg for part in cut(lying + framed(jpeg(2)))] == [jpeg(1), jpeg(2)]


def test_other_parts_are_passed_over() -> None:
    data = framed(b"hello\xff\xd9").replace(b"image/jpeg", b"text/plain") + framed(jpeg(2))
    assert [part.jpeg for part in cut(data)] == [jpeg(2)]


@pytest.mark.parametrize(
    ("stamp", "expected"), [(b"1700000000.25", 1_700_000_000_250_000_000), (b"yesterday", None), (b"nan", None)]
)
def test_the_cameras_own_time_is_read(stamp: bytes, expected: int | None) -> None:
    (part,) = cut(framed(jpeg(1), more=b"X-Timestamp: " + stamp + b"\r\n"))
    assert part.stamp_ns == expected


def test_a_picture_without_end_is_refused() -> None:
    with pytest.raises(ValueError, match="no picture ends"):
        cut(framed(jpeg(1))[:60] + b"x" * (MAX_PART_BYTES + 1))


def test_a_head_without_end_is_refused() -> None:
    with pytest.raises(ValueError, match="head"):
        cut(b"--frame\r\n" + b"X-Noise: 1\r\n" * 10_000)


@given(st.lists(st.binary(max_size=300) | st.sampled_from([b"--frame\r\n", b"\r\n\r\n", framed(jpeg(3))]), max_size=20))
def test_any_bytes_give_pictures_or_a_value_error(pieces: list[bytes]) -> None:
    parts = Parts(BOUNDARY)
    for piece in pieces:
        try:
            found = parts.feed(piece)
        except ValueError:
            return
        assert all(part.jpeg == b"" or part.jpeg.startswith(b"\xff\xd8") for part in found)
