"""Heart Rate Measurement: every combination of flags, and any bytes at all."""

from __future__ import annotations

import json
import struct
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import DecodeError, DecodeReason
from edge.sensors.wristband.battery import parse_level
from edge.sensors.wristband.heart_rate import HEART_RATE_MEASUREMENT, HeartRate
from edge.sensors.wristband.heart_rate_measurement import HeartRateMeasurement, parse_measurement
from edge.sensors.wristband.profile import Notification
from edge.types import Channel, SampleBlock

POSSIBLE = {Channel.CONTACT: (0.0, 1.0), Channel.HEART_RATE_BPM: (20.0, 300.0), Channel.IBI_S: (0.25, 3.0)}

CONTACT = {0b00: None, 0b01: None, 0b10: False, 0b11: True}
"""Meaning of flag bits 1 and 2: without the "supported" bit the "detected" bit says nothing."""


def decode(*values: bytes) -> list[SampleBlock | DecodeError]:
    strap = HeartRate("strap")
    return [found for data in values for found in strap.decode(Notification(HEART_RATE_MEASUREMENT, data, 5))]


def beats(*rr_s: float) -> bytes:
    """A measurement of no rate, with these intervals."""
    return bytes([0x10, 0]) + struct.pack(f"<{len(rr_s)}H", *(round(1024 * one) for one in rr_s))


@pytest.mark.parametrize(
    ("wide", "contact", "energy", "beats"), list(product((False, True), CONTACT, (False, True), range(4)))
)
def test_every_combination_of_flags(wide: bool, contact: int, energy: bool, beats: int) -> None:
    flags = wide | contact << 1 | energy << 3 | (beats > 0) << 4
    data = bytes([flags]) + struct.pack("<H" if wide else "<B", 72)
    data += struct.pack("<H", 500) if energy else b""
    data += b"".join(struct.pack("<H", 1024 + 256 * beat) for beat in range(beats))
    assert parse_measurement(data) == HeartRateMeasurement(
        bpm=72,
        contact=CONTACT[contact],
        energy_kj=500 if energy else None,
        rr_s=tuple(1.0 + 0.25 * beat for beat in range(beats)),
    )


@given(st.binary(max_size=40))
def test_any_bytes_give_a_measurement_or_a_decode_error(data: bytes) -> None:
    for found in decode(data):
        assert isinstance(found, SampleBlock | DecodeError)
        if isinstance(found, SampleBlock):
            low, high = POSSIBLE[found.channel]
            assert len(found.values)
            assert ((found.values >= low) & (found.values <= high)).all()


def test_published_measurements(shared: Path) -> None:
    for case in json.loads((shared / "vectors/hr_measurement_2a37.json").read_text()):
        assert parse_measurement(bytes.fromhex(case["hex"])).bpm == case["hr_bpm"]


def test_the_vendors_own_cases(shared: Path) -> None:
    """Each case has frames in the order of its expected values; one tells contact by flags 0x06 and 0x04."""
    cases = json.loads((shared / "vectors/polar_pmd_hr.json").read_text())["BleHrClientTest.kt"]
    checked = 0
    for case in cases:
        parsed = [parse_measurement(bytes.fromhex(frame)) for frame in case["bytes_hex"].values()]
        constants = case["constants"]
        if case["test"] == "sensor contact supported":
            assert [measurement.contact for measurement in parsed] == [True, False]
        for number, measurement in enumerate(parsed, 1):
            for name, value in (("expectedHeartRate", measurement.bpm), ("energyExpended", measurement.energy_kj)):
                if f"{name}{number}" in constants:
                    assert value == int(constants[f"{name}{number}"])
                    checked += 1
    assert checked == 8


def test_a_heart_rate_that_no_heart_has_is_an_error_and_no_sample() -> None:
    (error,) = decode(bytes.fromhex("018080"))
    assert isinstance(error, DecodeError)
    assert error.reason is DecodeReason.VALUE


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", DecodeReason.SHORT),
        (b"\x00", DecodeReason.SHORT),
        (b"\x01\x48", DecodeReason.SHORT),
        (b"\x08\x48\x01", DecodeReason.SHORT),
        (b"\x10\x48\x00", DecodeReason.SHORT),
        (b"\x00\x48\x00", DecodeReason.LONG),
    ],
)
def test_cut_and_overlong_measurements_have_their_reason(data: bytes, reason: DecodeReason) -> None:
    with pytest.raises(DecodeError) as raised:
        parse_measurement(data)
    assert raised.value.reason is reason


def test_a_heart_rate_of_zero_is_none_at_all() -> None:
    (contact,) = decode(bytes([0x04, 0]))
    assert isinstance(contact, SampleBlock)
    assert (contact.channel, contact.values.tolist()) == (Channel.CONTACT, [0.0])


def test_only_the_beats_since_an_impossible_interval_have_a_known_time() -> None:
    (block,) = decode(beats(1.0, 60.0, 0.5, 0.75))
    assert isinstance(block, SampleBlock)
    assert block.values.tolist() == [0.5, 0.75]
    assert block.lost_before == 2


def test_beats_that_were_lost_in_one_measurement_are_told_with_the_next() -> None:
    (block,) = decode(beats(1.0, 0.01), beats(), beats(1.0))
    assert isinstance(block, SampleBlock)
    assert (block.values.tolist(), block.lost_before) == ([1.0], 2)


@given(st.binary(max_size=4))
def test_a_battery_level_is_a_percentage_or_a_decode_error(data: bytes) -> None:
    try:
        percent = parse_level(data)
    except DecodeError:
        return
    assert 0 <= percent <= 100
