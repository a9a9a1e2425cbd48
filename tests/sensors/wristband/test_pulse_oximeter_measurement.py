"""Pulse Oximeter Service: every combination of optional fields, what becomes a sample and what does not, any bytes."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import DecodeError, DecodeReason
from edge.sensors.wristband.profile import Notification
from edge.sensors.wristband.pulse_oximeter import PLX_CONTINUOUS, PLX_SPOT_CHECK, PulseOximeter
from edge.sensors.wristband.pulse_oximeter_measurement import (
    DeviceStatus,
    MeasurementStatus,
    PlxMeasurement,
    Reading,
    parse_continuous,
    parse_features,
    parse_spot,
)
from edge.types import Channel, SampleBlock
from tests.peers import oximeter

NORMAL = Reading(97.0, 72.0)
NAN = float("nan")


def decode(data: bytes, uuid: str = PLX_CONTINUOUS) -> list[SampleBlock | DecodeError]:
    return list(PulseOximeter("finger").decode(Notification(uuid, data, 5)))


def values(data: bytes, uuid: str = PLX_CONTINUOUS) -> dict[Channel, float]:
    return {block.channel: float(block.values[0]) for block in decode(data, uuid) if isinstance(block, SampleBlock)}


@pytest.mark.parametrize("present", list(product((False, True), repeat=5)))
def test_every_combination_of_fields_of_a_continuous_measurement(present: tuple[bool, ...]) -> None:
    fast = Reading(96.5, 75.0) if present[0] else None
    slow = Reading(97.5, 71.0) if present[1] else None
    measurement_status = MeasurementStatus.VALIDATED if present[2] else None
    device_status = DeviceStatus.LOW_PERFUSION if present[3] else None
    amplitude = 1.25 if present[4] else None
    data = oximeter.continuous(NORMAL, fast, slow, measurement_status, device_status, amplitude)
    assert parse_continuous(data) == PlxMeasurement(
        NORMAL, fast, slow, None, measurement_status, device_status, amplitude
    )


@pytest.mark.parametrize("present", list(product((False, True), repeat=4)))
def test_every_combination_of_fields_of_a_spot_check(present: tuple[bool, ...]) -> None:
    taken_at = datetime(2026, 11, 22, 21, 30, 5, tzinfo=UTC) if present[0] else None
    measurement_status = MeasurementStatus.FULLY_QUALIFIED if present[1] else None
    device_status = DeviceStatus.POOR_SIGNAL if present[2] else None
    amplitude = 0.5 if present[3] else None
    measurement = parse_spot(oximeter.spot(NORMAL, taken_at, measurement_status, device_status, amplitude))
    device_s = None if taken_at is None else (taken_at - datetime(2000, 1, 1, tzinfo=UTC)).total_seconds()
    assert measurement == PlxMeasurement(
        NORMAL,
        device_s=device_s,
        measurement_status=measurement_status,
        device_status=device_status,
        amplitude_percent=amplitude,
    )


def test_bytes_written_out_by_hand() -> None:
    """Flags 0x1F: 97 %, 72 per minute; fast 96 %, 75; slow 97 %, 71; validated; low perfusion; index 1.2 %."""
    data = bytes.fromhex("1F 6100 4800 6000 4B00 6100 4700 8000 200000 0CF0")
    assert parse_continuous(data) == PlxMeasurement(
        NORMAL,
        Reading(96.0, 75.0),
        Reading(97.0, 71.0),
        None,
        MeasurementStatus.VALIDATED,
        DeviceStatus.LOW_PERFUSION,
        1.2,
    )


def test_a_clock_that_was_never_set_tells_no_time() -> None:
    taken_at = datetime(2026, 1, 1, tzinfo=UTC)
    assert parse_spot(oximeter.spot(NORMAL, taken_at, clock_set=False)).device_s is None


def test_a_date_that_is_not_known_tells_no_time() -> None:
    data = bytes([1]) + oximeter.spot(NORMAL)[1:] + bytes(7)
    assert parse_spot(data).device_s is None


def test_a_date_that_no_calendar_has_is_an_error() -> None:
    data = bytes([1]) + oximeter.spot(NORMAL)[1:] + bytes.fromhex("EA07 02 1E 00 00 00")  # 30 February
    with pytest.raises(DecodeError) as raised:
        parse_spot(data)
    assert raised.value.reason is DecodeReason.VALUE


def test_saturation_pulse_and_perfusion_become_samples() -> None:
    assert values(oximeter.continuous(NORMAL, amplitude_percent=1.25)) == {
        Channel.SPO2_PERCENT: 97.0,
        Channel.HEART_RATE_BPM: 72.0,
        Channel.PERFUSION_PERCENT: 1.25,
    }


def test_a_spot_check_is_placed_by_the_oximeters_clock() -> None:
    blocks = decode(oximeter.spot(NORMAL, datetime(2000, 1, 1, 0, 1, tzinfo=UTC)), PLX_SPOT_CHECK)
    assert {block.device_s for block in blocks if isinstance(block, SampleBlock)} == {60.0}


@pytest.mark.parametrize("raw", ["FF07", "0008", "0108"])
def test_special_values_are_no_samples(raw: str) -> None:
    assert decode(bytes.fromhex(f"00 {raw} {raw}")) == []


@pytest.mark.parametrize("raw", ["FE07", "0208", "6500", "0000", "FFFF", "0170"])
def test_a_saturation_that_cannot_be_is_an_error_and_no_sample(raw: str) -> None:
    (error, pulse) = decode(bytes.fromhex(f"00 {raw} 4800"))
    assert isinstance(error, DecodeError)
    assert error.reason is DecodeReason.VALUE
    assert isinstance(pulse, SampleBlock)
    assert pulse.channel is Channel.HEART_RATE_BPM


def test_where_the_normal_averaging_has_no_value_the_fast_one_speaks() -> None:
    assert values(oximeter.continuous(Reading(NAN, NAN), fast=Reading(95.0, 80.0))) == {
        Channel.SPO2_PERCENT: 95.0,
        Channel.HEART_RATE_BPM: 80.0,
    }


@pytest.mark.parametrize(
    "status", [DeviceStatus.UNCONNECTED_TO_USER, DeviceStatus.DISPLACED, DeviceStatus.SENSOR_DISCONNECTED]
)
def test_a_sensor_that_is_off_says_so_and_nothing_else(status: DeviceStatus) -> None:
    assert values(oximeter.continuous(NORMAL, device_status=status)) == {Channel.CONTACT: 0.0}


def test_a_sensor_that_was_off_and_is_back_is_worn() -> None:
    profile = PulseOximeter("finger")
    told = [
        block.values[0]
        for status in (DeviceStatus(0), DeviceStatus.DISPLACED, DeviceStatus(0))
        for block in profile.decode(Notification(PLX_CONTINUOUS, oximeter.continuous(NORMAL, device_status=status), 5))
        if isinstance(block, SampleBlock) and block.channel is Channel.CONTACT
    ]
    assert told == [0.0, 1.0]


@pytest.mark.parametrize(
    "status",
    [
        MeasurementStatus.INVALID,
        MeasurementStatus.QUESTIONABLE,
        MeasurementStatus.FROM_STORAGE,
        MeasurementStatus.FOR_DEMONSTRATION,
    ],
)
def test_what_is_not_measured_here_and_now_is_no_sample(status: MeasurementStatus) -> None:
    assert decode(oximeter.continuous(NORMAL, measurement_status=status)) == []


@pytest.mark.parametrize("status", [DeviceStatus.QUESTIONABLE_PULSE, DeviceStatus.NO_PULSATION])
def test_a_pulse_that_the_oximeter_doubts_is_no_sample(status: DeviceStatus) -> None:
    assert decode(oximeter.continuous(NORMAL, device_status=status)) == []


@given(st.binary(max_size=40), st.sampled_from([PLX_CONTINUOUS, PLX_SPOT_CHECK]))
def test_any_bytes_give_possible_samples_or_errors(data: bytes, uuid: str) -> None:
    for found in decode(data, uuid):
        assert isinstance(found, SampleBlock | DecodeError)
        if isinstance(found, SampleBlock):
            assert np.isfinite(found.values).all()
            assert found.device_s is None or math.isfinite(found.device_s)


@given(st.binary(max_size=12))
def test_any_bytes_are_features_or_an_error(data: bytes) -> None:
    try:
        told = parse_features(data)
    except DecodeError:
        return
    assert 0 <= told <= sum(DeviceStatus)


@given(st.integers(0, 24), st.binary(max_size=3))
def test_a_cut_or_overlong_measurement_is_an_error(cut: int, more: bytes) -> None:
    whole = oximeter.continuous(NORMAL, NORMAL, NORMAL, MeasurementStatus(0), DeviceStatus(0), 1.0)
    data = whole[:cut] if cut < len(whole) else whole + more
    if data == whole:
        return
    with pytest.raises(DecodeError) as raised:
        parse_continuous(data)
    assert raised.value.reason is (DecodeReason.SHORT if len(data) < len(whole) else DecodeReason.LONG)
