"""Recordings of others through the shipped estimator, second by second, as a box would have lived them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from edge.biosignal import BiosignalEstimator
from edge.bundle import Bundle
from edge.fusion.evidence import logit
from edge.types import NS_PER_S, Channel, Modality, Window
from quantize.biosignal.evaluation.data.recordings import Recording, Track
from quantize.biosignal.evaluation.people import Floats, Person, Source, shipped_lines

_SOURCES: Mapping[Modality, Source] = {Modality.PPG: "ppg", Modality.GSR: "gsr", Modality.HEART_RATE: "hr"}


def live(recording: Recording, bundle: Bundle) -> Person:
    """What the shipped networks say in each second; the person's baseline is learnt from their own past only.

    The heart-rate path gets the rate that the pulse wave gave, as from a band that sends nothing else.

    Args:
        recording: whose networks never saw it.
        bundle: the shipped networks.
    """
    seconds = recording.labels.size
    scores: dict[Source, Floats] = {source: np.full(seconds, np.nan) for source in _SOURCES.values()}
    quality: dict[Source, Floats] = {source: np.zeros(seconds) for source in _SOURCES.values()}
    band, rate_band = BiosignalEstimator(bundle), BiosignalEstimator(bundle)
    rates = np.full(seconds, np.nan)
    for second in range(seconds):
        now_ns = (second + 1) * NS_PER_S
        windows = {channel: window(channel, track, second + 1) for channel, track in recording.tracks.items()}
        for estimate in band.step(now_ns, windows):
            source = _SOURCES[estimate.modality]
            quality[source][second] = estimate.quality
            if estimate.absence is None:
                scores[source][second] = logit(estimate.value)
                if source == "ppg":
                    rates[second] = estimate.evidence.get("heart_rate_bpm", np.nan)
        rate = window(Channel.HEART_RATE_BPM, Track(rates, 1.0), second + 1)
        for estimate in rate_band.step(now_ns, {Channel.HEART_RATE_BPM: rate}):
            quality["hr"][second] = estimate.quality
            if estimate.absence is None:
                scores["hr"][second] = logit(estimate.value)
    lines = shipped_lines(bundle)
    return Person(recording.subject, recording.labels, scores, quality, lines, lines)


def window(channel: Channel, track: Track, now_s: int) -> Window:
    """The newest minute of a track, as the timeline would hand it out at second `now_s`."""
    start_s = max(0.0, now_s - BiosignalEstimator.window_s)
    first, last = round(start_s * track.rate_hz), min(round(now_s * track.rate_hz), len(track.values))
    values = track.values[first:last]
    there = np.isfinite(values).reshape(len(values), -1).all(axis=1)
    times_ns = np.rint(np.flatnonzero(there) / track.rate_hz * NS_PER_S).astype(np.int64)
    times_ns += round(first / track.rate_hz * NS_PER_S)
    wanted = BiosignalEstimator.window_s * track.rate_hz
    return Window(
        channel,
        track.rate_hz,
        round((now_s - BiosignalEstimator.window_s) * NS_PER_S),
        now_s * NS_PER_S,
        times_ns,
        values[there].astype(np.float32),
        min(1.0, float(there.sum()) / wanted),
    )
