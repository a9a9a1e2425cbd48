"""Rows of numbers become blocks: units, the device's clock, gaps, and headers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import SensorError, SensorReason
from edge.sensors.wristband.serial.grove import conductance_us, reading_of
from edge.sensors.wristband.serial.line_format import encode_line
from edge.sensors.wristband.serial.protocol import Chunk
from edge.types import Channel, Modality, SampleBlock
from tests.sensors.wristband.serial.playing import blocks_of, cut, decoded, errors_of, line_band, values_of

COLUMNS = "time_ms,gsr_us,ppg"


def rows(indices: range | list[int], start_ms: int = 1000) -> list[bytes]:
    """Lines of the usual columns at 50 Hz, whose PPG is the sample's number; the first line ends an unknown one."""
    return [b"\n", *(encode_line((start_ms + 20 * index, 2.5, index)) for index in indices)]


def test_a_line_becomes_a_sample_of_each_column_on_the_devices_clock() -> None:
    found = decoded(line_band(columns=COLUMNS).protocol(), rows(range(3)))
    assert [(block.device_s, float(block.values[0])) for block in blocks_of(found, Channel.PPG)] == [
        (1.0, 0.0),
        (1.02, 1.0),
        (1.04, 2.0),
    ]


def test_lines_that_arrive_together_are_one_block() -> None:
    (block,) = blocks_of(decoded(line_band(columns=COLUMNS).protocol(), [b"".join(rows(range(10)))]), Channel.PPG)
    assert (block.values.tolist(), block.device_s, block.rate_hz) == (list(range(10)), 1.0, 50.0)


def test_lines_missing_on_the_devices_clock_are_counted() -> None:
    found = decoded(line_band(columns=COLUMNS).protocol(), [b"".join(rows([0, 1, 2, 7, 8]))])
    assert [(block.lost_before, block.device_s) for block in blocks_of(found, Channel.PPG)] == [(0, 1.0), (4, 1.14)]


def test_a_line_that_cannot_be_used_counts_as_lost_where_there_is_no_clock() -> None:
    found = decoded(line_band().protocol(), [b"\n1\n2\nnan\n4\n"])
    assert [(block.values.tolist(), block.lost_before) for block in blocks_of(found, Channel.PPG)] == [
        ([1.0, 2.0], 0),
        ([4.0], 1),
    ]
    assert len(errors_of(found)) == 1


def test_the_clock_goes_on_when_its_counter_turns_over() -> None:
    start_ms = 2**32 - 100
    lines = [b"\n", *(encode_line(((start_ms + 20 * index) % 2**32, 2.5, index)) for index in range(20))]
    times = [
        block.device_s or 0.0 for block in blocks_of(decoded(line_band(columns=COLUMNS).protocol(), lines), Channel.PPG)
    ]
    assert np.diff(times) == pytest.approx(0.02, abs=1e-6)


def test_a_board_that_begins_anew_begins_a_new_clock_without_losses() -> None:
    protocol = line_band(columns=COLUMNS).protocol()
    decoded(protocol, rows(range(500), start_ms=3_600_000))
    (block,) = blocks_of(decoded(protocol, [b"".join(rows([0], start_ms=100))], start_s=111.0), Channel.PPG)
    assert (block.device_s, block.lost_before) == (0.1, 0)


def test_a_board_that_begins_anew_within_one_delivery_is_seen() -> None:
    data = b"".join(rows(range(5), start_ms=3_600_000)) + b"".join(rows(range(5), start_ms=0))
    blocks = blocks_of(decoded(line_band(columns=COLUMNS).protocol(), [data]), Channel.PPG)
    assert [(block.device_s, len(block.values)) for block in blocks] == [(3600.0, 5), (0.0, 5)]


def test_a_device_slower_than_agreed_keeps_its_own_times() -> None:
    lines = [encode_line((22 * index, 2.5, index)) for index in range(100)]
    blocks = blocks_of(decoded(line_band(columns=COLUMNS).protocol(), [b"\n" + b"".join(lines)]), Channel.PPG)
    for block in blocks:
        times_s = (block.device_s or 0.0) + np.arange(len(block.values)) / block.rate_hz
        assert times_s == pytest.approx(block.values * 0.022, abs=0.011)


def test_three_axes_are_one_block() -> None:
    found = decoded(line_band(columns="acc_x_g,acc_y_g,ppg,acc_z_g").protocol(), [b"\n0.1,0.2,7,0.9\n"])
    assert blocks_of(found, Channel.ACC_G)[0].values.tolist() == pytest.approx(np.array([[0.1, 0.2, 0.9]]))


def test_readings_that_repeat_are_told_once_per_second_and_when_they_change() -> None:
    band = line_band(columns="ppg,contact,battery_percent,heart_rate_bpm,spo2_percent")
    lines = [b"\n", *([b"1,1,80,0,0\n"] * 60), b"1,0,80,72,97\n"]
    found = decoded(band.protocol(), lines)
    assert values_of(found, Channel.CONTACT) == [1.0, 1.0, 0.0]
    assert values_of(found, Channel.BATTERY_PERCENT) == [80.0, 80.0]
    assert values_of(found, Channel.HEART_RATE_BPM) == [72.0]
    assert values_of(found, Channel.SPO2_PERCENT) == [97.0]


