"""Kinds of generated recordings on which detectors are measured: what is wrong with each, and whose heart it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from edge.sensors.simulated.waveform import Patient
from quantize.biosignal.synthetic import (
    DropOuts,
    Fault,
    FlatLine,
    MainsHum,
    PoorPerfusion,
    Recording,
    Saturation,
    WhiteNoise,
    WristOff,
    generate,
    running,
    walking,
)

START_S, END_S, LENGTH_S = 30.0, 150.0, 160.0
"""The stretch with the fault, and the recording."""

RATES_BPM = (52.0, 118.0, 70.0, 83.0, 97.0, 61.0)
"""One recording each; when running, half as much again."""

MOST = len(RATES_BPM)
"""Recordings that a kind has."""

_SEED = 700


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind.

    Attributes:
        fault: what goes wrong from `START_S` to `END_S`; None for a clean recording.
        pulse: whether a pulse is left in it.
        effort: multiple of the resting heart rate.
    """

    fault: Fault | None
    pulse: bool = True
    effort: float = 1.0

    def recordings(self, count: int = MOST) -> list[Recording]:
        """A recording for each of the first `count` of `RATES_BPM`; the same every time."""
        faults = () if self.fault is None else (self.fault,)
        return [
            generate(LENGTH_S, _SEED + number, Patient(heart_rate_bpm=bpm * self.effort), faults=faults)
            for number, bpm in enumerate(RATES_BPM[:count])
        ]


KINDS: Mapping[str, Kind] = {
    "clean": Kind(None),
    "walking": Kind(walking(START_S, END_S)),
    "running": Kind(running(START_S, END_S), effort=1.5),
    "poor perfusion (a fifth)": Kind(PoorPerfusion(START_S, END_S, share=0.2)),
    "poor perfusion (a twentieth)": Kind(PoorPerfusion(START_S, END_S, share=0.05)),
    "hum 50 Hz": Kind(MainsHum(START_S, END_S, 50.0)),
    "hum 60 Hz": Kind(MainsHum(START_S, END_S, 60.0)),
    "a tenth of the packets lost": Kind(DropOuts(START_S, END_S, share=0.1)),
    "saturation": Kind(Saturation(START_S, END_S)),
    "flat line": Kind(FlatLine(START_S, END_S), pulse=False),
    "white noise": Kind(WhiteNoise(START_S, END_S), pulse=False),
    "wrist off": Kind(WristOff(START_S, END_S), pulse=False),
}
"""Every kind; the recordings are not those that the pulse's quality was fitted on."""
