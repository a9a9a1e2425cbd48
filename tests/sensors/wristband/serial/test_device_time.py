"""Counters that wrap, devices that begin anew, and transports that hold back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.sensors.wristband.serial.device_time import DeviceTime
from edge.types import NS_PER_S

TURN = 1 << 24
RATE = 32768.0


def clock_after(ticks: int, at_s: float = 1000.0) -> DeviceTime:
    """A clock that has read one counter."""
    clock = DeviceTime(RATE, TURN)
    clock.read(ticks, round(at_s * NS_PER_S))
    return clock


def read(clock: DeviceTime, ticks: float, at_s: float) -> tuple[float, bool]:
    """The next reading."""
    return clock.read(ticks % TURN, round(at_s * NS_PER_S))


@given(
    st.integers(0, TURN - 1),
    st.lists(st.floats(0.001, 2000.0), min_size=1, max_size=20),
    st.floats(-1e-3, 1e-3),
    st.floats(0.0, 1.0),
)
def test_time_goes_on_over_any_number_of_turns(first: int, pauses_s: list[float], drift: float, late_s: float) -> None:
    clock = clock_after(first)
    passed_s = 0.0
    for number, pause_s in enumerate(pauses_s):
        passed_s += pause_s
        at_s = 1000.0 + passed_s * (1.0 + drift) + (late_s if number % 2 else 0.0)
        time_s, follows = read(clock, first + passed_s * RATE, at_s)
        assert follows
        assert time_s == pytest.approx((first + passed_s * RATE) / RATE, abs=1e-6)


def test_a_device_that_began_anew_is_known() -> None:
    clock = clock_after(400 * 32768)
    assert read(clock, 32768, 1002.0) == (1.0, False)


def test_what_was_held_back_is_late_and_not_anew() -> None:
    clock = clock_after(TURN - 100)
    time_s, follows = read(clock, TURN + 412, 1030.0)
    assert follows
    assert time_s == pytest.approx((TURN + 412) / RATE)


def test_the_first_reading_follows_from_nothing() -> None:
    assert DeviceTime(1e3, 2**32).read(5000, 0) == (5.0, False)


def test_a_time_without_a_turn_that_goes_back_is_anew() -> None:
    clock = DeviceTime(1.0, None)
    clock.read(100.0, 0)
    assert clock.read(100.5, NS_PER_S) == (100.5, True)
    assert clock.read(3.0, 2 * NS_PER_S) == (3.0, False)


@given(st.lists(st.tuples(st.floats(0, 1e12), st.integers(0, 10**15)), max_size=20), st.booleans())
def test_any_counters_give_finite_times(readings: list[tuple[float, int]], turns: bool) -> None:
    clock = DeviceTime(1e3, 2**32 if turns else None)
    at_ns = 0
    for ticks, later_ns in readings:
        at_ns += later_ns
        time_s, _ = clock.read(ticks, at_ns)
        assert abs(time_s) < 1e12
