"""Beats and skin conductance responses: the box's own detectors, and those of other packages where installed."""

from __future__ import annotations

import importlib.util
import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.biosignal.stream.responses import MIN_RESPONSE_US
from edge.biosignal.stream.whole import beats_in, responses_in
from edge.sensors.simulated.scene import Scene
from edge.sensors.simulated.waveform import GSR_HZ, PPG_HZ, synthesise

Signal = NDArray[np.float64]

PulseDetector = Callable[[Signal, float, Signal | None], Signal]
"""(n,) samples, their rate in Hz, and (n, 3) acceleration at the same moments or None, to (k,) seconds of beats."""

SkinDetector = Callable[[Signal, float], Signal]
"""(n,) samples in microsiemens and their rate in Hz, to (k,) seconds of onsets."""

SMALLEST_US = MIN_RESPONSE_US
"""Smallest response that the box counts, microsiemens."""

_BIOSPPY_HZ = 32.0
"""BioSPPy filters skin conductance at 5 Hz and needs more than a wristband's 4 samples per second."""


@dataclass(frozen=True, slots=True)
class Tool:
    """A package's detectors.

    Attributes:
        name: of the package.
        beats: of a pulse wave.
        responses: onsets of skin conductance responses; None where it has none.
    """

    name: str
    beats: PulseDetector
    responses: SkinDetector | None


@dataclass(frozen=True, slots=True, eq=False)
class Attempt:
    """What a detector made of a signal.

    Attributes:
        times_s: (k,) rising.
        fault: why it gave up on the signal; empty where it did not.
    """

    times_s: Signal
    fault: str = ""


def own_beats(ppg: Signal, rate_hz: float, acc_g: Signal | None = None) -> Signal:
    """(k,) seconds of the upstrokes that the box finds in (n,) pulse wave (`edge.biosignal.stream.whole.beats_in`)."""
    return beats_in(ppg, rate_hz, acc_g).times_s


def own_responses(gsr_us: Signal, rate_hz: float) -> tuple[Signal, Signal]:
    """(k,) onsets in seconds and (k,) amplitudes in microsiemens that the box finds in (n,) skin conductance."""
    found = responses_in(gsr_us, rate_hz)
    return found.times_s, found.heights


OWN = Tool(
    "Anodyne",
    lambda ppg, rate_hz, _acc_g: own_beats(ppg, rate_hz),
    lambda gsr_us, rate_hz: own_responses(gsr_us, rate_hz)[0],
)
"""The box's streams, as the daemon feeds them from a band without an accelerometer."""

WITH_ACC = Tool("Anodyne with accelerometer", own_beats, None)
"""The same with movement cancelled."""

BOX = (OWN, WITH_ACC)
"""Every way in which the box finds beats and responses."""


def peers() -> tuple[tuple[Tool, ...], tuple[str, ...]]:
    """The other packages' detectors, and a sentence for each that is not installed or does not run.

    A package whose detectors raise on a clean signal is left out: its figures would be those of a broken installation.
    """
    known = {
        "neurokit2": Tool("NeuroKit2", _neurokit_beats, _neurokit_responses),
        "heartpy": Tool("HeartPy", _heartpy_beats, None),
        "biosppy": Tool("BioSPPy", _biosppy_beats, _biosppy_responses),
    }
    usable: list[Tool] = []
    said: list[str] = []
    for module, tool in known.items():
        if importlib.util.find_spec(module) is None:
            said.append(f"Not compared with {tool.name}: it is not installed (pip install 'anodyne[compare]').")
        elif fault := fault_of(tool):
            said.append(f"Not compared with {tool.name}: it fails on a clean signal ({fault}).")
        else:
            usable.append(tool)
    return tuple(usable), tuple(said)


def fault_of(tool: Tool) -> str:
    """What a tool's detectors raise on a minute of clean signals; empty where they run."""
    waves = synthesise(Scene(title="clean", duration_s=60), seed=1)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            tool.beats(waves.ppg.astype(np.float64), PPG_HZ, None)
            if tool.responses is not None:
                tool.responses(waves.gsr_us.astype(np.float64), GSR_HZ)
        except Exception as error:  # noqa: BLE001  # whatever it is, it is told
            return f"{type(error).__name__}: {error}"
    return ""


def beats_of(tool: Tool, ppg: Signal, rate_hz: float, acc_g: Signal | None = None) -> Attempt:
    """The beats that a tool finds (see `PulseDetector`)."""
    return _attempt(lambda: tool.beats(ppg, rate_hz, acc_g))


def responses_of(detector: SkinDetector, gsr_us: Signal, rate_hz: float) -> Attempt:
    """The onsets that a detector finds."""
    return _attempt(lambda: detector(gsr_us, rate_hz))


def _attempt(detect: Callable[[], Signal]) -> Attempt:
    """What is found, in order of time, or why the package gave up.

    The packages raise errors of many kinds where they find no beat, and warn of low rates and empty means.
    """
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            found = detect()
        except Exception as error:  # noqa: BLE001  # whatever it is, it is told
            return Attempt(np.empty(0), f"{type(error).__name__}: {error}")
    return Attempt(np.sort(found[np.isfinite(found)]))


def _neurokit_beats(ppg: Signal, rate_hz: float, _acc_g: Signal | None) -> Signal:
    import neurokit2

    _, info = neurokit2.ppg_process(ppg, sampling_rate=round(rate_hz))
    return np.asarray(info["PPG_Peaks"], dtype=np.float64) / rate_hz


def _neurokit_responses(gsr_us: Signal, rate_hz: float) -> Signal:
    import neurokit2

    _, info = neurokit2.eda_process(gsr_us, sampling_rate=round(rate_hz))
    return np.asarray(info["SCR_Onsets"], dtype=np.float64) / rate_hz


def _heartpy_beats(ppg: Signal, rate_hz: float, _acc_g: Signal | None) -> Signal:
    import heartpy

    scaled = heartpy.scale_data(heartpy.filter_signal(ppg, [0.7, 3.5], rate_hz, order=3, filtertype="bandpass"))
    working, _ = heartpy.process(scaled, rate_hz)
    kept = np.asarray(working["binary_peaklist"], dtype=np.bool_)
    return np.asarray(working["peaklist"], dtype=np.float64)[kept] / rate_hz


def _biosppy_beats(ppg: Signal, rate_hz: float, _acc_g: Signal | None) -> Signal:
    from biosppy.signals import ppg as package

    found = package.ppg(ppg, sampling_rate=rate_hz, show=False)
    return np.asarray(found["peaks"], dtype=np.float64) / rate_hz


def _biosppy_responses(gsr_us: Signal, rate_hz: float) -> Signal:
    from biosppy.signals import eda as package

    dense_s = np.arange(0.0, (gsr_us.size - 1) / rate_hz, 1.0 / _BIOSPPY_HZ)
    dense = np.interp(dense_s, np.arange(gsr_us.size) / rate_hz, gsr_us)
    found = package.eda(dense, sampling_rate=_BIOSPPY_HZ, show=False)
    return np.asarray(found["onsets"], dtype=np.float64) / _BIOSPPY_HZ
