"""Frames of the Polar Measurement Data service: the vendor's own cases, every delta width, any bytes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TypedDict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from edge.errors import DecodeError, DecodeReason
from edge.sensors.wristband.polar import frame as pmd
from edge.sensors.wristband.polar.delta import WIDEST_DELTA, Counts, decompress, unpack
from edge.sensors.wristband.polar.frame import PmdFrame, parse_frame
from tests.peers import polar


class Case(TypedDict):
    """One case, as far as it is used here."""

    test: str
    bytes_hex: dict[str, str]
    constants: dict[str, str]


class Vectors:
    """Cases of polarofficial/polar-ble-sdk's unit tests, in the shared data folder."""

    def __init__(self, shared: Path) -> None:
        self._files: dict[str, list[Case]] = json.loads((shared / "vectors/polar_pmd_hr.json").read_text())

    def case(self, test: str) -> Case:
        """The case of that name."""
        (found,) = [case for cases in self._files.values() for case in cases if case["test"] == test]
        return found

    def names(self) -> set[str]:
        """All cases."""
        return {case["test"] for cases in self._files.values() for case in cases}

    def data(self, test: str, *parts: str) -> bytes:
        """Bytes of a case, its parts put together."""
        return bytes.fromhex("".join(self.case(test)["bytes_hex"][part] for part in parts))

    def frame(self, test: str) -> PmdFrame:
        """A case's frame; some give header and content apart."""
        parts = [part for part in self.case(test)["bytes_hex"] if "Header" in part or "Content" in part]
        return parse_frame(self.data(test, *sorted(parts, key=lambda part: "Content" in part)))

    def number(self, test: str, constant: str) -> int:
        """A constant of a case, as it is written in the vendor's language."""
        return int(self.case(test)["constants"][constant].rstrip("uUL."), 0)


@pytest.fixture
def vectors(shared: Path) -> Vectors:
    return Vectors(shared)


DECODED = {
    "test raw PPG frame type 0",
    "test raw PPG frame type 4",
    "test raw PPG frame type 5",
    "test compressed PPG frame type 0",
    "test compressed PPG frame type 7",
    "test compressed PPG frame type 10",
    "test uncompressed PPG frame type 10 throws error",
    "test uncompressed PPG frame type 13 throws error",
    "test raw PPG frame type 14",
    "test uncompressed PPG frame type 14 throws error",
    "process acc raw data frame type 1",
    "process acc compressed data type 1",
    "parse reference sample when resolution16 and type is unsigned int",
    "parse reference sample when resolution32 and type is decimal IEEE 754",
    "test_parseDeltaFrameAllSamples_withResolution32",
    "test_parseDeltaFrameAllSamples_multipleDeltas",
}
HEART_RATE = {"hr format uint8", "hr format uint16", "sensor contact supported", "energy expended"}
"""Decoded in tests/sensors/wristband/test_heart_rate_measurement.py."""


def test_no_case_is_left_out(vectors: Vectors) -> None:
    """One assertion of one case is: the first time in frame type 10 is drawn out from a made-up frame before it."""
    assert vectors.names() == DECODED | HEART_RATE


def test_raw_type_0(vectors: Vectors) -> None:
    test = "test raw PPG frame type 0"
    found = vectors.frame(test)
    names = ("ppg0", "ppg1", "ppg2", "ambient")
    expected = [[vectors.number(test, f"{name}Sample{sample}") for name in names] for sample in (0, 1)]
    assert pmd.optical(found).tolist() == expected
    assert found.stamp_ns == vectors.number(test, "timeStamp")


def test_raw_type_4_and_14_tell_led_gains(vectors: Vectors) -> None:
    test = "test raw PPG frame type 4"
    gains = pmd.led_gains(vectors.frame(test))
    slots = (1, 2, 12)
    assert [gains.integrations[slot - 1] for slot in slots] == [
        vectors.number(test, f"expectedNumIntTs{slot}") for slot in slots
    ]
    for slot in (1, 2, 11, 12):
        assert gains.gains_1[slot - 1] == vectors.number(test, f"expectedChannel1GainTs{slot}")
        assert gains.gains_2[slot - 1] == vectors.number(test, f"expectedChannel2GainTs{slot}")
    assert pmd.led_gains(vectors.frame("test raw PPG frame type 14")) == pmd.LedGains((3,), (0,), (2,))


def test_raw_type_5_tells_an_operation_mode(vectors: Vectors) -> None:
    test = "test raw PPG frame type 5"
    assert pmd.operation_mode(vectors.frame(test)) == vectors.number(test, "expectedOperationMode")


