"""A Shimmer3's bytes: round trips, every kind of damage, and streams cut anywhere."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import DecodeError, DecodeReason
from edge.sensors.wristband.serial.shimmer_packets import (
    TURN,
    USABLE_BITS,
    BatteryReading,
    ChannelId,
    Firmware,
    Inquiry,
    Layout,
    Op,
    Packet,
    decode_firmware,
    decode_inquiry,
    decode_packet,
    encode_battery,
    encode_firmware,
    encode_inquiry,
    encode_packet,
)
from edge.sensors.wristband.serial.shimmer_stream import PacketSplitter
from tests.sensors.wristband.serial.playing import cut

CHANNELS = (ChannelId.ACCEL_X, ChannelId.ACCEL_Y, ChannelId.ACCEL_Z, ChannelId.PPG, ChannelId.GSR)
LAYOUT = Layout(CHANNELS, 512)

Found = Packet | BatteryReading | DecodeError
cuts = st.lists(st.integers(1, 40), min_size=1, max_size=5)
noise = st.binary(min_size=1, max_size=60)


@st.composite
def packets(draw: st.DrawFn) -> Packet:
    """Any packet of the layout."""
    words = tuple(draw(st.integers(0, 0xFFFF)) & USABLE_BITS[channel] for channel in CHANNELS)
    return Packet(draw(st.integers(0, TURN - 1)), words)


def packet(number: int, first_ticks: int = 1000) -> Packet:
    """Sample `number` of a steady stream; its PPG is the number."""
    return Packet((first_ticks + 512 * number) % TURN, (2048, 2048, 1146, number % 4096, 0x4123))


def stream(numbers: list[int] | range, first_ticks: int = 1000) -> bytes:
    """The bytes of some samples."""
    return b"".join(encode_packet(packet(number, first_ticks), LAYOUT) for number in numbers)


def found_in(*pieces: bytes) -> list[Found]:
    """Whatever a splitter finds."""
    splitter = PacketSplitter(LAYOUT)
    return [each for piece in pieces for each in splitter.feed(piece)]


def numbers_of(found: list[Found]) -> list[int]:
    """The samples' numbers."""
    return [each.words[3] for each in found if isinstance(each, Packet)]


def damage_in(found: list[Found]) -> int:
    """Damaged stretches."""
    return sum(isinstance(each, DecodeError) for each in found)


@given(packets())
def test_a_packet_is_decoded_as_it_was_encoded(sample: Packet) -> None:
    assert decode_packet(encode_packet(sample, LAYOUT), LAYOUT) == sample


@given(st.integers(1, 0xFFFF), st.lists(st.sampled_from(ChannelId), min_size=1, max_size=8), st.integers(0, 2**32 - 1))
def test_an_inquiry_is_decoded_as_it_was_encoded(period: int, channels: list[ChannelId], config: int) -> None:
    inquiry = Inquiry(period, tuple(channels), config)
    assert decode_inquiry(encode_inquiry(inquiry)) == inquiry


@given(st.binary(max_size=40))
def test_any_bytes_are_a_message_or_a_decode_error(data: bytes) -> None:
    for decode in (decode_inquiry, decode_firmware, lambda each: decode_packet(each, LAYOUT)):
        try:
            decode(data)
        except DecodeError:
            continue


@given(st.lists(noise, max_size=8))
def test_any_stream_gives_packets_or_decode_errors(pieces: list[bytes]) -> None:
    found = found_in(*pieces)
    assert all(0 <= each.ticks < TURN for each in found if isinstance(each, Packet))


@given(noise, noise, cuts)
def test_a_stream_cut_anywhere_gives_the_same(before: bytes, between: bytes, sizes: list[int]) -> None:
    data = before + stream(range(10)) + between + stream(range(10, 20)) + encode_battery(BatteryReading(2800, 0))
    assert [repr(each) for each in found_in(*cut(data, sizes))] == [repr(each) for each in found_in(data)]


