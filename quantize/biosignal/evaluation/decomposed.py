"""Level and responses of generated skin conductance, by the box's stream and by cvxEDA where it is installed.

cvxEDA (Greco et al., IEEE Trans Biomed Eng 2016;63:797-804) looks at the whole recording at once, past and future; the
box's stream sees the past only. cvxEDA is run through NeuroKit2, which needs cvxopt.
"""

from __future__ import annotations

import importlib.util
import statistics
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from edge.biosignal.stream import SkinStream
from edge.sensors.simulated.scene import PainSpan
from edge.sensors.simulated.waveform import Patient
from quantize.biosignal.agreement import Signal, acceleration_at
from quantize.biosignal.evaluation.figures import Decomposition
from quantize.biosignal.evaluation.generated import bateman
from quantize.biosignal.evaluation.kinds import MOST
from quantize.biosignal.synthetic import Recording, generate
from quantize.biosignal.synthetic.recording import GSR_RATE_HZ

LENGTH_S = 300.0
"""Length of each recording."""

_SETTLED_S = 40.0
"""Seconds at the start that are left out for every method: a stream has to settle."""

_LATEST_S = 4.0
"""The longest delay that is looked for."""

_SEED = 900

_PAIN = (PainSpan(start_s=60.0, end_s=240.0, level=9.0),)

KINDS: Mapping[str, tuple[Patient, tuple[PainSpan, ...]]] = {
    "rest": (Patient(), ()),
    "pain": (Patient(), _PAIN),
    "noise of 8 nS": (Patient(gsr_noise_us=0.008), ()),
}
"""Whose skin, and when it hurts."""

Parts = tuple[Signal, Signal]
"""(n,) tonic and (n,) phasic conductance, microsiemens."""


def decomposed(names: tuple[str, ...] = tuple(KINDS), count: int = MOST) -> Iterator[Decomposition]:
    """A row for each kind and method.

    Args:
        names: of `KINDS`.
        count: recordings of each.
    """
    methods: dict[str, Callable[[Recording], Parts]] = {"Anodyne, stream": _own}
    if installed():
        methods["cvxEDA, whole recording"] = _cvxeda
    for name in names:
        patient, pain = KINDS[name]
        recordings = [generate(LENGTH_S, _SEED + k, patient, pain=pain) for k in range(count)]
        for method, split in methods.items():
            yield _measured(name, method, split, recordings)


def installed() -> bool:
    """Whether cvxEDA can be run."""
    return all(importlib.util.find_spec(module) is not None for module in ("neurokit2", "cvxopt"))


def _measured(
    kind: str, method: str, split: Callable[[Recording], Parts], recordings: list[Recording]
) -> Decomposition:
    parts, took_ms = [], []
    for recording in recordings:
        began = time.perf_counter()
        tonic, phasic = split(recording)
        took_ms.append(60_000.0 * (time.perf_counter() - began) / LENGTH_S)
        true_phasic = phasic_of(recording)
        parts.append((tonic, phasic, recording.gsr_us - true_phasic, true_phasic))
    late = max(range(round(_LATEST_S * GSR_RATE_HZ) + 1), key=lambda lag: _mean_r(parts, 1, lag))
    off = [np.abs(_late(tonic, late) - _until(true, late)).mean() for tonic, _, true, _ in parts]
    return Decomposition(
        kind,
        method,
        late / GSR_RATE_HZ,
        _mean_r(parts, 0, late),
        _mean_r(parts, 1, late),
        float(np.mean(off)),
        statistics.median(took_ms),
    )


def _late(values: Signal, lag: int) -> Signal:
    return values[round(_SETTLED_S * GSR_RATE_HZ) + lag :]


def _until(values: Signal, lag: int) -> Signal:
    return values[round(_SETTLED_S * GSR_RATE_HZ) : values.size - lag]


def _mean_r(parts: Sequence[tuple[Signal, Signal, Signal, Signal]], part: int, lag: int) -> float:
    """Mean correlation of the tonic (0) or phasic (1) part with the truth `lag` samples earlier."""
    return float(np.mean([_r(_late(one[part], lag), _until(one[part + 2], lag)) for one in parts]))


def phasic_of(recording: Recording) -> Signal:
    """(n,) what the responses truly add to the conductance; the rest is level and noise."""
    times_s = np.arange(recording.gsr_us.size) / GSR_RATE_HZ
    total = np.zeros(times_s.size)
    for onset_s, amplitude_us in zip(recording.scr_onsets_s, recording.scr_amplitudes_us, strict=True):
        total += amplitude_us * bateman(times_s - onset_s)
    return total


def _own(recording: Recording) -> Parts:
    """Of each second, spread over its samples."""
    acc_g = acceleration_at(recording, recording.gsr_us.size, GSR_RATE_HZ)
    rows = SkinStream(GSR_RATE_HZ).push(recording.gsr_us, acc_g, recording.temperature_c)
    ends_s = np.array([row.end_s for row in rows])
    times_s = np.arange(recording.gsr_us.size) / GSR_RATE_HZ
    level, phasic = np.array([(row.scl_us, row.phasic_us) for row in rows]).T
    known = np.isfinite(level) & np.isfinite(phasic)
    return (
        np.interp(times_s, ends_s[known], level[known]),
        np.interp(times_s, ends_s[known], phasic[known]),
    )


def _cvxeda(recording: Recording) -> Parts:
    import neurokit2

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        parts = neurokit2.eda_phasic(recording.gsr_us, sampling_rate=round(GSR_RATE_HZ), method="cvxeda")
    return np.asarray(parts["EDA_Tonic"], np.float64), np.asarray(parts["EDA_Phasic"], np.float64)


def _r(one: Signal, other: Signal) -> float:
    return float(np.corrcoef(one, other)[0, 1]) if one.std() > 0 and other.std() > 0 else float("nan")
