"""Packets against the examples and limits of the standard."""

from __future__ import annotations

from itertools import pairwise

import pytest

from edge.errors import PublishError
from edge.fleet import wire


@pytest.mark.parametrize("length", [0, 127, 128, 16_383, 16_384])
def test_a_packet_is_read_whole_however_it_is_cut(length: int) -> None:
    packet = wire.publish("anodyne/w/b/event", b"x" * length, 7, retain=True, again=True)
    reader = wire.Reader()
    cuts = [0, 1, 2, 3, len(packet) // 2, len(packet)]
    found = [one for start, end in pairwise(cuts) for one in reader.feed(packet[start:end])]
    assert len(found) == 1
    first, body = found[0]
    assert first == 0x3B
    assert wire.published(first, body) == ("anodyne/w/b/event", b"x" * length, 7)


def test_two_packets_in_one_read_are_two() -> None:
    assert [first for first, _ in wire.Reader().feed(wire.puback(1) + wire.PING)] == [0x40, 0xC0]


def test_connect_says_what_the_standard_asks_for() -> None:
    packet = wire.connect("a", 15, clean=True, username="u", password="p")  # noqa: S106 - of nobody
    assert packet == b"\x10\x13\x00\x04MQTT\x04\xc2\x00\x0f\x00\x01a\x00\x01u\x00\x01p"


@pytest.mark.parametrize("data", [b"\x30\xff\xff\xff\xff\x01", b"\x30\xff\xff\xff\x7f"])
def test_a_length_that_cannot_be_is_an_error(data: bytes) -> None:
    with pytest.raises(PublishError, match="speaks no MQTT"):
        wire.Reader().feed(data)


@pytest.mark.parametrize("body", [b"", b"\x00", b"\x00\x05abc", b"\x00\x01a\x00"])
def test_a_message_that_is_cut_short_is_an_error(body: bytes) -> None:
    with pytest.raises(PublishError, match="cut short"):
        wire.published(0x32, body)