@given(noise)
def test_noise_costs_at_most_the_packet_that_it_swallows(between: bytes) -> None:
    found = found_in(stream(range(20)) + between + stream(range(20, 40)))
    missing = set(range(40)) - set(numbers_of(found))
    assert missing <= {20}


def test_packets_on_their_own_are_no_damage() -> None:
    found = found_in(stream(range(100)))
    assert (numbers_of(found), damage_in(found)) == (list(range(100)), 0)


def test_a_cut_packet_costs_itself() -> None:
    whole = stream(range(10))
    found = found_in(whole[:50] + whole[53:])
    assert numbers_of(found) == [number for number in range(10) if number != 50 // LAYOUT.size]
    assert damage_in(found) == 1


def test_packets_that_are_missing_are_no_damage() -> None:
    found = found_in(stream([0, 1, 2, 30, 31]))
    assert (numbers_of(found), damage_in(found)) == ([0, 1, 2, 30, 31], 0)


def test_the_counter_turns_over_without_harm() -> None:
    found = found_in(stream(range(20), TURN - 5 * 512))
    assert (numbers_of(found), damage_in(found)) == (list(range(20)), 0)


def test_a_restarted_counter_is_believed_with_its_second_packet() -> None:
    found = found_in(stream(range(5)) + stream(range(5, 10), 77))
    assert numbers_of(found) == list(range(10))


def test_a_repeated_packet_is_not_taken_twice() -> None:
    found = found_in(stream(range(5)) + stream([4]) + stream(range(5, 8)))
    assert numbers_of(found) == list(range(8))


def test_what_stands_between_packets_is_understood() -> None:
    told = encode_battery(BatteryReading(2860, 0xC0)) + bytes([Op.ACK, Op.IN_STREAM, Op.STATUS_RESPONSE, 0x21])
    found = found_in(stream([0]) + told + stream(range(1, 5)))
    assert (numbers_of(found), damage_in(found)) == (list(range(5)), 0)
    assert [each for each in found if isinstance(each, BatteryReading)] == [BatteryReading(2860, 0xC0)]


def test_a_message_that_is_not_known_is_damage() -> None:
    found = found_in(stream(range(5)) + bytes([Op.IN_STREAM, 0x42]) + stream(range(5, 10)))
    assert (numbers_of(found), damage_in(found)) == (list(range(10)), 1)


def test_no_more_than_two_packets_are_held() -> None:
    splitter = PacketSplitter(LAYOUT)
    for _ in range(100):
        list(splitter.feed(bytes(1000)))
    assert len(splitter._held) <= 2 * LAYOUT.size


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", DecodeReason.SHORT),
        (encode_inquiry(Inquiry(512, CHANNELS))[:-1], DecodeReason.SHORT),
        (encode_inquiry(Inquiry(512, CHANNELS)) + b"\0", DecodeReason.LONG),
        (encode_inquiry(Inquiry(0, CHANNELS)), DecodeReason.VALUE),
        (bytes([0, 2, 0, 0, 0, 0, 1, 1, 0x55]), DecodeReason.TYPE),
        (bytes([0, 2, 0, 0, 0, 0, 0, 1]), DecodeReason.TYPE),
    ],
)
def test_an_inquiry_that_cannot_be_used_says_why(payload: bytes, reason: DecodeReason) -> None:
    with pytest.raises(DecodeError) as raised:
        decode_inquiry(payload)
    assert raised.value.reason is reason


@pytest.mark.parametrize(
    ("firmware", "modern"),
    [
        (Firmware(3, (0, 15, 4)), True),
        (Firmware(3, (0, 5, 4)), True),
        (Firmware(3, (0, 5, 3)), False),
        (Firmware(1, (0, 7, 2)), False),
        (Firmware(9, (0, 0, 1)), True),
    ],
)
def test_firmware_tells_the_width_of_the_counter(firmware: Firmware, modern: bool) -> None:
    assert decode_firmware(encode_firmware(firmware)).counts_in_three_bytes is modern
