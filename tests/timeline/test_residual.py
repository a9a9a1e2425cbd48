"""How far placed times lie from the truth, over simulated bands (the benchmark's situations, fewer recordings)."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from edge.benchmarks.radio import FLOOR_S, Link, pauses, uniform
from edge.benchmarks.timeline import COUNTED_LINKS, LINKS, SETTLED_S, Residual, placed, residual
from edge.timeline import Timeline

SEEDS = (11, 12)
GOAL_MS = 20.0
FIVE_BEATING_EVENTS = "beating_events_100ppm"


@cache
def of(name: str) -> Residual:
    """The residual of a band with a clock."""
    return residual(LINKS[name], seeds=SEEDS)


@pytest.mark.parametrize("name", [name for name in LINKS if name != FIVE_BEATING_EVENTS])
def test_samples_of_a_band_with_a_clock_lie_within_20_ms(name: str) -> None:
    found = of(name)
    assert found.p95_ms < GOAL_MS
    assert found.untold_p95_ms < GOAL_MS + 1e3 * FLOOR_S


@pytest.mark.parametrize("name", LINKS)
def test_no_interval_is_bent_by_more_than_two_thousandths(name: str) -> None:
    assert of(name).bend < 0.00203  # the simulated truth is rounded to 0.03 ms


@pytest.mark.parametrize("name", COUNTED_LINKS)
def test_samples_without_times_lie_within_20_ms_although_the_rate_is_not_the_nominal_one(name: str) -> None:
    assert residual(COUNTED_LINKS[name], stamped=False, seeds=SEEDS).p95_ms < GOAL_MS


def test_a_wait_that_hardly_changes_for_minutes_costs_no_more_than_one_connection_interval() -> None:
    """Nobody can see this one from one side: each block waits as long as the one before."""
    assert of(FIVE_BEATING_EVENTS).p95_ms < 50.0


def test_two_bands_agree_although_their_clocks_part() -> None:
    """What fusion needs: the same moment at the same place, whatever the links' common least delay."""
    placements = []
    for drift_ppm, seed in ((100.0, 1), (-100.0, 2)):
        times_s, true_s = placed(Link(pauses, drift_ppm).blocks(150.0, seed), 0.0)
        moments_s = np.arange(SETTLED_S, 145.0, 0.1)
        placements.append(np.interp(moments_s, true_s, times_s))
    apart_ms = 1e3 * np.abs(placements[0] - placements[1])
    assert np.percentile(apart_ms, 95) < GOAL_MS


def test_the_drift_is_known_after_ten_minutes() -> None:
    timeline = Timeline()
    for block in Link(uniform, 100.0).blocks(600.0, 5):
        timeline.push(block)
    report = timeline.clock_report("band")
    assert report is not None
    assert report.drift_ppm == pytest.approx(-100.0, abs=10.0)
    assert abs(report.owed_s) < 0.002
    assert report.jitter_s == pytest.approx(0.054, abs=0.02)  # least of four between 0 and 270 ms
    assert (report.settled, report.restarts, report.steps) == (True, 0, 0)
