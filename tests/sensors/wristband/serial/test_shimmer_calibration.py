"""From counts to microsiemens, millivolts, gravities and percent; beside the vendor's own calibrated recording."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import DecodeError, DecodeReason
from edge.sensors.wristband.serial.protocol import Chunk
from edge.sensors.wristband.serial.shimmer import Shimmer3, Shimmer3Band
from edge.sensors.wristband.serial.shimmer_calibration import (
    CALIBRATION_SIZE,
    USUAL_CALIBRATION,
    acceleration_g,
    battery_percent,
    conductance_us,
    decode_calibration,
    encode_calibration,
    gsr_word,
    millivolts,
)
from edge.sensors.wristband.serial.shimmer_packets import (
    TICKS_PER_S,
    ChannelId,
    Layout,
    Op,
    Packet,
    decode_packet,
    encode_packet,
)
from edge.sensors.wristband.serial.shimmer_setup import Setup
from edge.sensors.wristband.serial.shimmer_stream import PacketSplitter
from edge.types import Channel, SampleBlock
from tests.peers.shimmer import CALIBRATION, gsr_range_of
from tests.sensors.wristband.serial.playing import blocks_of

LOG_HEADER = 256
"""Bytes before the samples of a log on a Shimmer's card."""

LOG_CALIBRATION = 139
"""Where the header holds the low-noise accelerometer's calibration."""

LOG_LAYOUT = Layout((ChannelId.ACCEL_X, ChannelId.ACCEL_Y, ChannelId.ACCEL_Z, ChannelId.BATTERY, ChannelId.PPG), 65)
"""What that log's header says of its samples: 504 Hz."""


def log_as_stream(log: bytes) -> bytes:
    """A log's samples as they would have been streamed: the same, each with a leading zero."""
    size = LOG_LAYOUT.size - 1
    samples = log[LOG_HEADER:]
    return b"".join(bytes([Op.DATA]) + samples[begin : begin + size] for begin in range(0, len(samples), size))


@pytest.fixture(scope="module")
def log(shared: Path) -> bytes:
    """A card's log of 2.9 s, as it was written by a real Shimmer3."""
    return (shared / "vectors" / "shimmer3" / "pair_raw.bin").read_bytes()


@pytest.fixture(scope="module")
def vendors(shared: Path) -> list[tuple[float, float]]:
    """What the vendor's software made of it: Unix time in milliseconds, counts of channel 13."""
    with (shared / "vectors" / "shimmer3" / "pair_consensys.csv").open() as file:
        rows = list(csv.reader(file, delimiter="\t"))[3:]
    return [(float(row[0]), float(row[1])) for row in rows]


def test_every_sample_of_a_real_unit_is_found_and_equals_the_vendors(
    log: bytes, vendors: list[tuple[float, float]]
) -> None:
    found = list(PacketSplitter(LOG_LAYOUT).feed(log_as_stream(log)))
    packets = [each for each in found if isinstance(each, Packet)]
    assert len(found) == len(packets) == len(vendors) == 1482
    assert [packet.words[4] for packet in packets] == [counts for _, counts in vendors]


def test_device_times_of_a_real_unit_equal_the_vendors(log: bytes, vendors: list[tuple[float, float]]) -> None:
    protocol = Shimmer3(Shimmer3Band(driver="shimmer3", name="shimmer", device="/dev/rfcomm0"))
    with_gsr = Layout((*LOG_LAYOUT.channels, ChannelId.GSR), LOG_LAYOUT.period_ticks)
    protocol.begin(Setup(with_gsr, decode_calibration(log[LOG_CALIBRATION : LOG_CALIBRATION + CALIBRATION_SIZE])))
    stream = log_as_stream(log)
    pieces = [stream[begin : begin + LOG_LAYOUT.size] for begin in range(0, len(stream), LOG_LAYOUT.size)]
    samples = [decode_packet(piece, LOG_LAYOUT) for piece in pieces]
    data = b"".join(encode_packet(Packet(each.ticks, (*each.words, 0x4400)), with_gsr) for each in samples)
    blocks = blocks_of(list(protocol.decode(Chunk(data, 0))), Channel.PPG)
    times_s = np.concatenate(
        [(block.device_s or 0.0) + np.arange(len(block.values)) / block.rate_hz for block in blocks]
    )
    expected_s = np.array([at_ms for at_ms, _ in vendors]) / 1000.0
    # The vendor's times are doubles of 1.6e12 ms, good to 0.25 microseconds.
    assert times_s - times_s[0] == pytest.approx(expected_s - expected_s[0], abs=1e-6)
    assert [block.lost_before for block in blocks] == [0, 2]


def test_a_real_unit_at_rest_feels_about_a_gravity(log: bytes) -> None:
    calibration = decode_calibration(log[LOG_CALIBRATION : LOG_CALIBRATION + CALIBRATION_SIZE])
    assert encode_calibration(calibration) == encode_calibration(CALIBRATION)
    packets = [each for each in PacketSplitter(LOG_LAYOUT).feed(log_as_stream(log)) if isinstance(each, Packet)]
    counts = np.array([packet.words[:3] for packet in packets], np.float64)
    length_g = np.linalg.norm(acceleration_g(counts, calibration), axis=1)
    # This unit holds the usual figures of its chip, not its own: it reads 0.89 g, with 0.01 g of noise.
    assert length_g.mean() == pytest.approx(0.9, abs=0.05)
    assert length_g.std() < 0.02


