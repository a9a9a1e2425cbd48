"""Bands with the Heart Rate Service only: no waveform, an honest low quality."""

from __future__ import annotations

import numpy as np
import pytest

from edge.biosignal import BiosignalEstimator
from edge.biosignal.heart_rate import heart_rate_at, held
from edge.bundle import Bundle
from edge.types import NS_PER_S, Absence, Channel, Estimate, Modality, Window
from tests.biosignal.signals import episode

pytestmark = pytest.mark.models


def irregular(channel: Channel, times_s: list[float], values: list[float], now_s: float) -> Window:
    newest = [(t, v) for t, v in zip(times_s, values, strict=True) if now_s - 60.0 <= t < now_s]
    return Window(
        channel,
        0.0,
        round((now_s - 60.0) * NS_PER_S),
        round(now_s * NS_PER_S),
        np.array([round(t * NS_PER_S) for t, _ in newest], dtype=np.int64),
        np.array([v for _, v in newest], dtype=np.float32),
        1.0,
    )


def play(bundle: Bundle, *, until_s: int, with_intervals: bool, silent_from_s: float = 1e9) -> list[Estimate]:
    waves = episode()
    times_s = [t for t in waves.beats_s[1:].tolist() if t < silent_from_s]
    spans_s = np.diff(waves.beats_s).tolist()[: len(times_s)]
    seconds = [float(t) for t in range(2, 151) if t < silent_from_s]
    rates = [float(np.interp(t, waves.beats_s, waves.heart_rate_bpm)) for t in seconds]
    estimator = BiosignalEstimator(bundle)
    said: list[Estimate] = []
    for now in range(1, until_s + 1):
        windows = {Channel.HEART_RATE_BPM: irregular(Channel.HEART_RATE_BPM, seconds, rates, now)}
        if with_intervals:
            windows[Channel.IBI_S] = irregular(Channel.IBI_S, times_s, spans_s, now)
        said += estimator.step(now * NS_PER_S, windows)
    return said


@pytest.mark.parametrize("with_intervals", [True, False])
def test_it_rises_with_pain(bundle: Bundle, with_intervals: bool) -> None:
    said = play(bundle, until_s=150, with_intervals=with_intervals)
    assert {estimate.modality for estimate in said} == {Modality.HEART_RATE}
    assert said[84].value < 0.55
    assert said[129].value > 0.7


def test_its_quality_never_counts_in_full(bundle: Bundle) -> None:
    said = play(bundle, until_s=80, with_intervals=True)
    assert 0.3 < said[-1].quality <= 0.5


def test_a_silent_band_is_stale(bundle: Bundle) -> None:
    said = play(bundle, until_s=70, with_intervals=True, silent_from_s=60.0)
    assert said[55].absence is None
    assert said[-1].absence is Absence.STALE


def test_it_begins_with_warming_up(bundle: Bundle) -> None:
    assert play(bundle, until_s=4, with_intervals=True)[-1].absence is Absence.WARMING_UP


def test_impossible_rates_are_no_rates() -> None:
    window = irregular(Channel.HEART_RATE_BPM, [1.0, 2.0, 3.0], [0.0, 255.0, 20.0], 4.0)
    assert np.isnan(heart_rate_at(4, window, None))


def test_nonsense_intervals_fall_back_to_the_rate() -> None:
    rate = irregular(Channel.HEART_RATE_BPM, [3.0], [70.0], 4.0)
    spans = irregular(Channel.IBI_S, [1.0, 1.5, 2.0, 2.5, 3.0], [0.01, 9.0, 0.02, 8.0, 0.01], 4.0)
    assert heart_rate_at(4, rate, spans) == 70.0


@pytest.mark.parametrize("beats_go_on", [False, True])
def test_a_rate_of_zero_is_no_pulse_from_that_second_on_unless_beats_come_later(
    bundle: Bundle, beats_go_on: bool
) -> None:
    estimator, seconds = BiosignalEstimator(bundle), [float(t) for t in range(1, 70)]
    rates = [70.0 + t % 3 if t < 60 else 0.0 for t in seconds]
    beats_s = [t + 0.2 for t in seconds]
    said: list[Estimate] = []
    for now in range(1, 64):
        windows = {Channel.HEART_RATE_BPM: irregular(Channel.HEART_RATE_BPM, seconds, rates, now + 0.5)}
        if beats_go_on:
            windows[Channel.IBI_S] = irregular(Channel.IBI_S, beats_s, [1.0] * len(beats_s), now + 0.5)
        said += estimator.step(now * NS_PER_S, windows)
    assert said[58].absence is None
    assert {one.absence for one in said[59:]} == {None if beats_go_on else Absence.POOR_SIGNAL}


def test_a_rate_that_stands_still_for_a_minute_is_told_as_such(bundle: Bundle) -> None:
    estimator, seconds = BiosignalEstimator(bundle), [float(t) for t in range(1, 130)]
    said = [
        estimator.step(
            now * NS_PER_S,
            {Channel.HEART_RATE_BPM: irregular(Channel.HEART_RATE_BPM, seconds, [71.0] * len(seconds), now + 0.5)},
        )[0]
        for now in range(1, 100)
    ]
    assert said[40].absence is None
    assert said[80].absence is Absence.FIXED_RATE


def test_intervals_that_hardly_change_are_a_heart_all_the_same() -> None:
    rate = irregular(Channel.HEART_RATE_BPM, [float(t) for t in range(60)], [60.0] * 60, 60.0)
    spans = irregular(Channel.IBI_S, [float(t) for t in range(60)], [1.0] * 60, 60.0)
    assert held(rate, None, 58.0)
    assert not held(rate, spans, 58.0)


def test_intervals_that_cannot_be_beats_lower_the_quality(bundle: Bundle) -> None:
    def quality(every: int) -> float:
        estimator, times_s = BiosignalEstimator(bundle), [0.9 * n for n in range(1, 100)]
        spans_s = [2.9 if every and n % every == 0 else 0.9 for n in range(1, 100)]
        said = [
            estimator.step(now * NS_PER_S, {Channel.IBI_S: irregular(Channel.IBI_S, times_s, spans_s, now)})[0]
            for now in range(1, 80)
        ]
        return said[-1].quality

    assert quality(every=4) == pytest.approx(0.75 * quality(every=0), rel=0.1)


def test_intervals_give_their_variability(bundle: Bundle) -> None:
    said = play(bundle, until_s=80, with_intervals=True)
    assert 5.0 < said[-1].evidence["rmssd_ms"] < 100.0
    assert said[-1].evidence["valid_intervals"] == 1.0
