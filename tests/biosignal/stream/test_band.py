"""The streams of a band, fed from windows as the timeline cuts them."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from edge.biosignal.stream import PulseStream, SkinStream
from edge.biosignal.stream.band import BandStreams, pulse_evidence, skin_evidence
from edge.types import NS_PER_S, Channel, Window
from quantize.biosignal.synthetic import Recording, generate
from quantize.biosignal.synthetic.recording import ACC_RATE_HZ, GSR_RATE_HZ, PPG_RATE_HZ

RECORDING = generate(100.0, 5)


def windows(
    recording: Recording, now_s: float, late_s: float = 0.0, silent: tuple[float, float] = (0.0, 0.0)
) -> dict[Channel, Window]:
    """The newest minute, its last `late_s` not arrived yet, without the samples of a silent stretch."""
    out: dict[Channel, Window] = {}
    for channel, values, rate_hz in (
        (Channel.PPG, recording.ppg, PPG_RATE_HZ),
        (Channel.GSR_US, recording.gsr_us, GSR_RATE_HZ),
        (Channel.ACC_G, recording.acc_g, ACC_RATE_HZ),
    ):
        index = np.arange(max(0, int((now_s - 60.0) * rate_hz)), int((now_s - late_s) * rate_hz))
        index = index[(index / rate_hz < silent[0]) | (index / rate_hz >= silent[1])]
        out[channel] = Window(
            channel=channel,
            rate_hz=rate_hz,
            start_ns=round((now_s - 60.0) * NS_PER_S),
            end_ns=round(now_s * NS_PER_S),
            times_ns=np.rint(index / rate_hz * NS_PER_S).astype(np.int64),
            values=values[index].astype(np.float32),
            coverage=1.0,
        )
    return out


def after(seconds: int, **kwargs: float | tuple[float, float]) -> BandStreams:
    late_s, silent = kwargs.get("late_s", 0.0), kwargs.get("silent", (0.0, 0.0))
    assert isinstance(late_s, float)
    assert isinstance(silent, tuple)
    streams = BandStreams()
    for now_s in range(1, seconds + 1):
        streams.step(now_s * NS_PER_S, windows(RECORDING, now_s, late_s, silent))
    return streams


def test_windows_give_what_the_samples_give() -> None:
    row = after(60).pulse(60 * NS_PER_S)
    direct = PulseStream(PPG_RATE_HZ).push(RECORDING.ppg[: 60 * 64])[-1]
    assert row is not None
    assert row.heart_rate_bpm == pytest.approx(direct.heart_rate_bpm, abs=0.2)
    assert row.quality > 0.9


@pytest.mark.parametrize("late_s", [0.5, 1.0, 2.5])
def test_blocks_that_arrive_late_are_waited_for(late_s: float) -> None:
    row = after(60, late_s=late_s).pulse(60 * NS_PER_S)
    assert row is not None
    assert row.signs.coverage == 1.0
    assert row.quality > 0.9


def test_steps_that_come_late_miss_no_second() -> None:
    rare, often = BandStreams(), after(60)
    for now_s in range(5, 61, 5):
        rare.step(now_s * NS_PER_S, windows(RECORDING, now_s))
    one, other = rare.pulse(60 * NS_PER_S), often.pulse(60 * NS_PER_S)
    assert one is not None
    assert other is not None
    assert one.heart_rate_bpm == pytest.approx(other.heart_rate_bpm)


def test_silence_takes_the_trust_and_does_not_give_it_back_at_once() -> None:
    in_gap = after(70, silent=(55.0, 75.0)).pulse(70 * NS_PER_S)
    assert in_gap is None or in_gap.quality == 0.0
    back = after(95, silent=(55.0, 75.0)).pulse(95 * NS_PER_S)
    assert back is not None
    assert back.quality > 0.9


def test_an_old_row_says_nothing_of_now() -> None:
    assert after(60).pulse(70 * NS_PER_S) is None
    assert after(60).skin(70 * NS_PER_S) is None


def test_one_empty_slot_of_a_slow_clock_is_no_gap() -> None:
    streams = BandStreams()
    for now_s in range(1, 61):
        cut = windows(RECORDING, now_s)
        ppg = cut[Channel.PPG]
        kept = np.rint(ppg.times_ns / NS_PER_S * PPG_RATE_HZ).astype(np.int64) % 640 != 333
        cut[Channel.PPG] = Window(
            Channel.PPG, 64.0, ppg.start_ns, ppg.end_ns, ppg.times_ns[kept], ppg.values[kept], 1.0
        )
        streams.step(now_s * NS_PER_S, cut)
    row = streams.pulse(60 * NS_PER_S)
    assert row is not None
    assert row.signs.coverage == 1.0


def test_the_evidence_names_what_is_known_and_nothing_else() -> None:
    streams = after(80)
    pulse, skin = pulse_evidence(streams.pulse(80 * NS_PER_S)), skin_evidence(streams.skin(80 * NS_PER_S))
    assert {"heart_rate_bpm", "pulse_sqi", "sdnn_ms", "pleth_index"} <= set(pulse)
    assert "perfusion_percent" not in pulse
    assert {"skin_sqi", "scl_us", "phasic_us", "scr_per_min"} <= set(skin)
    assert pulse_evidence(None) == skin_evidence(None) == {}


def test_memory_does_not_grow_with_time() -> None:
    pulse, skin = PulseStream(PPG_RATE_HZ), SkinStream(GSR_RATE_HZ)

    def size() -> int:
        return len(pickle.dumps(pulse)) + len(pickle.dumps(skin))

    sizes = []
    for _ in range(8):
        pulse.push(RECORDING.ppg)
        skin.push(RECORDING.gsr_us)
        sizes.append(size())
    assert max(sizes[3:]) < 1.02 * min(sizes[3:])
    assert max(sizes) < 200_000


def test_every_second_is_handed_out_once_and_in_order() -> None:
    streams, seen = BandStreams(), []
    for now_s in (3, 4, 4, 7, 12, 13, 20):
        fresh = streams.step(now_s * NS_PER_S, windows(RECORDING, now_s))
        assert [second for second, _ in fresh.pulse] == [second for second, _ in fresh.skin]
        seen += [second for second, _ in fresh.pulse]
    assert seen == list(range(1, 21))


def test_forgetting_the_patient_keeps_the_signal() -> None:
    streams = after(80)
    streams.forget()
    fresh = streams.step(81 * NS_PER_S, windows(RECORDING, 81))
    (_, row) = fresh.pulse[-1]
    assert row.quality > 0.9
    assert np.isnan(row.amplitude_change)
    assert np.isfinite(row.heart_rate_bpm)
