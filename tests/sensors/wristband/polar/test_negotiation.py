"""Negotiation with control points that answer wrongly, without an end, or not what was asked."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from itertools import chain, repeat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import SensorError, SensorReason
from edge.sensors.wristband.polar.frame import Kind
from edge.sensors.wristband.polar.negotiation import MOST_PARTS, Negotiation, Started

PPG_SETTINGS = bytes.fromhex("F0 01 01 00 00 0001 3700 0101 1600 0401 04")
STARTED = bytes.fromhex("F0 02 01 00 00 0501 0000803F")
ENDLESS = bytes.fromhex("F0 01 01 00 01 0001 3700")


class Scripted:
    """A link whose control point says these things, one after the other, whatever it is asked.

    Args:
        features: what reading it gives.
        answers: what it indicates; the last is repeated.
    """

    def __init__(self, features: bytes, answers: Iterable[bytes]) -> None:
        """Prepare the script."""
        self._features = features
        self._answers: Iterator[bytes] = iter(answers)
        self.asked = 0

    def offers(self, uuid: str) -> bool:
        """Everything."""
        return bool(uuid)

    async def read(self, _uuid: str) -> bytes:
        """The features."""
        return self._features

    async def describe(self, _uuid: str, _descriptor: str) -> bytes | None:
        """Nothing."""
        return None

    async def write(self, uuid: str, data: bytes) -> None:
        """Nothing comes of it."""

    async def subscribe(self, uuid: str) -> None:
        """Nothing comes of it."""

    async def request(self, uuid: str, _data: bytes) -> bytes:
        """The next thing."""
        return await self.more(uuid)

    async def more(self, _uuid: str) -> bytes:
        """The next thing."""
        self.asked += 1
        return next(self._answers)


def start(link: Scripted, *needed: Kind, welcome: tuple[Kind, ...] = ()) -> dict[Kind, Started]:
    return asyncio.run(Negotiation("arm", link, "control").start(needed, welcome))


def test_a_plain_negotiation() -> None:
    assert start(Scripted(b"\x0f\x02\x00", [PPG_SETTINGS, STARTED]), Kind.PPG) == {Kind.PPG: Started(55.0, 1.0)}


def test_an_answer_without_an_end_is_given_up() -> None:
    link = Scripted(b"\x0f\x02\x00", repeat(ENDLESS))
    with pytest.raises(SensorError, match="an answer without an end") as raised:
        start(link, Kind.PPG)
    assert raised.value.reason is SensorReason.REFUSED
    assert link.asked <= MOST_PARTS + 1


@pytest.mark.parametrize(
    ("features", "answers"),
    [
        pytest.param(b"", [], id="no features"),
        pytest.param(b"\x00\x02", [], id="no list of features"),
        pytest.param(b"\x0f\x02", [b"\xf0"], id="a cut answer"),
        pytest.param(b"\x0f\x02", [PPG_SETTINGS[:-1]], id="cut settings"),
        pytest.param(b"\x0f\x02", [bytes.fromhex("F0 01 01 00 00 2A01 00")], id="a setting nobody knows"),
        pytest.param(b"\x0f\x02", [bytes.fromhex("F0 01 01 00 00 0001 FFFF"), STARTED], id="65535 Hz"),
        pytest.param(b"\x0f\x02", [PPG_SETTINGS, bytes.fromhex("F0 02 01 00 00 0501 0000C07F")], id="a factor of NaN"),
    ],
)
def test_a_sensor_that_answers_wrongly_is_told_to_be_updated(features: bytes, answers: list[bytes]) -> None:
    with pytest.raises(SensorError, match=r"answers in an unknown way .*: update its firmware") as raised:
        start(Scripted(features, answers), Kind.PPG)
    assert raised.value.reason is SensorReason.REFUSED


@given(st.binary(max_size=8), st.lists(st.binary(max_size=40), max_size=10))
def test_any_answers_start_the_measurement_or_end_with_a_reason(features: bytes, answers: list[bytes]) -> None:
    link = Scripted(features, chain(answers, repeat(b"\xf0\x02\x01\x05")))
    try:
        started = start(link, Kind.PPG, welcome=(Kind.ACC, Kind.PPI))
    except SensorError:
        return
    assert started[Kind.PPG].rate_hz <= 1000.0
