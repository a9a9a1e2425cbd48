"""What bursts are played on: gpiozero's mock pins, real programs, files."""

from __future__ import annotations

import io
import json
import wave
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from gpiozero.pins.mock import MockFactory

from edge import config
from edge.errors import AnnunciatorError, AnnunciatorReason
from edge.publish.annunciator.pattern import BURSTS, Burst
from edge.publish.annunciator.sinks import (
    RATE_HZ,
    CommandSink,
    FileSink,
    PinSink,
    SoundSink,
    sinks,
    tones,
)
from edge.types import Priority

HIGH, MEDIUM, LOW = BURSTS[Priority.HIGH], BURSTS[Priority.MEDIUM], BURSTS[Priority.LOW]


def script(folder: Path, text: str) -> Path:
    path = folder / "ring"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def pulses(pin: object) -> int:
    """How often a mock pin went high."""
    return [one.state for one in pin.states].count(True)  # type: ignore[attr-defined]  # gpiozero carries no types


@pytest.mark.parametrize(("burst", "count"), [(HIGH, 10), (MEDIUM, 3), (LOW, 1)], ids=["high", "medium", "low"])
def test_pins_pulse_as_often_as_the_burst(pins: MockFactory, burst: Burst, count: int) -> None:
    slept: list[float] = []
    sink = PinSink(17, 18, slept.append)
    sink.play(burst)
    assert (pulses(pins.pin(17)), pulses(pins.pin(18))) == (count, count)
    assert not pins.pin(18).state
    sink.close()


@pytest.mark.usefixtures("pins")
def test_a_burst_takes_as_long_on_pins_as_it_says() -> None:
    slept: list[float] = []
    sink = PinSink(17, None, slept.append)
    sink.play(HIGH)
    assert sum(slept) == pytest.approx(HIGH.length_s)
    sink.close()


def test_audio_pause_leaves_the_light(pins: MockFactory) -> None:
    sink = PinSink(17, 18, lambda _: None)
    sink.play(replace(MEDIUM, sound=False))
    assert (pulses(pins.pin(17)), pulses(pins.pin(18))) == (3, 0)
    sink.close()


def test_the_self_test_of_pins_is_silent(pins: MockFactory) -> None:
    sink = PinSink(17, 18, lambda _: None)
    sink.test()
    assert (pulses(pins.pin(17)), pulses(pins.pin(18))) == (1, 0)
    sink.close()


def test_a_pin_that_is_taken_is_a_fault_of_the_sink(pins: MockFactory) -> None:
    first = PinSink(17, None)
    made, faults = sinks(config.Annunciator(light_pin=17))
    assert made == []
    assert "pins cannot be taken" in faults[0]
    first.close()
    assert pins.pin(17) is not None


def test_a_pin_that_is_busy_in_a_way_of_its_own_library_is_one_too(monkeypatch: pytest.MonkeyPatch) -> None:
    class BusyError(Exception):
        """lgpio's errors have no other class."""

    def take(_: int) -> None:
        raise BusyError("GPIO busy")

    monkeypatch.setattr("gpiozero.DigitalOutputDevice", take)
    made, faults = sinks(config.Annunciator(light_pin=17))
    assert made == []
    assert "GPIO busy" in faults[0]


def test_a_command_hears_priority_and_loudness(tmp_path: Path) -> None:
    heard = tmp_path / "heard"
    sink = CommandSink(script(tmp_path, f'echo "$@" >> {heard}'))
    sink.test()
    sink.play(HIGH)
    assert heard.read_text().splitlines() == ["test", "high full"]


@pytest.mark.parametrize(
    ("text", "said"), [("echo broken >&2; exit 3", "ends with 3: broken"), ("exec sleep 5", "timed out")]
)
def test_a_command_that_fails_or_hangs_is_a_fault(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(AnnunciatorError, match=said) as caught:
        CommandSink(script(tmp_path, text), patience_s=0.3).play(LOW)
    assert caught.value.reason is AnnunciatorReason.FAILED


def test_a_command_that_is_not_there_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(AnnunciatorError, match="cannot be run"):
        CommandSink(tmp_path / "nothing").play(LOW)


def test_the_player_is_given_a_sound_file(tmp_path: Path) -> None:
    heard = tmp_path / "heard.wav"
    SoundSink("default", str(script(tmp_path, f"cat > {heard}"))).play(MEDIUM)
    with wave.open(str(heard)) as file:
        assert file.getframerate() == RATE_HZ
        assert file.getnframes() / RATE_HZ == pytest.approx(MEDIUM.length_s, abs=0.01)


@pytest.mark.parametrize("burst", [HIGH, MEDIUM, LOW], ids=["high", "medium", "low"])
def test_tones_sound_in_the_pulses_and_are_silent_between(burst: Burst) -> None:
    with wave.open(io.BytesIO(tones(burst))) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2") / 32767
    middle = [round((start_s + burst.pulse_s / 2) * RATE_HZ) for start_s in burst.starts_s]
    assert all(np.abs(samples[one - 80 : one + 80]).max() > 0.5 for one in middle)
    ends = [round((start_s + burst.pulse_s) * RATE_HZ) + 10 for start_s in burst.starts_s[:-1]]
    assert all(np.abs(samples[one : one + 200]).max() == 0 for one in ends)


def test_the_tone_has_its_fundamental_and_four_harmonics() -> None:
    with wave.open(io.BytesIO(tones(LOW))) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2").astype(np.float64)
    spectrum = np.abs(np.fft.rfft(samples, RATE_HZ))
    floor = np.median(spectrum)
    assert all(spectrum[round(660.0 * number)] > 20 * floor for number in range(1, 6))


def test_a_file_has_a_line_per_burst(tmp_path: Path) -> None:
    sink = FileSink(tmp_path / "bursts.jsonl")
    sink.test()
    sink.play(HIGH)
    [line] = (tmp_path / "bursts.jsonl").read_text().splitlines()
    assert json.loads(line)["priority"] == "high"


def test_a_file_that_cannot_be_written_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(AnnunciatorError, match="cannot be written"):
        FileSink(tmp_path / "no" / "where").test()


@pytest.mark.parametrize(
    ("burst", "low_s", "high_s"), [(HIGH, 2.5, 15), (MEDIUM, 2.5, 30), (LOW, 15, 120)], ids=["high", "medium", "low"]
)
def test_bursts_repeat_within_the_limits_of_the_standard(burst: Burst, low_s: float, high_s: float) -> None:
    assert low_s <= burst.every_s - burst.length_s <= high_s
