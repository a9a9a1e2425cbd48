"""What a burst is played on: pins, a sound card, a command, a file.

A sink blocks for the length of a burst and is called in a worker thread. Whatever goes wrong is an `AnnunciatorError`.
"""

from __future__ import annotations

import io
import json
import subprocess
import time
import wave
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Protocol

import numpy as np

from edge.config import Annunciator as Settings
from edge.errors import AnnunciatorError, AnnunciatorReason
from edge.publish.annunciator.pattern import Burst

RATE_HZ = 16_000
TONE_HZ = 660.0
"""Fundamental within 150-1000 Hz; four harmonics follow it, as IEC 60601-1-8 asks so that the sound can be located."""
HARMONICS = 4
VOLUME, SOFT_VOLUME = 0.9, 0.3
RAMP_S = 0.02
"""Rise and fall of each pulse, seconds: 10-40 % of it; a hard edge clicks and startles."""

PATIENCE_S = 10.0
"""A program that plays a burst is stopped after this, seconds: the longest burst has 3.2."""


class Sink(Protocol):
    """Something that lights or sounds."""

    @property
    def name(self) -> str:
        """What it is, for messages."""
        ...

    def play(self, burst: Burst) -> None:
        """Play a burst to its end.

        Raises:
            AnnunciatorError: it could not be played.
        """
        ...

    def test(self) -> None:
        """Whether it would work, with as little noise as that takes.

        Raises:
            AnnunciatorError: it would not.
        """
        ...

    def close(self) -> None:
        """Let go of what it holds; a burst that is under way may end early."""
        ...


