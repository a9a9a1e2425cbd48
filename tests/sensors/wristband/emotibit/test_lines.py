"""The text lines of an EmotiBit: fields, streams cut anywhere, what becomes a sample, any bytes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import DecodeError, DecodeReason
from edge.sensors.wristband.emotibit.blocks import PacketBlocks
from edge.sensors.wristband.emotibit.lines import (
    LONGEST_LINE,
    SAMPLE_TAGS,
    LineReader,
    Packet,
    parse_line,
    write_line,
)
from edge.types import Channel, SampleBlock

EDA = "21558,848,2,EA,1,100,0.970965,0.970154"


def blocks(*lines: str, light: str = "infrared") -> list[SampleBlock | DecodeError]:
    """What the lines of one EmotiBit become."""
    made = PacketBlocks("arm", "green" if light == "green" else "infrared")
    return [found for line in lines for found in made.blocks(parse_line(line), 5)]


def test_a_line_is_its_fields() -> None:
    assert parse_line(EDA) == Packet(21558, 848, "EA", 100, ("0.970965", "0.970154"))


def test_a_note_that_ends_with_a_comma_or_is_miscounted_is_no_error() -> None:
    assert parse_line("20780,778,4,TX,1,100,LC,6170.52,LM,6170.53,").data == ("LC", "6170.52", "LM", "6170.53")
    assert parse_line("21363,815,4,EM,1,100,RS,RB,a.csv,PS,MN").tag == "EM"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("", DecodeReason.SHORT),
        ("21558,848,2,EA,1", DecodeReason.SHORT),
        ("21558,848,3,EA,1,100,0.97,0.97", DecodeReason.SHORT),
        ("21558,848,1,EA,1,100,0.97,0.97", DecodeReason.LONG),
        ("-1,848,1,EA,1,100,0.97", DecodeReason.VALUE),
        ("1_0,848,1,EA,1,100,0.97", DecodeReason.VALUE),
        ("4294967296,848,1,EA,1,100,0.97", DecodeReason.VALUE),
        ("21558,848,9999999999,EA,1,100,0.97", DecodeReason.VALUE),
        ("9" * (LONGEST_LINE + 1), DecodeReason.LONG),
    ],
)
def test_damaged_lines_have_their_reason(line: str, reason: DecodeReason) -> None:
    with pytest.raises(DecodeError) as raised:
        parse_line(line)
    assert raised.value.reason is reason


@pytest.mark.parametrize("size", [1, 7, 20, 500])
def test_lines_are_found_however_they_are_cut(size: int) -> None:
    stream = "".join(f"{100 * n},{n},1,EA,1,100,{n}.5\r\n" for n in range(20)).encode()
    reader = LineReader()
    found = [one for at in range(0, len(stream), size) for one in reader.feed(stream[at : at + size])]
    assert [one.data for one in found if isinstance(one, Packet)] == [(f"{n}.5",) for n in range(20)]


def test_a_line_without_an_end_costs_only_itself() -> None:
    reader = LineReader()
    found = [one for _ in range(100) for one in reader.feed(b"x" * 100)]
    found += reader.feed(b"\n" + EDA.encode() + b"\n")
    (error, packet) = found
    assert isinstance(error, DecodeError)
    assert error.reason is DecodeReason.LONG
    assert packet == parse_line(EDA)


def test_light_is_turned_over_so_that_a_beat_rises() -> None:
    made = PacketBlocks("arm", "green")
    found = [
        block
        for time_ms, counts in ((0, "6300"), (80, "6290,6280"))
        for tag in ("PI", "PR", "PG")
        for block in made.blocks(parse_line(f"{time_ms},1,{counts.count(',') + 1},{tag},1,100,{counts}"), 5)
    ]
    values = [block.values.tolist() for block in found if isinstance(block, SampleBlock)]
    assert values == [[-6300.0], [-6290.0, -6280.0]]  # green only


def test_three_axes_of_one_time_are_an_acceleration() -> None:
    lines = [
        f"{time_ms},1,2,{tag},1,100,{value},{value}"
        for time_ms in (80, 160)
        for tag, value in (("AX", 0.5), ("AY", 0.0), ("AZ", 0.75))
    ]
    (first, second) = blocks(*lines)
    assert isinstance(first, SampleBlock)
    assert isinstance(second, SampleBlock)
    assert first.values.tolist() == [[0.5, 0.0, 0.75]] * 2
    assert second.device_s == pytest.approx(0.12)


def test_an_axis_that_is_missing_costs_its_packet() -> None:
    (error,) = blocks("80,1,1,AX,1,100,0.5", "80,1,1,AZ,1,100,0.5")
    assert isinstance(error, DecodeError)
    assert error.reason is DecodeReason.SHORT


@pytest.mark.parametrize(
    ("line", "channel", "value"),
    [
        ("1000,1,1,BI,1,100,800", Channel.IBI_S, 0.8),
        ("1000,1,1,HR,1,100,75.5", Channel.HEART_RATE_BPM, 75.5),
        ("1000,1,1,TH,1,100,33.25", Channel.SKIN_TEMPERATURE_C, 33.25),
        ("1000,1,1,B%,1,100,91", Channel.BATTERY_PERCENT, 91.0),
    ],
)
def test_readings(line: str, channel: Channel, value: float) -> None:
    (block,) = blocks(line)
    assert isinstance(block, SampleBlock)
    assert (block.channel, block.device_s) == (channel, 1.0)
    assert block.values[0] == pytest.approx(value)


def test_several_beats_end_at_their_packets_time() -> None:
    (block,) = blocks("5000,1,3,BI,1,100,800,900,1000")
    assert isinstance(block, SampleBlock)
    assert block.device_s == pytest.approx(5.0 - 1.9)


def test_no_heart_rate_yet_is_no_sample_and_no_damage() -> None:
    assert blocks("1000,1,1,HR,1,100,0.00") == []


@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "1e300", "500", "word", ""])
def test_a_conductance_that_cannot_be_is_an_error_and_no_sample(value: str) -> None:
    (error,) = blocks(f"1000,1,1,EA,1,100,{value}")
    assert isinstance(error, DecodeError)
    assert error.reason is DecodeReason.VALUE


def test_the_time_goes_on_when_its_counter_wraps() -> None:
    lines = [f"{(2**32 - 100 + 200 * n) % 2**32},{n},1,TH,1,100,30.0" for n in range(3)]
    times = [block.device_s for block in blocks(*lines) if isinstance(block, SampleBlock) and block.device_s]
    assert np.diff(times) == pytest.approx([0.2, 0.2])


DATA = st.one_of(
    st.floats(width=32).map(str), st.text(alphabet="0123456789.-eE+", max_size=12), st.text(max_size=5), st.just("nan")
)


@given(st.lists(st.tuples(st.integers(0, 2**33), st.sampled_from(sorted(SAMPLE_TAGS)), st.lists(DATA, max_size=5))))
def test_any_fields_give_possible_samples_or_errors(packets: list[tuple[int, str, list[str]]]) -> None:
    made = PacketBlocks("arm")
    for time_ms, tag, data in packets:
        for found in made.blocks(Packet(time_ms % 2**32, 0, tag, 100, tuple(data)), 5):
            if isinstance(found, SampleBlock):
                assert np.isfinite(found.values).all()
                assert found.device_s is not None


@given(st.lists(st.binary(max_size=64)))
def test_any_bytes_give_packets_or_errors_and_hold_at_most_a_line(pieces: list[bytes]) -> None:
    reader = LineReader()
    for piece in pieces:
        for found in reader.feed(piece):
            assert isinstance(found, Packet | DecodeError)
    total = b"".join(pieces)
    assert sum(1 for _ in LineReader().feed(total * 50)) <= total.count(b"\n") * 50 + 1


@given(
    st.integers(0, 2**32 - 1),
    st.integers(0, 10**9),
    st.sampled_from(sorted(SAMPLE_TAGS)),
    st.lists(st.integers(-(10**6), 10**6).map(str), min_size=1, max_size=30),
)
def test_what_was_written_is_read_again(time_ms: int, number: int, tag: str, data: list[str]) -> None:
    packet = Packet(time_ms, number, tag, 100, tuple(data))
    assert parse_line(write_line(packet)) == packet
