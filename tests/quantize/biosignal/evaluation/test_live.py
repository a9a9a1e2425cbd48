"""Recordings of others through the shipped estimator."""

from __future__ import annotations

import dataclasses
from functools import cache

import numpy as np
import pytest

from edge.bundle import Bundle
from edge.types import NS_PER_S, Channel
from quantize.biosignal.evaluation.data.recordings import ACC_HZ, GSR_HZ, PPG_HZ, Recording, Track
from quantize.biosignal.evaluation.live import live, window
from quantize.biosignal.evaluation.people import Person, Source
from tests.quantize.biosignal.evaluation.data.folders import waves

SECONDS = 120


@cache
def recording() -> Recording:
    made = waves(SECONDS)
    tracks = {
        Channel.PPG: Track(made.ppg.astype(np.float64), PPG_HZ),
        Channel.GSR_US: Track(made.gsr_us.astype(np.float64), GSR_HZ),
        Channel.ACC_G: Track(made.acc_g.astype(np.float64), ACC_HZ),
    }
    return Recording("S1", tracks, (np.arange(SECONDS) >= SECONDS / 2).astype(np.int64))


@cache
def person() -> Person:
    return live(recording(), Bundle.load())


@pytest.mark.models
def test_a_minute_of_pain_raises_every_score() -> None:
    rises: dict[Source, float] = {"ppg": 0.5, "gsr": 0.2, "hr": 0.5}  # a minute is a short past, and skin is slow
    for source, rise in rises.items():
        scores = person().scores[source]
        assert np.nanmean(scores[85:]) > np.nanmean(scores[:60]) + rise


@pytest.mark.models
def test_nothing_is_said_before_there_is_enough_of_a_signal() -> None:
    assert np.isnan(person().scores["ppg"][:10]).all()
    assert person().quality["ppg"][0] == 0.0


@pytest.mark.models
def test_a_recording_without_a_pulse_wave_has_no_heart_rate_path() -> None:
    skin = {Channel.GSR_US: recording().tracks[Channel.GSR_US]}
    found = live(Recording("S1", skin, recording().labels[:40]), Bundle.load())
    assert np.isnan(found.scores["ppg"]).all()
    assert np.isnan(found.scores["hr"]).all()
    assert np.isfinite(found.scores["gsr"]).any()


@pytest.mark.models
def test_the_future_does_not_change_the_past() -> None:
    short = dataclasses.replace(recording(), labels=recording().labels[:50])
    np.testing.assert_array_equal(live(short, Bundle.load()).scores["ppg"], person().scores["ppg"][:50])


def test_a_window_is_the_newest_minute_without_what_was_not_measured() -> None:
    values = np.arange(400.0)
    values[390] = np.nan
    found = window(Channel.GSR_US, Track(values, 4.0), 100)
    assert (found.values[0], found.values[-1], found.values.size) == (160.0, 399.0, 239)
    assert (int(found.times_ns[0]), int(found.times_ns[-1])) == (40 * NS_PER_S, 100 * NS_PER_S - NS_PER_S // 4)
    assert found.coverage == pytest.approx(239 / 240)
