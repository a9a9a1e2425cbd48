"""The control point's bytes: features, settings, choices, answers, and any bytes at all."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import DecodeError, DecodeReason
from edge.sensors.wristband.polar import control
from edge.sensors.wristband.polar.control import Command, Setting, choose, parse_settings
from edge.sensors.wristband.polar.frame import Kind
from tests.peers.polar import H10, VERITY_SENSE


def test_the_features_of_a_verity_sense() -> None:
    assert control.parse_features(bytes.fromhex("0F EE 02")) == {Kind.PPG, Kind.ACC, Kind.PPI}


def test_what_is_on_offer_is_taken_as_preferred() -> None:
    chosen = choose(Kind.PPG, parse_settings(VERITY_SENSE[Kind.PPG]))
    assert chosen == {Setting.RATE_HZ: 55, Setting.RESOLUTION_BITS: 22, Setting.CHANNELS: 4}
    assert control.request(Command.START, Kind.PPG, chosen) == bytes.fromhex("0201 0001 3700 0101 1600 0401 04")


def test_where_the_preferred_setting_is_not_on_offer_the_nearest_is_taken() -> None:
    chosen = choose(Kind.ACC, parse_settings(H10[Kind.ACC]))
    assert chosen == {Setting.RATE_HZ: 50, Setting.RESOLUTION_BITS: 16, Setting.RANGE: 8}


def test_an_answer_tells_whether_more_is_to_come() -> None:
    assert control.parse_answer(bytes.fromhex("F0 01 01 00 01 0001 3700")) == control.Answer(
        1, 1, 0, more=True, parameters=bytes.fromhex("0001 3700")
    )


def test_a_refusal_has_no_more_parts() -> None:
    assert not control.parse_answer(bytes.fromhex("F0 02 01 0D 01")).more


def test_a_sensor_that_stops_names_what_it_stops() -> None:
    assert control.stopped(bytes.fromhex("01 01 03 3F")) == {Kind.PPG, Kind.PPI}
    assert not control.stopped(bytes.fromhex("F0 03 01 00"))


def test_the_factor_is_a_float() -> None:
    assert control.factor(parse_settings(bytes.fromhex("0501 0000003F"))) == 0.5
    assert control.factor({}) == 1.0


@pytest.mark.parametrize("raw", ["0000C07F", "0000807F", "00000000", "000080BF"])
def test_a_factor_that_no_sensor_has_is_an_error(raw: str) -> None:
    with pytest.raises(DecodeError) as raised:
        control.factor(parse_settings(bytes.fromhex("0501" + raw)))
    assert raised.value.reason is DecodeReason.VALUE


@given(st.binary(max_size=64))
def test_any_bytes_are_understood_or_an_error(data: bytes) -> None:
    for read in (control.parse_answer, control.parse_features):
        try:
            read(data)
        except DecodeError:
            continue
    assert control.stopped(data) <= set(Kind)
    try:
        settings = parse_settings(data)
        control.factor(settings)
    except DecodeError:
        return
    for kind in Kind:
        assert Setting.FACTOR not in choose(kind, settings)