@given(st.floats(0.25, 100.0))
def test_conductance_is_read_as_it_was_within_the_converters_step(gsr_us: float) -> None:
    gsr_range = gsr_range_of(gsr_us)
    read = float(conductance_us(np.array([gsr_word(gsr_us, gsr_range)], np.uint16))[0])
    step_us = 3.0 / 4095 / 0.5 / (40.2, 287.0, 1000.0, 3300.0)[gsr_range] * 1000.0
    assert read == pytest.approx(gsr_us, abs=step_us)


@pytest.mark.parametrize(
    ("word", "kohm"),
    [
        (0x0000 | 2048, 40.2 / (1.5003663 / 0.5 - 1)),
        (0x4000 | 2048, 287.0 / (1.5003663 / 0.5 - 1)),
        (0x8000 | 2048, 1000.0 / (1.5003663 / 0.5 - 1)),
        (0xC000 | 2048, 3300.0 / (1.5003663 / 0.5 - 1)),
    ],
)
def test_each_range_has_its_resistor(word: int, kohm: float) -> None:
    assert conductance_us(np.array([word], np.uint16)) == pytest.approx([1000.0 / kohm], rel=1e-6)


def test_conductance_is_what_the_vendors_software_exports() -> None:
    # Successive rows of a published export of Consensys from a Shimmer3 GSR+ in range 2, microsiemens and kiloohms.
    exported_us = [2.493040293040293, 2.4915750915750916, 2.49010989010989, 2.4886446886446887]
    exported_kohm = [401.1166617690273, 401.3525433695972, 401.58870255957635, 401.8251398292611]
    words = np.array([0x8000 | counts for counts in (2384, 2383, 2382, 2381)], np.uint16)
    assert conductance_us(words) == pytest.approx(exported_us, rel=1e-12)
    assert 1000.0 / conductance_us(words) == pytest.approx(exported_kohm, rel=1e-12)


def test_millivolts_are_what_the_vendors_software_exports() -> None:
    # From the same export, channel A15.
    assert millivolts(np.array([2300.0, 2284.0])).tolist() == pytest.approx([1684.9816849816848, 1673.260073260073])


def test_a_change_of_range_does_not_step_the_conductance() -> None:
    for limit_us in (1000 / 63, 1000 / 220, 1000 / 680):
        below, above = (gsr_word(limit_us, gsr_range_of(limit_us * share)) for share in (0.999, 1.001))
        assert below >> 14 != above >> 14
        both = conductance_us(np.array([below, above], np.uint16))
        assert both[0] == pytest.approx(both[1], rel=0.01)


@pytest.mark.parametrize("counts", [0, 300, 683])
def test_open_electrodes_conduct_nothing(counts: int) -> None:
    # Below 0.05 microsiemens nothing is taken for skin.
    assert conductance_us(np.array([0xC000 | counts], np.uint16))[0] < 0.001


@given(st.lists(st.integers(0, 0xFFFF), min_size=1, max_size=50))
def test_any_word_is_a_conductance(words: list[int]) -> None:
    values = conductance_us(np.array(words, np.uint16))
    assert np.isfinite(values).all()
    assert (values >= 0.0).all()


def test_the_converter_reaches_its_reference() -> None:
    assert millivolts(np.array([0.0, 2047.5, 4095.0])).tolist() == pytest.approx([0.0, 1500.0, 3000.0])


def test_a_unit_without_a_calibration_has_the_usual_one() -> None:
    assert decode_calibration(b"\xff" * CALIBRATION_SIZE) is USUAL_CALIBRATION


@given(st.binary(max_size=30))
def test_any_calibration_can_be_used_or_is_a_decode_error(payload: bytes) -> None:
    try:
        calibration = decode_calibration(payload)
    except DecodeError:
        return
    assert np.isfinite(acceleration_g(np.array([[2048.0, 2048.0, 2048.0]]), calibration)).all()


@given(st.binary(min_size=CALIBRATION_SIZE, max_size=CALIBRATION_SIZE))
def test_any_full_calibration_can_be_used_or_is_a_decode_error(payload: bytes) -> None:
    try:
        calibration = decode_calibration(payload)
    except DecodeError as error:
        assert error.reason is DecodeReason.VALUE  # noqa: PT017  # either outcome is right
        return
    assert np.isfinite(acceleration_g(np.array([[2048.0, 2048.0, 2048.0]]), calibration)).all()


def test_charge_rises_with_the_voltage_from_empty_to_full() -> None:
    percents = [battery_percent(adc) for adc in range(2200, 2870, 10)]
    assert percents == sorted(percents)
    assert [percents[0], percents[-1]] == pytest.approx([0.0, 100.0], abs=0.1)


@given(st.integers(0, 0xFFFF))
def test_any_reading_of_the_battery_is_a_charge_or_a_decode_error(adc: int) -> None:
    try:
        percent = battery_percent(adc)
    except DecodeError:
        return
    assert 0.0 <= percent <= 100.0


def test_charge_told_in_the_stream_becomes_a_block() -> None:
    protocol = Shimmer3(Shimmer3Band(driver="shimmer3", name="shimmer", device="/dev/rfcomm0"))
    protocol.begin(Setup(Layout((ChannelId.PPG, ChannelId.GSR), 512), USUAL_CALIBRATION))
    told = bytes([Op.ACK, Op.IN_STREAM, Op.BATTERY_RESPONSE]) + (2861).to_bytes(2, "little") + b"\0"
    (block,) = protocol.decode(Chunk(told, 5))
    assert isinstance(block, SampleBlock)
    assert (block.channel, block.values.tolist(), block.rate_hz) == (Channel.BATTERY_PERCENT, [100.0], 0.0)


def test_sampling_periods_are_those_of_the_units_clock() -> None:
    assert TICKS_PER_S / LOG_LAYOUT.period_ticks == pytest.approx(504.12, abs=0.01)