def test_compressed_type_0(vectors: Vectors) -> None:
    test = "test compressed PPG frame type 0"
    found = vectors.frame(test)
    counts = pmd.optical(found)
    first = [vectors.number(test, f"refSample0Channel{channel}") for channel in range(4)]
    step = [vectors.number(test, f"refSample1Channel{channel}") for channel in range(4)]
    assert counts[:2].tolist() == [first, [a + b for a, b in zip(first, step, strict=True)]]
    assert len(counts) == 1 + 41  # the delta block says 0x29
    assert found.stamp_ns == vectors.number(test, "timeStamp")


def test_compressed_type_7(vectors: Vectors) -> None:
    test = "test compressed PPG frame type 7"
    counts = pmd.optical(vectors.frame(test))
    assert counts.shape == (2, 17)
    for channel in (0, 1, 15):
        assert counts[0, channel] == vectors.number(test, f"sample0Channel{channel}")
    assert counts[0, 16] == vectors.number(test, "sample0ChannelStatus")
    assert (counts[1] - counts[0])[:2].tolist() == [-377, 748]  # 87 FE FF and EC 02 00


def test_compressed_type_10(vectors: Vectors) -> None:
    test = "test compressed PPG frame type 10"
    found = vectors.frame(test)
    counts = pmd.optical(found)
    assert counts.shape == (7, 21)
    assert counts[0, -1] == vectors.number(test, "expectedStatus")
    assert counts[0, :3].tolist() == [0x180B35, 0x1DDF6B, 0x1A8DC5]
    assert pmd.pulse(found)[0] == pytest.approx(-counts[0, :8].mean())


def test_acceleration(vectors: Vectors) -> None:
    test = "process acc raw data frame type 1"
    milli_g = 1000 * pmd.acceleration(vectors.frame(test), 1.0)
    assert len(milli_g) == 36
    for number in (1, 2):
        expected = [vectors.number(test, f"{axis}Value{number}") for axis in "xyz"]
        assert milli_g[number - 1] == pytest.approx(expected, abs=1e-3)
    test = "process acc compressed data type 1"
    milli_g = 1000 * pmd.acceleration(vectors.frame(test), 1.0)
    assert milli_g[0] == pytest.approx([vectors.number(test, f"sample0channel{axis}") for axis in range(3)], abs=1e-3)
    assert milli_g[1] - milli_g[0] == pytest.approx([-5, -3, 0], abs=1e-2)  # 7B 0F 08 are 6-bit deltas
    cut = vectors.data(test, "measurementFrameAccType0Short")  # ends within its second block of deltas
    assert unpack(cut[:6], 3, 2)[0, 0] == vectors.number(test, "accShortSample0Channel0")


@pytest.mark.parametrize("frame_type", ["10", "13", "14"])
def test_layouts_that_nobody_knows_are_errors(vectors: Vectors, frame_type: str) -> None:
    found = vectors.frame(f"test uncompressed PPG frame type {frame_type} throws error")
    with pytest.raises(DecodeError) as raised:
        pmd.pulse(found)
    assert raised.value.reason is DecodeReason.TYPE


def test_first_samples_and_deltas_of_16_and_32_bits(vectors: Vectors) -> None:
    test = "parse reference sample when resolution16 and type is unsigned int"
    expected = [vectors.number(test, f"expectedRefSample{channel}") for channel in range(4)]
    assert unpack(vectors.data(test, "dataBytes"), 4, 2).tolist() == [expected]
    test = "parse reference sample when resolution32 and type is decimal IEEE 754"
    bits = unpack(vectors.data(test, "dataBytes"), 3, 4).view(np.uint32)
    assert bits.tolist() == [[vectors.number(test, f"expectedRefSample{channel}") for channel in range(3)]]
    test = "test_parseDeltaFrameAllSamples_withResolution32"
    counts = decompress(vectors.data(test, "measurementFrame"), 3, 4).view(np.uint32)
    assert len(counts) == vectors.number(test, "amountOfSamples")
    first = [vectors.number(test, f"sample0Channel{channel}") for channel in range(3)]
    deltas = [0xE9993217, 0x1665A7E7, 0x4606DB38]  # after the bytes 20 11
    assert counts[0].tolist() == first
    assert counts[1].tolist() == [(a + b) % 2**32 for a, b in zip(first, deltas, strict=True)]
    test = "test_parseDeltaFrameAllSamples_multipleDeltas"
    shorts = decompress(vectors.data(test, "dataFrame"), 3, 2)
    for sample in (0, 1):
        assert shorts[sample].tolist() == [vectors.number(test, f"refSample{sample}Channel{axis}") for axis in range(3)]


