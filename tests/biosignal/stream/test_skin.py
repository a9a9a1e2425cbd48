"""Streaming skin conductance against the generator's truth."""

from __future__ import annotations

import math

import numpy as np
import pytest

from edge.biosignal.stream import SkinStream
from edge.biosignal.stream.deconvolution import DECAY_S, RISE_S, Deconvolution, bateman
from edge.biosignal.stream.responses import MIN_RESPONSE_US
from edge.biosignal.stream.skin_quality import SkinFault
from edge.sensors.simulated.scene import PainSpan
from edge.sensors.simulated.waveform import Patient
from quantize.biosignal.agreement import responses_f1, skin_rows
from quantize.biosignal.synthetic import (
    BriefContact,
    DropOuts,
    DryElectrode,
    Fault,
    FlatLine,
    MainsHum,
    WhiteNoise,
    WristOff,
    generate,
)
from quantize.biosignal.synthetic.recording import GSR_RATE_HZ, Signal


def with_responses(*events: tuple[float, float], duration_s: float = 60.0, level_us: float = 2.0) -> Signal:
    """Conductance with responses of (onset in seconds, amplitude in microsiemens)."""
    t_s = np.arange(0.0, duration_s, 1.0 / GSR_RATE_HZ)
    out = np.full(t_s.size, level_us) + 1e-4 * np.sin(t_s)
    for onset_s, amplitude_us in events:
        since_s = np.maximum(t_s - onset_s, 0.0)
        curve = np.exp(-since_s / DECAY_S) - np.exp(-since_s / RISE_S)
        out = out + amplitude_us * curve / bateman(1000.0).max() / (DECAY_S - RISE_S)
    return np.asarray(out)


def test_a_response_has_its_onset_amplitude_and_rise() -> None:
    rows = SkinStream(GSR_RATE_HZ).push(with_responses((30.0, 0.3)))
    (response,) = [response for row in rows for response in row.responses]
    assert response.onset_s == pytest.approx(30.0, abs=0.25)
    assert response.amplitude_us == pytest.approx(0.3, rel=0.1)
    assert response.rise_s == pytest.approx(1.18, abs=0.3)


def test_a_response_on_the_back_of_another_keeps_its_size() -> None:
    rows = SkinStream(GSR_RATE_HZ).push(with_responses((30.0, 0.4), (32.0, 0.2)))
    found = [response for row in rows for response in row.responses]
    assert [response.onset_s for response in found] == pytest.approx([30.0, 32.0], abs=0.4)
    assert [response.amplitude_us for response in found] == pytest.approx([0.4, 0.2], rel=0.15)


def test_a_response_is_known_within_four_seconds() -> None:
    rows = SkinStream(GSR_RATE_HZ).push(with_responses((30.0, 0.3)))
    assert next(row.end_s for row in rows if row.responses) <= 34.0


@pytest.mark.parametrize("event", [(30.0, 0.012), (30.0, 0.0)])
def test_less_than_the_smallest_response_does_not_count(event: tuple[float, float]) -> None:
    assert not [row for row in SkinStream(GSR_RATE_HZ).push(with_responses(event)) if row.responses]


def test_a_slow_drift_is_level_not_response_and_the_level_follows_within_a_quarter_of_a_minute() -> None:
    rows = SkinStream(GSR_RATE_HZ).push(np.linspace(2.0, 4.0, 480))
    assert not [row for row in rows if row.responses]
    assert rows[-1].scl_us == pytest.approx(4.0, abs=15.0 / 60.0)


def test_the_level_is_what_is_left_without_responses() -> None:
    events = [(float(second), 0.4) for second in range(20, 60, 5)]
    rows = SkinStream(GSR_RATE_HZ).push(with_responses(*events))
    assert rows[-1].scl_us == pytest.approx(2.0, abs=0.1)


def test_what_is_split_adds_up_again() -> None:
    gsr_us = with_responses((20.0, 0.3), (40.0, 0.5))
    driver, above, phasic = Deconvolution(GSR_RATE_HZ).push(gsr_us)
    assert driver.size == above.size == phasic.size == gsr_us.size - 2
    assert float(phasic.max()) == pytest.approx(0.5, rel=0.15)
    assert float(np.median(phasic)) < 0.01


@pytest.mark.parametrize("noise_us", [0.003, 0.008])
def test_responses_at_rest_are_found(noise_us: float) -> None:
    recordings = [generate(400.0, seed, Patient(gsr_noise_us=noise_us)) for seed in range(4)]
    assert np.mean([responses_f1(one, skin_rows(one), 2 * MIN_RESPONSE_US) for one in recordings]) >= 0.9


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_responses_in_pain_are_found_though_they_overlap(seed: int) -> None:
    recording = generate(300.0, seed, pain=[PainSpan(start_s=20.0, end_s=300.0, level=9.0)])
    rows = skin_rows(recording)
    assert responses_f1(recording, rows, MIN_RESPONSE_US) >= 0.9
    true_per_min = np.count_nonzero((recording.scr_onsets_s > 236.0) & (recording.scr_onsets_s < 294.0))
    assert rows[295].scr_per_min == pytest.approx(true_per_min, abs=3.0)


