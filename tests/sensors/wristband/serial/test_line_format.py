"""The line protocol's text: round trip, every kind of damage, and streams cut anywhere."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import DecodeError, DecodeReason
from edge.sensors.wristband.serial.line_format import (
    MAX_LINE,
    Column,
    LineSplitter,
    decode_line,
    encode_line,
    header_of,
)
from tests.sensors.wristband.serial.playing import cut

COLUMNS = (Column.TIME_MS, Column.GSR_US, Column.PPG)

numbers = st.floats(-1e11, 1e11).map(lambda value: float(f"{value:.10g}"))
cuts = st.lists(st.integers(1, 40), min_size=1, max_size=5)


def reason(line: bytes, *, checksum: bool = False) -> DecodeReason:
    """Why a line is refused."""
    with pytest.raises(DecodeError) as raised:
        decode_line(line, COLUMNS, checksum=checksum)
    return raised.value.reason


def lines_of(pieces: list[bytes]) -> tuple[list[bytes], int]:
    """The lines found in a stream, and the number of those that were too long."""
    splitter = LineSplitter()
    found = [each for piece in pieces for each in splitter.feed(piece)]
    return [each for each in found if isinstance(each, bytes)], sum(isinstance(each, DecodeError) for each in found)


@given(st.lists(numbers, min_size=1, max_size=8), st.sampled_from(",;\t "), st.booleans())
def test_what_is_encoded_is_decoded(values: list[float], separator: str, checksum: bool) -> None:
    columns = (Column.PPG,) * len(values)
    line = encode_line(values, separator, checksum=checksum).rstrip()
    assert decode_line(line, columns, separator, checksum=checksum) == pytest.approx(tuple(values), rel=1e-9)


@given(st.binary(max_size=300), st.sampled_from(",;\t "), st.booleans())
def test_any_line_gives_finite_numbers_or_a_decode_error(line: bytes, separator: str, checksum: bool) -> None:
    header_of(line, separator)
    try:
        values = decode_line(line, COLUMNS, separator, checksum=checksum)
    except DecodeError:
        return
    assert values is None or all(abs(value) <= 1e12 for value in values)


@given(st.text("0123456789+-.eE,*nanif \t", max_size=40))
def test_any_text_like_a_line_gives_finite_numbers_or_a_decode_error(text: str) -> None:
    try:
        values = decode_line(text.encode(), COLUMNS)
    except DecodeError:
        return
    assert values is None or all(abs(value) <= 1e12 for value in values)


@given(st.binary(max_size=2000), cuts)
def test_a_stream_cut_anywhere_has_the_same_lines(data: bytes, sizes: list[int]) -> None:
    assert lines_of(cut(data, sizes)) == lines_of([data])


@pytest.mark.parametrize(
    "line", [b"20,2.5,nan", b"20,inf,3", b"20,2.5,-Infinity", b"20,2.5,ovf", b"20,2.5,", b"20,2.5,0x1F", b"20,2.5,1_0"]
)
def test_what_is_no_number_is_damage(line: bytes) -> None:
    assert reason(line) is DecodeReason.VALUE


@pytest.mark.parametrize("line", [b"20,-99,3", b"20,2.5,1e15", b"-1,2.5,3", b"20,4000,3"])
def test_what_no_sensor_on_a_body_can_show_is_damage(line: bytes) -> None:
    assert reason(line) is DecodeReason.VALUE


def test_too_few_and_too_many_cells_are_told_apart() -> None:
    assert reason(b"20,2.5") is DecodeReason.SHORT
    assert reason(b"20,2.5,3,4") is DecodeReason.LONG


def test_a_checksum_that_is_there_is_checked() -> None:
    assert decode_line(b"20,2.5,3*18", COLUMNS) == (20.0, 2.5, 3.0)
    assert reason(b"21,2.5,3*18") is DecodeReason.CHECKSUM


def test_a_checksum_that_is_wanted_must_be_there() -> None:
    assert reason(b"20,2.5,3", checksum=True) is DecodeReason.CHECKSUM


@pytest.mark.parametrize("line", [b"", b"   ", b"# ready", b"\t# v1.2,3"])
def test_empty_lines_and_comments_hold_no_sample(line: bytes) -> None:
    assert decode_line(line, COLUMNS) is None


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_every_line_end_ends_a_line(end: bytes) -> None:
    assert lines_of([end + b"1" + end + b"2" + end + b"3"]) == ([b"1", b"2"], 0)


def test_the_first_line_may_be_cut_and_is_not_trusted() -> None:
    assert lines_of([b"34,23,5\n1240,23,5\n"]) == ([b"1240,23,5"], 0)


def test_a_line_that_is_too_long_is_dropped_whole() -> None:
    endless = b"\n" + b"7" * 10_000 + b"\n8\n"
    assert lines_of([endless]) == ([b"8"], 1)
    assert lines_of(cut(endless, [100])) == ([b"8"], 1)


def test_no_more_than_a_line_is_held() -> None:
    splitter = LineSplitter()
    for _ in range(1000):
        assert not list(splitter.feed(b"x" * 1000))
    assert len(splitter._held) <= MAX_LINE + 1000


def test_a_header_is_known_by_its_names() -> None:
    assert header_of(b"time_ms, GSR_US ,ppg\r") == COLUMNS
    assert header_of(b"20,2.5,3") is None
    assert header_of(b"millis,gsr,ppg") is None


@pytest.mark.parametrize("values", [[float("nan")], [float("inf")], [1.23456789e-200] * 40])
def test_the_encoder_refuses_what_the_format_cannot_hold(values: list[float]) -> None:
    with pytest.raises(ValueError, match=r"finite|at most"):
        encode_line(values)
