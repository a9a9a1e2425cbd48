"""When a band's charge is low, and when it no longer is."""

from __future__ import annotations

import math

import numpy as np
import pytest

from edge.sensors.charge import ChargeMonitor
from edge.types import Channel, SampleBlock


def after(*percents: float) -> ChargeMonitor:
    """A monitor that has read these."""
    monitor = ChargeMonitor()
    for percent in percents:
        monitor.push(SampleBlock("wrist", Channel.BATTERY_PERCENT, np.array([percent], np.float32), 0.0, 0))
    return monitor


@pytest.mark.parametrize(
    ("percents", "low"),
    [
        ((), False),
        ((90.0,), False),
        ((16.0,), False),
        ((15.0,), True),
        ((15.0, 16.0, 19.0), True),
        ((15.0, 20.0), False),
        ((15.0, 20.0, 16.0), False),
        ((0.0,), True),
    ],
)
def test_low_begins_at_15_and_ends_at_20(percents: tuple[float, ...], low: bool) -> None:
    assert after(*percents).low is low


@pytest.mark.parametrize("impossible", [math.nan, math.inf, -1.0, 255.0])
def test_an_impossible_reading_changes_nothing(impossible: float) -> None:
    monitor = after(12.0, impossible)
    assert (monitor.percent, monitor.low) == (12.0, True)


def test_a_gauge_that_wobbles_about_the_threshold_warns_once() -> None:
    monitor = ChargeMonitor()
    changes = 0
    for percent in (17, 16, 15, 16, 15, 17, 16, 15, 14, 16):
        before = monitor.low
        monitor.push(SampleBlock("wrist", Channel.BATTERY_PERCENT, np.array([percent], np.float32), 0.0, 0))
        changes += monitor.low is not before
    assert changes == 1