@pytest.mark.parametrize("rate_hz", [8.0, 15.0, 51.2])
def test_any_usual_sampling_rate_gives_the_same_response(rate_hz: float) -> None:
    slow = with_responses((30.0, 0.3))
    times_s = np.arange(0.0, 59.0, 1.0 / rate_hz)
    rows = SkinStream(rate_hz).push(np.interp(times_s, np.arange(slow.size) / GSR_RATE_HZ, slow))
    (response,) = [response for row in rows for response in row.responses]
    assert response.onset_s == pytest.approx(30.0, abs=0.4)
    assert response.amplitude_us == pytest.approx(0.3, rel=0.12)


@pytest.mark.parametrize("piece", [1, 3, 7])
def test_pieces_of_any_size_give_the_same_rows(piece: int) -> None:
    gsr_us = generate(60.0, 1).gsr_us
    stream, rows = SkinStream(GSR_RATE_HZ), []
    for first in range(0, gsr_us.size, piece):
        rows += stream.push(gsr_us[first : first + piece])
    for one, other in zip(rows, SkinStream(GSR_RATE_HZ).push(gsr_us), strict=True):
        assert one.scl_us == pytest.approx(other.scl_us, nan_ok=True)
        assert len(one.responses) == len(other.responses)


SPOILED: dict[str, tuple[Fault, SkinFault]] = {
    "wrist off": (WristOff(60.0, 180.0), SkinFault.OPEN_CIRCUIT),
    "dry electrode": (DryElectrode(60.0, 180.0), SkinFault.DRY_ELECTRODE),
    "flat line": (FlatLine(60.0, 180.0), SkinFault.FLAT),
    "noise": (WhiteNoise(60.0, 180.0), SkinFault.DRY_ELECTRODE),
    "hum": (MainsHum(60.0, 180.0, strength_us=0.06), SkinFault.NOISE),
    "half of the packets lost": (DropOuts(60.0, 180.0, share=0.5), SkinFault.MISSING),
}


@pytest.mark.parametrize("name", SPOILED)
def test_what_spoils_conductance_is_rated_low_and_named(name: str) -> None:
    fault, reason = SPOILED[name]
    rows = skin_rows(generate(180.0, 1, faults=[fault]))[80:178]
    assert float(np.median([row.quality for row in rows])) < 0.4
    assert float(np.mean([reason in row.faults for row in rows])) > 0.9


@pytest.mark.parametrize("name", ["wrist off", "dry electrode", "flat line", "noise"])
def test_what_is_no_skin_has_no_responses(name: str) -> None:
    fault, _ = SPOILED[name]
    rows = skin_rows(generate(180.0, 1, faults=[fault]))[66:178]
    assert sum(len(row.responses) for row in rows) <= 1


def test_lifted_electrodes_make_no_response() -> None:
    lifted = generate(120.0, 7, Patient(scr_per_min=0.0), faults=[BriefContact(60.0)])
    rows = skin_rows(lifted)
    assert not [row for row in rows[58:80] if row.responses]
    assert SkinFault.JUMP in rows[61].faults
    assert SkinFault.JUMP not in rows[70].faults


@pytest.mark.parametrize(("factor", "reason"), [(1000.0, SkinFault.ABOVE_RANGE), (0.001, SkinFault.OPEN_CIRCUIT)])
def test_numbers_that_are_no_microsiemens_are_told(factor: float, reason: SkinFault) -> None:
    newest = SkinStream(GSR_RATE_HZ).push(factor * generate(60.0, 1).gsr_us)[-1]
    assert newest.quality == 0.0
    assert reason in newest.faults


def test_a_table_is_cold() -> None:
    gsr_us = generate(60.0, 1).gsr_us
    cold = SkinStream(GSR_RATE_HZ).push(gsr_us, temperature_c=np.full(gsr_us.size, 23.0))[-1]
    warm = SkinStream(GSR_RATE_HZ).push(gsr_us, temperature_c=np.full(gsr_us.size, 33.0))[-1]
    assert (cold.quality, SkinFault.TEMPERATURE in cold.faults) == (0.0, True)
    assert (warm.quality > 0.9, warm.faults) == (True, frozenset())


def test_a_band_that_warms_up_fast_has_just_been_put_on() -> None:
    gsr_us = generate(60.0, 1).gsr_us
    warming = np.linspace(28.0, 34.0, gsr_us.size)
    assert SkinFault.TEMPERATURE in SkinStream(GSR_RATE_HZ).push(gsr_us, temperature_c=warming)[-1].faults


def test_a_rate_needs_watched_seconds() -> None:
    rows = skin_rows(generate(60.0, 1))
    assert math.isnan(rows[10].scr_per_min)
    assert math.isfinite(rows[59].scr_per_min)


def test_a_rate_that_cannot_show_a_response_is_refused() -> None:
    with pytest.raises(ValueError, match="too slow"):
        SkinStream(1.0)