def test_resistance_becomes_conductance() -> None:
    found = decoded(line_band(columns="gsr_kohm", rate_hz=4.0).protocol(), [b"\n250\n"])
    assert values_of(found, Channel.GSR_US) == [4.0]


def test_a_header_that_agrees_is_read_over() -> None:
    found = decoded(line_band(columns=COLUMNS).protocol(), [b"\n# grove 1.0\ntime_ms,gsr_us,ppg\n20,2.5,7\n"])
    assert (values_of(found, Channel.PPG), errors_of(found)) == ([7.0], [])


def test_a_header_that_disagrees_says_what_to_write() -> None:
    with pytest.raises(SensorError, match='write columns = "time_ms,ppg,gsr_us"') as raised:
        decoded(line_band(columns=COLUMNS).protocol(), [b"\ntime_ms,ppg,gsr_us\n"])
    assert raised.value.reason is SensorReason.WRONG_DEVICE


def test_columns_to_be_ignored_may_hold_anything() -> None:
    found = decoded(line_band(columns="ignore,ppg").protocol(), [b"\nA7:xx,3\n"])
    assert values_of(found, Channel.PPG) == [3.0]


@given(st.binary(max_size=1000))
def test_any_bytes_give_blocks_or_decode_errors(data: bytes) -> None:
    for block in decoded(line_band(columns="time_us,grove_gsr,ppg").protocol(), [data]):
        assert not isinstance(block, SampleBlock) or np.isfinite(block.values).all()


@given(st.lists(st.integers(1, 60), min_size=1, max_size=4))
def test_cut_anywhere_the_samples_are_the_same(sizes: list[int]) -> None:
    data = b"".join(rows([*range(20), *range(25, 40)])) + b"oops,\n" + b"".join(rows(range(41, 60)))
    whole = decoded(line_band(columns=COLUMNS).protocol(), [data])
    pieces = decoded(line_band(columns=COLUMNS).protocol(), cut(data, sizes), every_s=0.001)
    assert values_of(pieces, Channel.PPG) == values_of(whole, Channel.PPG)
    assert len(errors_of(pieces)) == len(errors_of(whole)) == 1
    lost = [sum(block.lost_before for block in blocks_of(found, Channel.PPG)) for found in (pieces, whole)]
    assert lost == [6, 6]


@given(st.floats(0.05, 40.0), st.sampled_from([(512.0, 10), (500.0, 10), (2048.0, 12)]))
def test_the_grove_formula_is_undone_by_its_inverse(gsr_us: float, board: tuple[float, int]) -> None:
    reading = reading_of(gsr_us, *board)
    assert conductance_us(np.array([reading]), *board) == pytest.approx([gsr_us], rel=1e-6)


def test_the_grove_formula_gives_what_its_maker_gives() -> None:
    # (1024 + 2 * 256) * 10000 / (512 - 256) = 60 kilohms
    assert conductance_us(np.array([256.0]), 512.0, 10) == pytest.approx([1e6 / 60_000])


@pytest.mark.parametrize("reading", [512.0, 700.0, 1023.0])
def test_open_electrodes_conduct_nothing(reading: float) -> None:
    assert conductance_us(np.array([reading]), 512.0, 10).tolist() == [0.0]


@pytest.mark.parametrize(
    ("columns", "modalities"),
    [
        ("time_ms,grove_gsr", (Modality.GSR,)),
        ("ppg", (Modality.PPG,)),
        ("ppg,gsr_us,heart_rate_bpm", (Modality.PPG, Modality.GSR)),
        ("heart_rate_bpm", (Modality.HEART_RATE,)),
    ],
)
def test_a_device_promises_only_what_its_columns_can_give(columns: str, modalities: tuple[Modality, ...]) -> None:
    assert line_band(columns=columns).modalities == modalities


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        ("time_ms,ppgg", '"ppgg", which is none of'),
        ("ppg,ppg", "a column twice"),
        ("time_ms,time_us,ppg", "more than one time"),
        ("gsr_us,grove_gsr", "more than one skin conductance"),
        ("ppg,acc_x_g", "axis of acceleration without the others"),
        ("time_ms,battery_percent", "nothing that speaks of pulse or skin"),
        (",".join(["ppg", *["ignore"] * 20]), "at most 16"),
    ],
)
def test_columns_that_make_no_sense_are_refused(columns: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        line_band(columns=columns)


def test_a_band_that_cannot_be_found_is_refused() -> None:
    with pytest.raises(ValueError, match="give one of them"):
        line_band(device=None)


def test_what_is_wrong_is_guessed_from_what_arrives() -> None:
    protocol = line_band(baud=9600).protocol()
    assert "runs and prints" in protocol.remedy()
    list(protocol.decode(Chunk(b"voltage: 3.3 V\r\n" * 5, 0)))
    assert "`columns`" in protocol.remedy()
    protocol.connected()
    list(protocol.decode(Chunk(bytes([0, 0x86, 0x98, 0x32]) * 20, 0)))
    assert "only 25 % of it is text, so the speed is wrong: set `baud`" in protocol.remedy()
