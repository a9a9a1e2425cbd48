"""Means of a quarter of a second: their values, their times, and what gaps do to them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.sensors.wristband.serial.means import Means, Slow


def fed(means: Means, sizes: list[int], rate_hz: float, timed: bool = True) -> list[Slow]:
    """What becomes of samples 0, 1, 2, … that come in blocks of these sizes."""
    found: list[Slow] = []
    first = 0
    for size in sizes:
        values = np.arange(first, first + size, dtype=np.float64)
        found += means.feed(values, 10.0 + first / rate_hz if timed else None, 0)
        first += size
    return found


@given(st.lists(st.integers(1, 50), min_size=1, max_size=20), st.sampled_from([4.0, 10.0, 50.0, 64.0, 128.0]))
def test_means_and_their_times_do_not_depend_on_the_blocks(sizes: list[int], rate_hz: float) -> None:
    means = Means(rate_hz)
    count = round(rate_hz / means.rate_hz)
    found = fed(means, sizes, rate_hz)
    values = [float(value) for slow in found for value in slow.values]
    assert values == pytest.approx([(count - 1) / 2 + count * index for index in range(sum(sizes) // count)])
    times = [(slow.device_s or 0.0) + index / means.rate_hz for slow in found for index in range(len(slow.values))]
    assert times == pytest.approx([10.0 + value / rate_hz for value in values])


def test_without_a_clock_means_have_no_time() -> None:
    assert [slow.device_s for slow in fed(Means(64.0), [40], 64.0, timed=False)] == [None]


def test_a_small_gap_costs_no_mean() -> None:
    means = Means(64.0)
    fed(means, [5], 64.0)
    (slow,) = means.feed(np.arange(8.0, 16.0), 10.0 + 8 / 64, 3)
    assert (slow.values.tolist(), slow.lost_before) == ([np.mean([0, 1, 2, 3, 4, *range(8, 16)])], 0)


def test_a_mean_of_too_few_samples_is_missing() -> None:
    means = Means(64.0)
    fed(means, [5], 64.0)
    assert list(means.feed(np.arange(14.0, 16.0), 10.0 + 14 / 64, 9)) == []
    (slow,) = means.feed(np.arange(16.0, 32.0), 10.0 + 16 / 64, 0)
    assert slow.lost_before == 1


def test_a_long_gap_is_told_in_means() -> None:
    means = Means(64.0)
    fed(means, [32], 64.0)
    (slow,) = means.feed(np.arange(16.0), 20.0, 160)
    assert slow.lost_before == 10
    assert slow.device_s == pytest.approx(20.0 + 7.5 / 64)


def test_what_begins_anew_is_not_mixed_with_what_was_before() -> None:
    means = Means(64.0)
    fed(means, [15], 64.0)
    means.restart()
    (slow,) = means.feed(np.full(16, 7.0), 0.5, 0)
    assert slow.values.tolist() == [7.0]


def test_noise_between_counts_is_averaged_away() -> None:
    noisy = np.rint(100.3 + np.random.default_rng(1).normal(0.0, 0.5, 64 * 60))
    values = np.concatenate([slow.values for slow in Means(64.0).feed(noisy, 0.0, 0)])
    assert np.abs(values - 100.3).max() < 0.5
    assert values.std() < 0.2
