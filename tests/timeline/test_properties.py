"""Whatever a band sends, in whatever order: the timeline stays in order, in bounds, and leaves what is placed alone."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.timeline import Timeline
from edge.timeline.doubtful import WAITING_AT_MOST
from edge.timeline.mapping import KEEP_S
from edge.timeline.track import IRREGULAR_CAPACITY
from edge.types import NS_PER_S, Channel, SampleBlock
from tests.timeline.bands import HZ, START_S, Band, everything

ANY_FLOAT = st.floats(allow_nan=True, allow_infinity=True)
CHANNELS = (Channel.PPG, Channel.ACC_G, Channel.IBI_S, Channel.HEART_RATE_BPM)


@st.composite
def any_block(draw: st.DrawFn) -> SampleBlock:
    """A block that no band would send, or nearly none."""
    rows = draw(st.integers(0, 5))
    shape = draw(st.sampled_from([(rows,), (rows, 3), (rows, 1), (rows, 0), (rows, 2, 2)]))
    numbers = draw(st.lists(st.floats(width=32), min_size=rows, max_size=rows))
    values = np.zeros(shape, np.float32)
    if values.size:
        values[...] = np.array(numbers, np.float32).reshape(rows, *([1] * (len(shape) - 1)))
    return SampleBlock(
        "wrist",
        draw(st.sampled_from(CHANNELS)),
        values,
        draw(st.sampled_from([0.0, 1.0, HZ, 64.5, 1000.0, 1e-300, 1e300, -1.0, float("nan"), float("inf")])),
        round((START_S + draw(st.floats(-10.0, 400.0))) * NS_PER_S),
        draw(st.none() | ANY_FLOAT | st.floats(-5.0, 400.0)),
        draw(st.integers(-(2**40), 2**40) | st.just(0)),
    )


@given(st.lists(any_block(), max_size=40))
@settings(deadline=None)
def test_no_block_raises_and_times_keep_rising(blocks: list[SampleBlock]) -> None:
    timeline = Timeline()
    for block in blocks:
        timeline.push(block)
        timeline.clock_report("wrist")
    for channel in CHANNELS:
        window = timeline.window("wrist", channel, 2**62, 2**33)
        if window is not None:
            assert (np.diff(window.times_ns) > 0).all()
            assert np.isfinite(window.values).all()
            assert 0.0 <= window.coverage <= 1.0


@dataclass
class Radio:
    """What a band does next, quarter second by quarter second."""

    band: Band = field(default_factory=Band)
    number: int = 0
    sent: list[SampleBlock] = field(default_factory=list[SampleBlock])

    def play(self, deed: str, amount: float) -> SampleBlock | None:
        """The block that arrives after this deed, if one does."""
        block = self.band.block(self.number, 0.03)
        self.number += 1
        match deed:
            case "lose":
                return None
            case "pause":
                self.number += round(amount * 200)
                return None
            case "restart":
                self.band = Band(device_zero_s=self.number * 0.25, drift_ppm=self.band.drift_ppm)
            case "repeat" if self.sent:
                old = self.sent[round(amount * (len(self.sent) - 1))]
                return replace(old, arrived_ns=block.arrived_ns)
            case "delay":
                block = replace(block, arrived_ns=block.arrived_ns + round(amount * NS_PER_S))
            case "damage":
                return replace(block, device_s=(block.device_s or 0.0) + 1e4 * (amount - 0.5))
        self.sent.append(block)
        return block


DEEDS = st.tuples(
    st.sampled_from(["send"] * 6 + ["lose", "repeat", "delay", "pause", "restart", "damage"]), st.floats(0.0, 1.0)
)


@given(st.lists(DEEDS, min_size=30, max_size=150), st.floats(-300.0, 300.0))
@settings(deadline=None, max_examples=60)
def test_what_was_placed_by_a_settled_clock_stays_for_ever(deeds: list[tuple[str, float]], drift_ppm: float) -> None:
    radio, timeline = Radio(Band(drift_ppm=drift_ppm)), Timeline()
    fixed: set[tuple[int, float]] = set()
    for deed, amount in deeds:
        block = radio.play(deed, amount)
        if block is None:
            continue
        timeline.push(block)
        report, window = timeline.clock_report("wrist"), everything(timeline)
        now = set(zip(window.times_ns.tolist(), window.values.tolist(), strict=True))
        oldest_ns = min(time_ns for time_ns, _ in now)
        assert {one for one in fixed if one[0] >= oldest_ns} <= now
        if report is not None and report.settled:
            fixed = now


@given(st.permutations(range(24)))
@settings(deadline=None, max_examples=60)
def test_any_order_gives_every_sample_once_at_its_time(order: list[int]) -> None:
    """Six seconds, settled before, arriving within three seconds in any order."""
    timeline = Timeline()
    for block in Band().blocks(0.0, 20.0):
        timeline.push(block)
    for rank, number in enumerate(order):
        timeline.push(Band().block(80 + number, at_s=26.0 + rank * 0.01))
    for block in Band().blocks(26.5, 30.0):
        timeline.push(block)
    window = everything(timeline)
    expected = np.concatenate((np.arange(26 * 64), np.arange(26.5 * 64, 30 * 64))) / HZ
    assert np.array_equal(window.values, expected.astype(np.float32))
    assert np.abs(window.times_ns / NS_PER_S - START_S - window.values).max() < 1e-3


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=20), st.sampled_from([HZ, 0.0]))
@settings(deadline=None, max_examples=4)
def test_memory_is_bounded(jumps_s: list[float], rate_hz: float) -> None:
    """Three thousand blocks whose clock jumps about for ever."""
    timeline = Timeline()
    values = np.zeros(1, np.float32)
    for number in range(3000):
        device_s = number * 0.3 + jumps_s[number // 7 % len(jumps_s)]
        arrived_ns = round((START_S + number * 0.3) * NS_PER_S)
        timeline.push(SampleBlock("wrist", Channel.PPG, values, rate_hz, arrived_ns, device_s))
    stream = timeline._sensors["wrist"].stamped
    assert len(stream._doubtful) <= WAITING_AT_MOST
    assert stream.clock._state is not None
    assert len(stream.clock._state.mapping._knots) <= 2 * KEEP_S + 2
    assert stream.clock._state.envelope.points <= 700
    window = timeline.window("wrist", Channel.PPG, 2**62, 2**33)
    assert window is not None
    assert window.values.size <= max(IRREGULAR_CAPACITY, 180 * HZ)


def test_an_endless_backlog_does_not_wait_for_ever() -> None:
    """A clock an hour behind that goes twice as fast: neither the old one nor a new one that keeps the pace of time."""
    timeline = Timeline()
    for block in Band().blocks(0.0, 20.0):
        timeline.push(block)
    for number in range(WAITING_AT_MOST + 100):
        block = Band().block(number, at_s=3600.0 + number * 0.125)
        timeline.push(block)
    assert len(timeline._sensors["wrist"].stamped._doubtful) == 100
    assert everything(timeline).values.size == 180 * HZ
