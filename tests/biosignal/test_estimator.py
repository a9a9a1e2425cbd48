"""The arousal estimator on signals with known truth, with gaps, and with none."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pytest

from edge.biosignal import BiosignalEstimator
from edge.bundle import Bundle
from edge.sensors.simulated.waveform import GSR_HZ, PPG_HZ, Waveforms
from edge.types import NS_PER_S, Absence, Channel, Estimate, Modality, Window
from tests.biosignal.signals import Samples, Wearer, calm, episode, window

pytestmark = pytest.mark.models

NEVER = (0.0, 0.0)


def of(estimates: Iterable[Estimate], modality: Modality) -> Estimate:
    return next(estimate for estimate in estimates if estimate.modality is modality)


@pytest.fixture(scope="module")
def painful(bundle: Bundle) -> Wearer:
    wearer = Wearer.of(BiosignalEstimator(bundle), episode())
    wearer.until(150.0)
    return wearer


def at(wearer: Wearer, second: int, modality: Modality) -> Estimate:
    return of(wearer.said[second - 1], modality)


def test_both_signals_speak_within_twenty_seconds(painful: Wearer) -> None:
    for modality in (Modality.PPG, Modality.GSR):
        assert at(painful, 10, modality).absence is Absence.WARMING_UP
        assert at(painful, 20, modality).absence is None


def test_calm_is_calm(painful: Wearer) -> None:
    for modality in (Modality.PPG, Modality.GSR):
        assert max(at(painful, second, modality).value for second in range(30, 90)) < 0.6
        assert np.mean([at(painful, second, modality).value for second in range(30, 90)]) < 0.5


def test_the_pulse_answers_pain_within_twenty_seconds(painful: Wearer) -> None:
    assert at(painful, 110, Modality.PPG).value > 0.6
    assert at(painful, 130, Modality.PPG).value > 0.8


def test_the_skin_answers_pain_after_three_minutes_of_calm(bundle: Bundle) -> None:
    wearer = Wearer.of(BiosignalEstimator(bundle), episode(calm_s=180.0))
    wearer.until(240.0)
    calmly = max(at(wearer, second, Modality.GSR).value for second in range(40, 180))
    assert calmly < 0.4
    assert max(at(wearer, second, Modality.GSR).value for second in range(200, 240)) > 0.55


def test_the_skin_moves_towards_arousal_after_a_minute_and_a_half(painful: Wearer) -> None:
    calmly = np.mean([at(painful, second, Modality.GSR).value for second in range(40, 90)])
    assert max(at(painful, second, Modality.GSR).value for second in range(110, 150)) > calmly + 0.1


def test_another_patient_is_not_compared_with_the_one_before(estimator: BiosignalEstimator) -> None:
    wearer = Wearer.of(estimator, calm(180.0))
    before = of(wearer.until(100.0), Modality.PPG)
    estimator.forget()
    at_once = of(wearer.until(101.0), Modality.PPG)
    again = of(wearer.until(130.0), Modality.PPG)
    assert before.evidence["resting_heart_rate_bpm"] < 70.0
    assert at_once.absence is Absence.WARMING_UP
    assert again.absence is None
    assert again.quality < before.quality


def test_a_pulse_wave_that_is_too_slow_to_be_one_is_a_poor_signal(estimator: BiosignalEstimator) -> None:
    wearer = Wearer.of(estimator, calm())
    slow, _ = wearer.channels[Channel.PPG]
    wearer.channels = {**wearer.channels, Channel.PPG: (slow[::8], PPG_HZ / 8)}
    said = wearer.until(60.0)
    assert of(said, Modality.PPG).absence is Absence.POOR_SIGNAL
    assert of(said, Modality.GSR).absence is None


def test_the_quality_is_that_of_the_streams(painful: Wearer) -> None:
    late = at(painful, 85, Modality.PPG)
    assert late.quality == pytest.approx(late.evidence["pulse_sqi"], abs=0.05)


def test_heart_rate_is_right(painful: Wearer) -> None:
    beats_s = episode().beats_s
    for second in (40, 85, 140):
        inside = beats_s[(beats_s > second - 10) & (beats_s <= second)]
        true_bpm = 60.0 / float(np.median(np.diff(inside)))
        assert at(painful, second, Modality.PPG).evidence["heart_rate_bpm"] == pytest.approx(true_bpm, abs=2.5)


def test_the_evidence_names_what_it_rests_on(painful: Wearer) -> None:
    assert {"heart_rate_bpm", "pulse_amplitude_change", "sqi"} <= set(at(painful, 140, Modality.PPG).evidence)
    assert {"scl_us", "scr_per_min", "sqi"} <= set(at(painful, 140, Modality.GSR).evidence)
    assert at(painful, 140, Modality.PPG).evidence["pulse_amplitude_change"] < -0.2


def test_the_interval_holds_the_value_and_narrows_with_quality(painful: Wearer) -> None:
    early, late = at(painful, 20, Modality.PPG), at(painful, 85, Modality.PPG)
    assert late.interval[0] < late.value < late.interval[1]
    assert early.quality < late.quality


def test_an_estimate_carries_the_time_of_its_newest_sample(painful: Wearer) -> None:
    now_ns = 140 * NS_PER_S
    assert 0 <= now_ns - at(painful, 140, Modality.PPG).measured_ns <= NS_PER_S / PPG_HZ + 1
    assert 0 <= now_ns - at(painful, 140, Modality.GSR).measured_ns <= NS_PER_S / GSR_HZ + 1


def test_a_silent_band_is_stale_and_never_calm(estimator: BiosignalEstimator) -> None:
    wearer = Wearer.of(estimator, calm(), silent=(60.0, 90.0))
    wearer.until(89.0)
    for second in range(63, 90):
        for modality in (Modality.PPG, Modality.GSR):
            estimate = at(wearer, second, modality)
            assert estimate.absence is Absence.STALE
            assert np.isnan(estimate.value)


def test_a_band_that_is_silent_for_longer_than_the_window_is_stale(estimator: BiosignalEstimator) -> None:
    wearer = Wearer.of(estimator, calm(200.0), silent=(60.0, 190.0))
    assert of(wearer.until(185.0), Modality.PPG).absence is Absence.STALE


def test_after_a_gap_it_warms_up_again_and_keeps_the_baseline(estimator: BiosignalEstimator) -> None:
    wearer = Wearer.of(estimator, calm(), silent=(60.0, 90.0))
    wearer.until(115.0)
    assert at(wearer, 96, Modality.PPG).absence is Absence.WARMING_UP
    back = at(wearer, 112, Modality.PPG)
    assert back.absence is None
    assert back.evidence["resting_heart_rate_bpm"] != pytest.approx(72.0, abs=0.5)


def test_a_short_gap_is_bridged(estimator: BiosignalEstimator) -> None:
    wearer = Wearer.of(estimator, calm(), silent=(60.0, 62.0))
    wearer.until(90.0)
    assert all(at(wearer, second, Modality.GSR).absence is None for second in range(60, 90))


def spoiled(waves: Waveforms, ppg: Samples, gsr_us: Samples) -> Waveforms:
    return Waveforms(
        ppg, gsr_us, waves.acc_g, waves.beats_s, waves.heart_rate_bpm, waves.scr_onsets_s, waves.scr_amplitudes_us
    )


@pytest.mark.parametrize("kind", ["flat", "noise", "saturated"])
def test_bad_signals_are_absent_with_a_reason(estimator: BiosignalEstimator, kind: str) -> None:
    waves, rng = calm(70.0), np.random.default_rng(1)
    ppg, gsr_us = {
        "flat": (np.zeros_like(waves.ppg), np.full_like(waves.gsr_us, 2.0)),
        "noise": (
            rng.normal(0, 50, waves.ppg.size).astype(np.float32),
            np.abs(rng.normal(1, 0.5, waves.gsr_us.size)).astype(np.float32),
        ),
        "saturated": (np.clip(20 * waves.ppg, -60, 60), np.full_like(waves.gsr_us, 100.0)),
    }[kind]
    for estimate in Wearer.of(estimator, spoiled(waves, ppg, gsr_us)).until(60.0):
        assert estimate.absence is Absence.POOR_SIGNAL


def test_a_band_on_the_table_is_not_worn(estimator: BiosignalEstimator) -> None:
    waves, rng = calm(70.0), np.random.default_rng(1)
    table = spoiled(
        waves,
        rng.normal(0, 1, waves.ppg.size).astype(np.float32),
        np.abs(rng.normal(0, 0.005, waves.gsr_us.size)).astype(np.float32),
    )
    for estimate in Wearer.of(estimator, table).until(60.0):
        assert estimate.absence is Absence.NOT_WORN


def test_a_band_that_is_taken_off_says_nothing_two_seconds_later(estimator: BiosignalEstimator) -> None:
    waves, off = calm(70.0), 50
    rng = np.random.default_rng(1)
    ppg, gsr_us = waves.ppg.copy(), waves.gsr_us.copy()
    ppg[int(off * PPG_HZ) :] = rng.normal(0, 0.01, ppg.size - int(off * PPG_HZ))
    gsr_us[int(off * GSR_HZ) :] = 0.01
    wearer = Wearer.of(estimator, spoiled(waves, ppg, gsr_us))
    wearer.until(70.0)
    for second in range(off + 2, 70):
        assert {at(wearer, second, one).absence for one in (Modality.PPG, Modality.GSR)} == {Absence.NOT_WORN}
    assert at(wearer, off, Modality.PPG).absence is None


def test_a_contact_flag_of_zero_means_not_worn(estimator: BiosignalEstimator) -> None:
    wearer = Wearer.of(estimator, calm())
    wearer.channels = {**wearer.channels, Channel.CONTACT: (np.zeros(120, dtype=np.float32), 1.0)}
    for estimate in wearer.until(40.0):
        assert estimate.absence is Absence.NOT_WORN


def test_one_signal_is_enough(estimator: BiosignalEstimator) -> None:
    wearer = Wearer.of(estimator, calm())
    wearer.channels = {Channel.GSR_US: wearer.channels[Channel.GSR_US]}
    said = wearer.until(40.0)
    assert [estimate.modality for estimate in said] == [Modality.GSR]
    assert said[0].absence is None


def test_nothing_arrived_nothing_said(estimator: BiosignalEstimator) -> None:
    assert estimator.step(5 * NS_PER_S, {}) == ()


def test_rare_steps_are_made_good(bundle: Bundle) -> None:
    often, rarely = (Wearer.of(BiosignalEstimator(bundle), calm()) for _ in range(2))
    every_second = of(often.until(80.0), Modality.PPG)
    every_five = of(rarely.until(80.0, step_s=5.0), Modality.PPG)
    assert every_five.value == pytest.approx(every_second.value, abs=0.03)


def test_steps_more_often_than_once_a_second_do_no_harm(bundle: Bundle) -> None:
    once, often = (Wearer.of(BiosignalEstimator(bundle), calm()) for _ in range(2))
    assert of(often.until(50.0, step_s=0.25), Modality.PPG).value == of(once.until(50.0), Modality.PPG).value


def test_the_same_signals_later_in_the_day_say_the_same(bundle: Bundle) -> None:
    waves, late_ns = calm(), 40_000 * NS_PER_S
    early = Wearer.of(BiosignalEstimator(bundle), waves)
    early.until(40.0)
    estimator = BiosignalEstimator(bundle)
    said: tuple[Estimate, ...] = ()
    for second in range(1, 41):
        moved = {
            channel: _moved(window(channel, values, rate_hz, second, NEVER), late_ns)
            for channel, (values, rate_hz) in early.channels.items()
        }
        said = estimator.step(late_ns + second * NS_PER_S, moved)
    assert [estimate.value for estimate in said] == [estimate.value for estimate in early.said[-1]]


def _moved(original: Window, by_ns: int) -> Window:
    return Window(
        original.channel,
        original.rate_hz,
        original.start_ns + by_ns,
        original.end_ns + by_ns,
        original.times_ns + by_ns,
        original.values,
        original.coverage,
    )


def test_a_pulse_that_ends_is_not_believed_for_longer_than_its_beats_are_late(estimator: BiosignalEstimator) -> None:
    wearer = Wearer.of(estimator, calm())
    ppg, _ = wearer.channels[Channel.PPG]
    table = ppg.copy()
    first = round(60.0 * PPG_HZ)
    table[first:] = table[first] + np.random.default_rng(1).normal(0.0, 1.0, table.size - first)
    wearer.channels = {**wearer.channels, Channel.PPG: (table, PPG_HZ)}
    wearer.until(75.0)
    assert at(wearer, 60, Modality.PPG).quality > 0.8
    assert all(at(wearer, second, Modality.PPG).absence is not None for second in range(66, 75))


def test_doubt_comes_faster_than_trust(estimator: BiosignalEstimator) -> None:
    wearer = Wearer.of(estimator, calm())
    gsr, _ = wearer.channels[Channel.GSR_US]
    off = gsr.copy()
    off[round(60.0 * GSR_HZ) : round(70.0 * GSR_HZ)] = 0.01
    wearer.channels = {Channel.GSR_US: (off, GSR_HZ)}
    wearer.until(85.0)
    said = [at(wearer, second, Modality.GSR).quality for second in range(60, 86)]
    assert min(said[:6]) < 0.3 < said[0]
    assert max(said[10:16]) < 0.3
