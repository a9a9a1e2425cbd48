"""The wristband's path: one step of the estimator, beside NeuroKit2 on the same window."""

from __future__ import annotations

import importlib.util
import statistics
import time
import warnings
from collections.abc import Callable, Iterator
from functools import partial

import numpy as np

from edge.benchmarks import Figure
from edge.biosignal import BiosignalEstimator
from edge.bundle import Bundle
from edge.sensors.simulated.scene import DEMO_SCENE, Scene
from edge.sensors.simulated.waveform import ACC_HZ, GSR_HZ, PPG_HZ, Waveforms, synthesise
from edge.types import NS_PER_S, Channel, Window

_PEER = "neurokit2"
_WINDOW_S = 60
_STEPS = range(_WINDOW_S, 100)
"""Seconds of the demonstration's scene that are stepped: 40 windows, calm and pain."""

_PEER_RUNS = 12


def figures() -> Iterator[Figure]:
    """Median milliseconds per step, and the share of one core that a band takes in real time."""
    waves = synthesise(Scene.load(DEMO_SCENE), seed=1)
    estimator = BiosignalEstimator(Bundle.load())
    estimator.step((_STEPS[0] - 1) * NS_PER_S, _windows(waves, _STEPS[0] - 1))
    ours_ms: list[float] = []
    for now_s in _STEPS:
        windows = _windows(waves, now_s)
        ours_ms.append(_milliseconds(partial(estimator.step, now_s * NS_PER_S, windows)))
    step_ms = statistics.median(ours_ms)
    peer_ms = _peer_ms(waves)
    yield Figure("biosignal_step_ms_median", step_ms, "ms", _PEER if peer_ms else None, peer_ms)
    yield Figure("biosignal_band_core_percent", step_ms / 10.0, "%")


def _milliseconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return 1000.0 * (time.perf_counter() - began)


def _windows(waves: Waveforms, now_s: int) -> dict[Channel, Window]:
    tracks = (
        (Channel.PPG, waves.ppg, PPG_HZ),
        (Channel.GSR_US, waves.gsr_us, GSR_HZ),
        (Channel.ACC_G, waves.acc_g, ACC_HZ),
    )
    windows: dict[Channel, Window] = {}
    for channel, values, rate_hz in tracks:
        index = np.arange(int((now_s - _WINDOW_S) * rate_hz), int(now_s * rate_hz)).clip(0)
        times_ns = np.unique(index) * round(NS_PER_S / rate_hz)
        piece = values[np.unique(index)]
        start_ns = (now_s - _WINDOW_S) * NS_PER_S
        windows[channel] = Window(channel, rate_hz, start_ns, now_s * NS_PER_S, times_ns, piece, 1.0)
    return windows


def _peer_ms(waves: Waveforms) -> float | None:
    """NeuroKit2's `ppg_process` and `eda_process` on the same windows; None where it is not installed."""
    if importlib.util.find_spec(_PEER) is None:
        return None
    import neurokit2

    def process(now_s: int) -> None:
        ppg = waves.ppg[int((now_s - _WINDOW_S) * PPG_HZ) : int(now_s * PPG_HZ)].astype(np.float64)
        gsr = waves.gsr_us[int((now_s - _WINDOW_S) * GSR_HZ) : int(now_s * GSR_HZ)].astype(np.float64)
        neurokit2.ppg_process(ppg, sampling_rate=int(PPG_HZ))
        neurokit2.eda_process(gsr, sampling_rate=int(GSR_HZ))

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the peer warns about the low rate of skin conductance
        process(_STEPS[0])  # imports and compiles
        return statistics.median(_milliseconds(partial(process, now_s)) for now_s in _STEPS[:_PEER_RUNS])
