"""What serial bands send can be assessed: placed on the box's clock, and judged by the shipped networks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import pytest

from edge.biosignal import BiosignalEstimator
from edge.bundle import Bundle
from edge.sensors.simulated.waveform import GSR_HZ, PPG_HZ, Waveforms
from edge.sensors.wristband.serial.grove import reading_of
from edge.sensors.wristband.serial.line_format import encode_line
from edge.sensors.wristband.serial.protocol import Chunk, SerialProtocol
from edge.sensors.wristband.serial.shimmer import Shimmer3, Shimmer3Band
from edge.sensors.wristband.serial.shimmer_calibration import USUAL_CALIBRATION, gsr_word
from edge.sensors.wristband.serial.shimmer_packets import (
    TICKS_PER_S,
    TURN,
    ChannelId,
    Layout,
    Packet,
    encode_packet,
)
from edge.sensors.wristband.serial.shimmer_setup import Setup
from edge.timeline import Timeline
from edge.types import NS_PER_S, Absence, Channel, Estimate, Modality, SampleBlock, Window
from tests.biosignal.signals import calm
from tests.peers.shimmer import gsr_range_of
from tests.sensors.wristband.serial.playing import line_band

SECONDS = 60.0
SENT_EVERY_S = 0.05
DRIFT = 80e-6
"""The device's clock is fast by this."""

CONVERTER_NOISE = 0.5
"""Standard deviation of an Arduino's converter, counts."""

FIRST_TICKS = TURN - 40 * TICKS_PER_S
"""The Shimmer's counter turns over in the middle of the recording."""


@pytest.fixture(scope="module")
def person() -> Waveforms:
    """A minute of a calm person."""
    return calm(SECONDS + 1.0)


def at(values: np.ndarray[tuple[int], np.dtype[np.float32]], rate_hz: float, second: float) -> float:
    """A waveform's value at a moment."""
    return float(np.interp(second * rate_hz, np.arange(len(values)), values))


def ppg_span(person: Waveforms) -> tuple[float, float]:
    """Least and largest value of the pulse wave."""
    return float(person.ppg.min()), float(person.ppg.max())


def shimmer_packets(person: Waveforms, layout: Layout) -> list[bytes]:
    """The person as a Shimmer3 samples it: 12 bits, pulse wave between 1 and 2 V."""
    low, high = ppg_span(person)
    packets = []
    for number in range(int(SECONDS * TICKS_PER_S / layout.period_ticks)):
        second = number * layout.period_ticks / TICKS_PER_S
        counts = round(1365 + 1365 * (at(person.ppg, PPG_HZ, second) - low) / (high - low))
        gsr_us = at(person.gsr_us, GSR_HZ, second)
        words = (counts, gsr_word(gsr_us, gsr_range_of(gsr_us)))
        ticks = (FIRST_TICKS + number * layout.period_ticks) % TURN
        packets.append(encode_packet(Packet(ticks, words), layout))
    return packets


def grove_lines(person: Waveforms, rate_hz: float, conversions: int) -> list[bytes]:
    """The person as an Arduino samples it: the mean of some 10-bit conversions of a Grove GSR sensor, `millis()`."""
    chance = np.random.default_rng(7)
    low, high = ppg_span(person)
    lines = []
    for number in range(int(SECONDS * rate_hz)):
        second = number / rate_hz
        true = reading_of(at(person.gsr_us, GSR_HZ, second), 512.0, 10)
        reading = float(np.rint(true + chance.normal(0.0, CONVERTER_NOISE, conversions)).mean())
        pulse = round(300 + 300 * (at(person.ppg, PPG_HZ, second) - low) / (high - low))
        lines.append(encode_line((round(second * 1000), reading, pulse)))
    return lines


def chunks(samples: list[bytes], rate_hz: float) -> Iterator[Chunk]:
    """Samples as a radio delivers them: some at a time, late by 20 to 250 ms."""
    chance = np.random.default_rng(5)
    per_chunk = max(1, round(SENT_EVERY_S * rate_hz))
    arrived_s = 0.0
    for begin in range(0, len(samples), per_chunk):
        part = samples[begin : begin + per_chunk]
        measured_s = 1000.0 + (begin + len(part)) / rate_hz / (1.0 + DRIFT)
        arrived_s = max(arrived_s, measured_s + chance.uniform(0.02, 0.25))
        yield Chunk(b"".join(part), round(arrived_s * NS_PER_S))


def assessed(protocol: SerialProtocol, arriving: Iterable[Chunk]) -> tuple[Timeline, tuple[Estimate, ...]]:
    """The box's memory and its last judgement after all of it."""
    timeline, estimator = Timeline(), BiosignalEstimator(Bundle.load())
    said: tuple[Estimate, ...] = ()
    step_ns = 1001 * NS_PER_S
    for chunk in arriving:
        while chunk.arrived_ns >= step_ns:
            said = estimator.step(step_ns, windows_of(timeline, protocol.sensor, step_ns))
            step_ns += NS_PER_S
        for found in protocol.decode(chunk):
            assert isinstance(found, SampleBlock)
            timeline.push(found)
    return timeline, said


