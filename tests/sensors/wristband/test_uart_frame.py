"""The band protocol's framing: round trip, every kind of damage, and streams cut anywhere."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import DecodeError, DecodeReason
from edge.sensors.wristband.nordic_uart import UART_TX, NordicUart
from edge.sensors.wristband.profile import Notification
from edge.sensors.wristband.uart_frame import (
    MAX_PAYLOAD,
    BandFrame,
    FrameSplitter,
    FrameType,
    decode,
    encode,
    frame_size,
)
from edge.timeline import Timeline
from edge.types import NS_PER_S, SampleBlock
from tests.sensors.wristband.streaming import gsr_frame, ppg_frame

DOCUMENTED = bytes.fromhex("A95D0101 8000 80841E00 0019 04 E8030000F2030000FC030000ED030000 7714".replace(" ", ""))
"""The example of docs/band-protocol.md."""


def frame(kind: FrameType, values: list[int], sequence: int = 0, time_us: int = 0, rate_centi_hz: int = 6400) -> bytes:
    """Any frame from raw counts."""
    scale = {FrameType.GSR: 1e-3, FrameType.ACC: 1e-3}.get(kind, 1.0)
    counts = np.array(values, np.float64)
    if kind is FrameType.ACC:
        counts = counts.reshape(-1, 3)
    rate_hz = 0.0 if kind in (FrameType.CONTACT, FrameType.BATTERY) else rate_centi_hz / 100
    return encode(BandFrame(kind, sequence, time_us, rate_hz, np.asarray(counts * scale, np.float32)))


frames = st.one_of(
    st.builds(
        frame,
        st.just(FrameType.PPG),
        st.lists(st.integers(-(2**24), 2**24), min_size=1, max_size=64),
        st.integers(0, 2**16 - 1),
        st.integers(0, 2**32 - 1),
        st.integers(1, 2**16 - 1),
    ),
    st.builds(frame, st.just(FrameType.GSR), st.lists(st.integers(0, 200_000), min_size=1, max_size=64)),
    st.builds(
        frame,
        st.just(FrameType.ACC),
        st.lists(st.integers(-(2**15), 2**15 - 1), min_size=3, max_size=126).map(lambda v: v[: len(v) // 3 * 3]),
    ),
    st.builds(frame, st.just(FrameType.CONTACT), st.lists(st.integers(0, 1), min_size=1, max_size=4)),
    st.builds(frame, st.just(FrameType.BATTERY), st.lists(st.integers(0, 100), min_size=1, max_size=4)),
)


def split(data: bytes, sizes: list[int]) -> list[bytes]:
    """Cut data into pieces of these sizes, repeated."""
    pieces, begin, turn = [], 0, 0
    while begin < len(data):
        size = sizes[turn % len(sizes)]
        pieces.append(data[begin : begin + size])
        begin, turn = begin + size, turn + 1
    return pieces


def received(pieces: list[bytes]) -> tuple[list[bytes], int]:
    """The frames found in a stream, encoded again, and the number of damaged stretches."""
    splitter = FrameSplitter()
    found = [each for piece in pieces for each in splitter.feed(piece)]
    return [encode(each) for each in found if isinstance(each, BandFrame)], sum(
        isinstance(each, DecodeError) for each in found
    )


def test_the_documented_example_is_what_the_encoder_writes() -> None:
    example = encode(BandFrame(FrameType.PPG, 128, 2_000_000, 64.0, np.array([1000, 1010, 1020, 1005], np.float32)))
    assert example == DOCUMENTED


def test_the_page_shows_the_same_bytes() -> None:
    page = Path(__file__).parents[3] / "docs" / "band-protocol.md"
    assert DOCUMENTED.hex() in "".join(page.read_text().lower().split())


@given(frames)
def test_every_frame_survives_the_round_trip(data: bytes) -> None:
    assert encode(decode(data)) == data


@given(st.binary(max_size=400))
def test_any_bytes_give_a_frame_or_a_decode_error(data: bytes) -> None:
    try:
        decode(data)
    except DecodeError:
        return
    assert frame_size(data) == len(data)


@given(st.binary(max_size=60))
def test_any_bytes_behind_a_true_header_give_a_frame_or_a_decode_error(tail: bytes) -> None:
    with pytest.raises(DecodeError):
        decode(ppg_frame(0)[:13] + tail)


@given(frames, st.data())
def test_a_flipped_bit_is_always_noticed(data: bytes, choose: st.DataObject) -> None:
    position = choose.draw(st.integers(0, len(data) * 8 - 1))
    damaged = bytearray(data)
    damaged[position // 8] ^= 1 << (position % 8)
    with pytest.raises(DecodeError):
        decode(bytes(damaged))


@given(st.lists(frames, min_size=1, max_size=8), st.lists(st.integers(1, 300), min_size=1, max_size=8))
def test_frames_cut_and_glued_in_any_way_arrive_whole(sent: list[bytes], sizes: list[int]) -> None:
    assert received(split(b"".join(sent), sizes)) == (sent, 0)


@given(st.binary(max_size=600), st.lists(st.integers(1, 100), min_size=1, max_size=5))
def test_garbage_never_raises_and_never_holds_more_than_one_frame(garbage: bytes, sizes: list[int]) -> None:
    splitter = FrameSplitter()
    for piece in split(garbage, sizes):
        list(splitter.feed(piece))
    # Whatever was held back, a frame's length of anything releases it, and true frames are found again.
    list(splitter.feed(bytes(MAX_PAYLOAD + 16)))
    assert [encode(each) for each in splitter.feed(ppg_frame(0)) if isinstance(each, BandFrame)] == [ppg_frame(0)]


@given(st.binary(max_size=80).filter(lambda garbage: b"\xa9" not in garbage))
def test_garbage_between_frames_costs_only_itself(garbage: bytes) -> None:
    sent = [ppg_frame(0), ppg_frame(16), gsr_frame(0)]
    found, damaged = received([garbage.join(sent)])
    assert found == sent
    assert damaged == (2 if garbage else 0)


def test_a_true_frame_behind_a_cut_one_is_found() -> None:
    found, damaged = received([ppg_frame(0)[:40], ppg_frame(16), ppg_frame(32)])
    assert found == [ppg_frame(16), ppg_frame(32)]
    assert damaged == 1


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", DecodeReason.SHORT),
        (ppg_frame(0)[:12], DecodeReason.SHORT),
        (ppg_frame(0)[:-1], DecodeReason.SHORT),
        (ppg_frame(0) + b"\0", DecodeReason.LONG),
        (b"hello, this is no frame", DecodeReason.HEADER),
        (ppg_frame(0)[:2] + b"\x02" + ppg_frame(0)[3:], DecodeReason.VERSION),
        (ppg_frame(0)[:3] + b"\x63" + ppg_frame(0)[4:], DecodeReason.TYPE),
        (ppg_frame(0)[:12] + b"\x00" + ppg_frame(0)[13:], DecodeReason.VALUE),
        (ppg_frame(0)[:10] + b"\x00\x00" + ppg_frame(0)[12:], DecodeReason.VALUE),
        (ppg_frame(0)[:12] + b"\xff" + ppg_frame(0)[13:], DecodeReason.LONG),
        (ppg_frame(0)[:20] + b"\xee" + ppg_frame(0)[21:], DecodeReason.CHECKSUM),
    ],
)
def test_each_kind_of_damage_has_its_reason(data: bytes, reason: DecodeReason) -> None:
    with pytest.raises(DecodeError) as raised:
        decode(data)
    assert raised.value.reason is reason


@pytest.mark.parametrize("values", [[], list(range(65)), [300_000]])
def test_what_does_not_fit_is_not_encoded(values: list[int]) -> None:
    with pytest.raises(ValueError, match=r"fit|carries"):
        frame(FrameType.GSR, values)


@given(st.lists(st.one_of(frames, st.binary(max_size=40)), max_size=20))
def test_whatever_a_band_sends_becomes_finite_samples_that_the_timeline_takes(pieces: list[bytes]) -> None:
    """True frames in any order, with any times, rates and sequence numbers, and anything in between."""
    profile, timeline = NordicUart("wrist"), Timeline()
    for piece in pieces:
        for found in profile.decode(Notification(UART_TX, piece, 103 * NS_PER_S)):
            if isinstance(found, SampleBlock):
                assert np.isfinite(found.values).all()
                assert 0 <= found.lost_before < 2**15
                timeline.push(found)
