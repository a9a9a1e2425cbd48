"""Whole stretches through the streams: their beats, responses and seconds."""

from __future__ import annotations

import numpy as np
import pytest

from edge.biosignal.stream.whole import beats_in, responses_in, seconds_of
from edge.sensors.simulated.waveform import GSR_HZ, PPG_HZ
from quantize.biosignal.synthetic import generate
from tests.biosignal.signals import calm

WAVES = calm(60.0)


def test_every_beat_is_found_to_the_end() -> None:
    found = beats_in(WAVES.ppg.astype(np.float64), PPG_HZ)
    true_s = WAVES.beats_s[WAVES.beats_s > 3.0]
    off_s = np.abs(found.times_s[:, None] - true_s).min(axis=0)
    assert float((off_s < 0.3).mean()) > 0.97
    assert found.times_s.max() > 58.0
    assert np.median(found.heights) > 0.0


def test_nothing_is_found_where_nothing_was_measured() -> None:
    ppg = WAVES.ppg.astype(np.float64)
    ppg[round(20 * PPG_HZ) : round(30 * PPG_HZ)] = np.nan
    found_s = beats_in(ppg, PPG_HZ).times_s
    assert not ((found_s > 20.0) & (found_s < 30.0)).any()
    assert (found_s > 35.0).any()


def test_responses_have_onset_and_rise() -> None:
    recording = generate(seed=3, duration_s=120.0)
    found = responses_in(recording.gsr_us, GSR_HZ)
    large = recording.scr_onsets_s[recording.scr_amplitudes_us > 0.1]
    assert large.size
    assert float((np.abs(found.times_s[:, None] - large).min(axis=0) < 1.5).mean()) > 0.7
    assert (found.heights > 0.0).all()


@pytest.mark.parametrize("rate_hz", [1.0, 10.0])
def test_a_signal_that_is_too_slow_has_none(rate_hz: float) -> None:
    slow = np.sin(np.arange(600.0))
    assert beats_in(slow, rate_hz).times_s.size == 0
    assert seconds_of(slow, rate_hz) == []
    assert responses_in(slow, 1.0).times_s.size == 0


def test_acceleration_at_its_own_rate_lowers_the_trust_in_a_moving_wrist() -> None:
    acc_g = np.random.default_rng(1).normal(0.0, 1.5, (60 * 32, 3))
    ppg = WAVES.ppg.astype(np.float64)
    assert seconds_of(ppg, PPG_HZ)[-1].quality > 0.9
    assert seconds_of(ppg, PPG_HZ, acc_g)[-1].quality < 0.5