@pytest.mark.parametrize("width", range(1, WIDEST_DELTA + 1))
def test_every_width_of_delta(width: int) -> None:
    largest = (1 << (width - 1)) - 1
    steps = np.array([[0, 0], [-1 - largest, largest], [largest, -1 - largest]], np.int64)
    counts = (np.cumsum(steps, axis=0) + np.array([[0, 0]])).astype(np.int32)
    assert decompress(polar.compress(counts, 4, width), 2, 4).tolist() == counts.tolist()


@given(
    hnp.arrays(np.int32, st.tuples(st.integers(1, 40), st.integers(1, 5)), elements=st.integers(-(2**23), 2**23 - 1))
)
def test_what_was_compressed_comes_out_again(counts: Counts) -> None:
    channels = counts.shape[1]
    assert decompress(polar.compress(counts, 3, block=7), channels, 3).tolist() == counts.tolist()
    assert unpack(polar.pack(counts, 3), channels, 3).tolist() == counts.tolist()


def test_the_pulse_is_green_light_less_ambient_turned_over() -> None:
    wave = np.array([-200_000.0, -199_000.0, -200_500.0], np.float32)
    for compressed in (False, True):
        found = parse_frame(polar.ppg_frame(5, wave, compressed=compressed))
        assert pmd.pulse(found).tolist() == wave.tolist()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", DecodeReason.SHORT),
        ("000000 000000 000000", DecodeReason.SHORT),
        ("000000 000000 000000 000000 08", DecodeReason.SHORT),
        ("000000 000000 000000 000000 08FF 0000", DecodeReason.SHORT),
        ("000000 000000 000000 000000 0001", DecodeReason.VALUE),
        ("000000 000000 000000 000000 FF01 00", DecodeReason.VALUE),
        ("000000 000000 000000 000000 2001 FFFFFF7F FFFFFF7F FFFFFF7F 00000000", DecodeReason.VALUE),
    ],
)
def test_damaged_deltas_have_their_reason(content: str, reason: DecodeReason) -> None:
    with pytest.raises(DecodeError) as raised:
        pmd.pulse(PmdFrame(1, 0, 0, compressed=True, content=bytes.fromhex(content)))
    assert raised.value.reason is reason


@given(st.binary(max_size=512))
def test_any_bytes_are_a_frame_of_bounded_size_or_an_error(data: bytes) -> None:
    try:
        found = parse_frame(data)
    except DecodeError:
        return
    for read in (
        lambda: pmd.pulse(found),
        lambda: pmd.optical(found),
        lambda: pmd.acceleration(found, 1.0),
    ):
        try:
            values = read()
        except DecodeError:
            continue
        assert np.isfinite(values).all()
        assert values.size <= 8 * len(data)
    for tell in (pmd.intervals, pmd.led_gains, pmd.operation_mode):
        try:
            tell(found)
        except DecodeError:
            continue


@given(st.binary(max_size=500), st.sampled_from([(1, 0), (1, 10), (2, 0), (2, 1)]))
def test_any_compressed_content_is_bounded(content: bytes, layout: tuple[int, int]) -> None:
    kind, frame_type = layout
    found = PmdFrame(kind, 0, frame_type, compressed=True, content=content)
    try:
        values = pmd.pulse(found) if kind == 1 else pmd.acceleration(found, 1.0)
    except DecodeError:
        return
    assert np.isfinite(values).all()
    assert values.size <= 8 * len(content)


@pytest.mark.parametrize(("size", "reason"), [(35, DecodeReason.SHORT), (37, DecodeReason.LONG)])
def test_damaged_reports_have_their_reason(size: int, reason: DecodeReason) -> None:
    with pytest.raises(DecodeError) as raised:
        pmd.led_gains(PmdFrame(1, 0, 4, compressed=False, content=bytes(size)))
    assert raised.value.reason is reason
    with pytest.raises(DecodeError) as raised:
        pmd.operation_mode(PmdFrame(1, 0, 5, compressed=False, content=bytes(4 + size - 36)))
    assert raised.value.reason is reason


def test_light_whose_colours_are_not_known_is_no_pulse(vectors: Vectors) -> None:
    with pytest.raises(DecodeError, match="do not tell their colours") as raised:
        pmd.pulse(vectors.frame("test compressed PPG frame type 7"))
    assert raised.value.reason is DecodeReason.TYPE