def windows_of(timeline: Timeline, sensor: str, now_ns: int) -> dict[Channel, Window]:
    """The newest minute of each channel."""
    found = {channel: timeline.window(sensor, channel, now_ns, 60.0) for channel in (Channel.PPG, Channel.GSR_US)}
    return {channel: window for channel, window in found.items() if window is not None}


def true_bpm(person: Waveforms) -> float:
    """Heart rate of the last ten seconds."""
    beats_s = person.beats_s[(person.beats_s > SECONDS - 10.0) & (person.beats_s <= SECONDS)]
    return 60.0 / float(np.median(np.diff(beats_s)))


def of(said: tuple[Estimate, ...], modality: Modality) -> Estimate:
    """What was said of one modality."""
    return next(estimate for estimate in said if estimate.modality is modality)


@pytest.mark.parametrize("rate_hz", [64.0, 128.0])
def test_a_shimmer_gives_pulse_and_skin(person: Waveforms, rate_hz: float) -> None:
    layout = Layout((ChannelId.PPG, ChannelId.GSR), round(TICKS_PER_S / rate_hz))
    protocol = Shimmer3(Shimmer3Band(driver="shimmer3", name="band", device="/dev/rfcomm0", rate_hz=rate_hz))
    protocol.begin(Setup(layout, USUAL_CALIBRATION))
    timeline, said = assessed(protocol, chunks(shimmer_packets(person, layout), rate_hz))
    pulse, skin = of(said, Modality.PPG), of(said, Modality.GSR)
    assert (pulse.absence, skin.absence) == (None, None)
    assert min(pulse.quality, skin.quality) > 0.5
    assert pulse.evidence["heart_rate_bpm"] == pytest.approx(true_bpm(person), abs=2.5)
    assert skin.evidence["scl_us"] == pytest.approx(float(np.median(person.gsr_us[-20:])), abs=0.1)
    window = timeline.window("band", Channel.PPG, 1060 * NS_PER_S, 55.0)
    assert window is not None
    assert window.coverage > 0.99


@pytest.mark.parametrize("conversions", [1, 16])
def test_an_arduino_with_a_grove_sensor_gives_pulse_and_skin(person: Waveforms, conversions: int) -> None:
    protocol = line_band(columns="time_ms,grove_gsr,ppg", rate_hz=50.0, name="band").protocol()
    list(protocol.decode(Chunk(b"\n", 0)))
    _, said = assessed(protocol, chunks(grove_lines(person, 50.0, conversions), 50.0))
    pulse, skin = of(said, Modality.PPG), of(said, Modality.GSR)
    assert (pulse.absence, skin.absence) == (None, None)
    assert pulse.evidence["heart_rate_bpm"] == pytest.approx(true_bpm(person), abs=2.5)
    assert skin.evidence["scl_us"] == pytest.approx(float(np.median(person.gsr_us[-20:])), abs=0.1)


def test_open_electrodes_are_a_band_that_is_not_worn() -> None:
    layout = Layout((ChannelId.PPG, ChannelId.GSR), 512)
    protocol = Shimmer3(Shimmer3Band(driver="shimmer3", name="band", device="/dev/rfcomm0"))
    protocol.begin(Setup(layout, USUAL_CALIBRATION))
    chance = np.random.default_rng(3)
    packets = [
        encode_packet(
            Packet(number * 512 % TURN, (int(chance.integers(1000, 1006)), 0xC000 | int(chance.integers(676, 690)))),
            layout,
        )
        for number in range(int(SECONDS * 64))
    ]
    _, said = assessed(protocol, chunks(packets, 64.0))
    assert {estimate.absence for estimate in said} == {Absence.NOT_WORN}


def test_a_board_that_begins_anew_leaves_a_gap_and_shifts_nothing(person: Waveforms) -> None:
    protocol = line_band(columns="time_ms,grove_gsr,ppg", rate_hz=50.0, name="band").protocol()
    list(protocol.decode(Chunk(b"\n", 0)))
    timeline = Timeline()
    lines = grove_lines(person, 50.0, 16)
    arriving = list(chunks(lines[:1500], 50.0))
    boot_ns = arriving[-1].arrived_ns + 2 * NS_PER_S
    again = [
        Chunk(chunk.data, chunk.arrived_ns - arriving[0].arrived_ns + boot_ns) for chunk in chunks(lines[:1500], 50.0)
    ]
    for chunk in [*arriving, Chunk(b"\x00\xf3# ready\r\n", boot_ns), *again]:
        for found in protocol.decode(chunk):
            if isinstance(found, SampleBlock):
                timeline.push(found)
    end_ns = again[-1].arrived_ns
    newest_ns = timeline.newest_ns("band", Channel.PPG)
    window = timeline.window("band", Channel.PPG, end_ns, 62.0)
    assert newest_ns is not None
    assert window is not None
    assert 0.0 <= (end_ns - newest_ns) / NS_PER_S < 0.3
    assert np.diff(window.times_ns).max() / NS_PER_S == pytest.approx(2.0, abs=0.3)
    assert window.coverage == pytest.approx(60.0 / 62.0, abs=0.01)
