"""Bands that send far more or fewer samples than agreed are not listened to."""

from __future__ import annotations

import numpy as np
import pytest

from edge.errors import SensorError, SensorReason
from edge.sensors.wristband.serial.pace import Pace
from edge.types import NS_PER_S, Channel, SampleBlock


def feed(pace: Pace, true_hz: float, seconds: float, every_s: float = 0.1, lost: int = 0) -> float:
    """Blocks that say 50 Hz and come at another rate; how long that was borne, seconds."""
    sent = 0.0
    for number in range(round(seconds / every_s)):
        sent += true_hz * every_s
        values = np.zeros(int(sent), np.float32)
        sent -= len(values)
        at_ns = round((10.0 + number * every_s) * NS_PER_S)
        block = SampleBlock("band", Channel.PPG, values, 50.0, at_ns, lost_before=lost)
        try:
            pace.note(block)
        except SensorError:
            return number * every_s
    return seconds


def test_a_flood_of_ten_times_the_rate_is_noticed_within_a_second() -> None:
    assert feed(Pace("band"), 500.0, 60.0) < 1.0


def test_what_is_wrong_is_said() -> None:
    with pytest.raises(SensorError, match="correct `rate_hz`") as raised:
        Pace("band").note(SampleBlock("band", Channel.PPG, np.zeros(251, np.float32), 50.0, 0))
    assert raised.value.reason is SensorReason.WRONG_RATE


@pytest.mark.parametrize("true_hz", [42.0, 50.0, 60.0])
def test_rates_of_poor_oscillators_are_borne(true_hz: float) -> None:
    assert feed(Pace("band"), true_hz, 600.0) == 600.0


@pytest.mark.parametrize("true_hz", [25.0, 35.0])
def test_too_slow_a_band_is_noticed(true_hz: float) -> None:
    assert feed(Pace("band"), true_hz, 60.0) <= 21.0


def test_what_the_band_says_was_lost_was_sent() -> None:
    assert feed(Pace("band"), 30.0, 60.0, lost=2) == 60.0


def test_a_backlog_of_five_seconds_is_borne() -> None:
    pace = Pace("band")
    feed(pace, 50.0, 30.0)
    pace.note(SampleBlock("band", Channel.PPG, np.zeros(250, np.float32), 50.0, 46 * NS_PER_S))


def test_pauses_are_not_slowness() -> None:
    pace = Pace("band")
    for minute in range(10):
        for number in range(80):
            at_ns = round((minute * 60 + number * 0.1) * NS_PER_S)
            pace.note(SampleBlock("band", Channel.PPG, np.zeros(5, np.float32), 50.0, at_ns))


def test_channels_without_a_rate_are_not_judged() -> None:
    pace = Pace("band")
    for _ in range(10_000):
        pace.note(SampleBlock("band", Channel.CONTACT, np.ones(1, np.float32), 0.0, 0))