class PinSink:
    """A light and a buzzer on GPIO pins, through gpiozero (extra `gpio`).

    Args:
        light_pin, buzzer_pin: BCM numbers; None: there is none.
        sleep: waits, seconds.

    Raises:
        AnnunciatorError: MISSING: gpiozero or the pins are not there.
    """

    name = "pins"

    def __init__(
        self, light_pin: int | None, buzzer_pin: int | None, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        """Take the pins."""
        try:
            import gpiozero  # here, because only boxes with a light or buzzer have it
            from gpiozero.exc import GPIOZeroError
        except ImportError as error:
            raise AnnunciatorError(
                AnnunciatorReason.MISSING, "light_pin and buzzer_pin need: pip install 'anodyne[gpio]'"
            ) from error
        self._failure = GPIOZeroError
        self._sleep = sleep
        try:
            self._light = None if light_pin is None else gpiozero.DigitalOutputDevice(light_pin)
            self._buzzer = None if buzzer_pin is None else gpiozero.DigitalOutputDevice(buzzer_pin)
        except Exception as error:  # lgpio's "GPIO busy" is of no class that gpiozero knows
            raise AnnunciatorError(AnnunciatorReason.MISSING, f"the pins cannot be taken: {error}") from error

    def play(self, burst: Burst) -> None:
        """Pulse the pins; a buzzer has one volume, so soft means shorter pulses."""
        used = [self._light, self._buzzer if burst.sound else None]
        pulse_s = burst.pulse_s / 3 if burst.soft else burst.pulse_s
        for gap_s in (*burst.gaps_s, 0.0):
            self._switch([pin for pin in used if pin is not None], pulse_s)
            self._sleep(burst.pulse_s - pulse_s + gap_s)

    def test(self) -> None:
        """Flash the light for a moment."""
        self._switch([] if self._light is None else [self._light], 0.05)

    def close(self) -> None:
        """Let go of the pins."""
        for pin in (self._light, self._buzzer):
            if pin is not None:
                pin.close()

    def _switch(self, pins: list[object], on_s: float) -> None:
        try:
            for pin in pins:
                pin.on()  # type: ignore[attr-defined]  # gpiozero carries no types
            self._sleep(on_s)
            for pin in pins:
                pin.off()  # type: ignore[attr-defined]  # likewise
        except (self._failure, OSError) as error:
            raise AnnunciatorError(AnnunciatorReason.FAILED, f"the pins do not answer: {error}") from error


class CommandSink:
    """A program of one's own, called with the priority and `full`, `soft` or `mute`; for the self-test with `test`."""

    def __init__(self, program: Path, patience_s: float = PATIENCE_S) -> None:
        """Nothing is run yet."""
        self.name = str(program)
        self._program = program
        self._patience_s = patience_s

    def play(self, burst: Burst) -> None:
        """Run it once per burst."""
        self._run(burst.name, "mute" if not burst.sound else "soft" if burst.soft else "full")

    def test(self) -> None:
        """Run it with `test`."""
        self._run("test")

    def close(self) -> None:
        """Nothing is held between two bursts."""

    def _run(self, *words: str) -> None:
        _run([str(self._program), *words], None, self._patience_s)


class SoundSink:
    """A sound card, through ALSA's `aplay`.

    Args:
        device: ALSA name, "default".
        program: the player; another one in tests.
    """

    def __init__(self, device: str, program: str = "aplay") -> None:
        """Nothing is played yet."""
        self.name = f"sound device {device}"
        self._command = [program, "-q", "-D", device, "-"]

    def play(self, burst: Burst) -> None:
        """Play the burst as tones."""
        if burst.sound:
            _run(self._command, tones(burst), PATIENCE_S)

    def test(self) -> None:
        """Play a tenth of a second of silence: the device has to open."""
        _run(self._command, _wave(np.zeros(RATE_HZ // 10)), PATIENCE_S)

    def close(self) -> None:
        """Nothing is held between two bursts."""


class FileSink:
    """Writes each burst as a line of JSON: to see what would sound where nothing can."""

    def __init__(self, path: Path) -> None:
        """Nothing is written yet."""
        self.name = str(path)
        self._path = path

    def play(self, burst: Burst) -> None:
        """Append a line."""
        self._append(json.dumps(asdict(burst)) + "\n")

    def test(self) -> None:
        """Open the file for writing."""
        self._append("")

    def close(self) -> None:
        """Nothing is held between two bursts."""

    def _append(self, text: str) -> None:
        try:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(text)
        except OSError as error:
            raise AnnunciatorError(AnnunciatorReason.FAILED, f"{self._path} cannot be written: {error}") from error


def sinks(settings: Settings) -> tuple[list[Sink], list[str]]:
    """The sinks of a configuration, and what is wrong with those that cannot be had."""
    made: list[Sink] = []
    faults: list[str] = []
    if settings.light_pin is not None or settings.buzzer_pin is not None:
        try:
            made.append(PinSink(settings.light_pin, settings.buzzer_pin))
        except AnnunciatorError as error:
            faults.append(error.message)
    if settings.sound_device is not None:
        made.append(SoundSink(settings.sound_device))
    if settings.command is not None:
        made.append(CommandSink(settings.command))
    if settings.file is not None:
        made.append(FileSink(settings.file))
    return made, faults


def tones(burst: Burst) -> bytes:
    """A burst as a WAV file: mono, 16 bit, `RATE_HZ`."""
    out = np.zeros(round(burst.length_s * RATE_HZ) + 1)
    times = np.arange(round(burst.pulse_s * RATE_HZ)) / RATE_HZ
    overtones = np.arange(1, HARMONICS + 2)
    tone = (np.sin(2 * np.pi * TONE_HZ * times[:, None] * overtones) / overtones).sum(axis=1)
    envelope = np.clip(np.minimum(times, burst.pulse_s - times) / RAMP_S, 0.0, 1.0)
    pulse = tone / np.abs(tone).max() * envelope * (SOFT_VOLUME if burst.soft else VOLUME)
    for start_s in burst.starts_s:
        first = round(start_s * RATE_HZ)
        out[first : first + len(pulse)] += pulse[: len(out) - first]
    return _wave(out)


def _wave(samples: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> bytes:
    memory = io.BytesIO()
    with wave.open(memory, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes((np.clip(samples, -1.0, 1.0) * 32767).astype("<i2").tobytes())
    return memory.getvalue()


def _run(command: list[str], stdin: bytes | None, patience_s: float) -> None:
    try:
        done = subprocess.run(  # noqa: S603  # the program of the configuration, without a shell
            command, input=stdin or b"", capture_output=True, timeout=patience_s, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise AnnunciatorError(AnnunciatorReason.FAILED, f"{command[0]} cannot be run: {error}") from error
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip()[:200]
        raise AnnunciatorError(AnnunciatorReason.FAILED, f"{command[0]} ends with {done.returncode}: {said}")
