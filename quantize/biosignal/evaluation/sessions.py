"""One page per session that a clinician can read: signals, beats, responses, quality, and what the networks said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from edge.biosignal.features import PULSE_USABLE
from edge.biosignal.stream.whole import beside
from edge.types import Channel
from quantize.biosignal.evaluation.agreement import grid
from quantize.biosignal.evaluation.data.recordings import Recording
from quantize.biosignal.evaluation.detectors import own_beats, own_responses
from quantize.biosignal.evaluation.people import SUBSETS, Person
from quantize.evaluation.canvas import BAD, INT8, png

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Floats = NDArray[np.float64]

CLOSE_UP_S = 20.0
"""Seconds of pulse wave that are shown beat by beat."""

_SLOWEST_BPM, _FASTEST_BPM = 40.0, 180.0
"""What the axis of the heart rate shows; beyond it are missed and false beats."""

_COLOURS = {"PPG": INT8, "GSR": "#2a8c4a", "PPG and GSR": "#333333"}

_SHADE = "#f6e3d8"
"""Of aroused spans."""


def draw(recording: Recording, person: Person) -> bytes:
    """The session as a PNG file.

    Args:
        recording: signals and labels.
        person: scores and quality of the same seconds.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 8.5), dpi=100, layout="constrained")
    FigureCanvasAgg(figure)
    seen = _Seen(recording, person, _beats(recording))
    panels = (_close_up, _rate, _skin, _quality, _arousal)
    shares = (1.2, 1.0, 1.2, 0.6, 1.0)
    rows = figure.subplots(len(panels), 1, height_ratios=shares)
    for axes, panel in zip(rows, panels, strict=True):
        axes.spines[["top", "right"]].set_visible(False)
        panel(axes, seen)
    for axes in rows[1:]:
        axes.set_xlim(0, recording.labels.size / 60)
        _spans(axes, recording.labels)
    rows[-1].set_xlabel("minutes; shaded: labelled as aroused or in pain")
    return png(figure)


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    """What the panels show.

    Attributes:
        recording, person: as given.
        beats_s: (k,) seconds of the upstrokes that the box's stream finds.
    """

    recording: Recording
    person: Person
    beats_s: Floats


def _beats(recording: Recording) -> Floats:
    pulse, acc = (recording.tracks.get(channel) for channel in (Channel.PPG, Channel.ACC_G))
    if pulse is None or not np.isfinite(pulse.values).any():
        return np.empty(0)
    moved = None
    if acc is not None and np.isfinite(acc.values).any():
        moved = beside(grid(acc.values, acc.rate_hz).values, pulse.values.size)
    return own_beats(pulse.values, pulse.rate_hz, moved)


def _spans(axes: Axes, labels: NDArray[np.int64]) -> None:
    edges = np.flatnonzero(np.diff(np.concatenate([[0], (labels == 1).astype(np.int8), [0]])))
    for first, last in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        axes.axvspan(first / 60, last / 60, color=_SHADE, zorder=-2)


def _samples(recording: Recording, channel: Channel) -> tuple[Floats, float] | None:
    track = recording.tracks.get(channel)
    if track is None or not np.isfinite(track.values).any():
        return None
    return grid(track.values, track.rate_hz).values, track.rate_hz


def _nothing(axes: Axes, what: str) -> None:
    axes.set_yticks([])
    axes.set_ylabel(f"no {what}", fontsize=8)


def _close_up(axes: Axes, seen: _Seen) -> None:
    recording = seen.recording
    found = _samples(recording, Channel.PPG)
    if found is None:
        _nothing(axes, "pulse wave")
        return
    ppg, rate_hz = found
    first = max(0, ppg.size // 2 - round(CLOSE_UP_S / 2 * rate_hz))
    piece = ppg[first : first + round(CLOSE_UP_S * rate_hz)]
    times_s = first / rate_hz + np.arange(piece.size) / rate_hz
    beats_s = seen.beats_s[(seen.beats_s >= times_s[0]) & (seen.beats_s <= times_s[-1])]
    axes.plot(times_s, piece, color=INT8, lw=0.8)
    axes.plot(beats_s, np.interp(beats_s, times_s, piece), "o", color=BAD, ms=3)
    axes.set_ylabel("pulse wave", fontsize=8)
    axes.set_title(
        f"{recording.subject}: {CLOSE_UP_S:.0f} s from the middle (seconds), then the whole session", fontsize=9
    )


def _rate(axes: Axes, seen: _Seen) -> None:
    recording, person = seen.recording, seen.person
    beats_s = seen.beats_s
    if beats_s.size < 2:
        _nothing(axes, "heart rate")
        return
    rates = 60.0 / np.maximum(np.diff(beats_s), 0.2)
    counted = person.quality.get("ppg", np.ones(recording.labels.size)) >= PULSE_USABLE
    good = counted[np.clip(beats_s[1:].astype(np.int64), 0, counted.size - 1)]
    axes.plot(beats_s[1:][~good] / 60, rates[~good], ".", color="#cccccc", ms=1)
    axes.plot(beats_s[1:][good] / 60, rates[good], ".", color=BAD, ms=2)
    axes.set_ylim(_SLOWEST_BPM, _FASTEST_BPM)
    axes.set_ylabel("beat to beat, bpm\n(grey: set aside)", fontsize=8)


def _skin(axes: Axes, seen: _Seen) -> None:
    recording = seen.recording
    found = _samples(recording, Channel.GSR_US)
    if found is None:
        _nothing(axes, "skin conductance")
        return
    gsr_us, rate_hz = found
    times_s = np.arange(gsr_us.size) / rate_hz
    onsets_s, _ = own_responses(gsr_us, rate_hz)
    axes.plot(times_s / 60, gsr_us, color="#2a8c4a", lw=0.8)
    axes.plot(onsets_s / 60, np.interp(onsets_s, times_s, gsr_us), "|", color=BAD, ms=5)
    axes.set_ylabel("skin, µS; | SCRs", fontsize=8)


def _quality(axes: Axes, seen: _Seen) -> None:
    recording, person = seen.recording, seen.person
    shown = {source: values for source, values in person.quality.items() if source != "hr"}
    if not shown:
        _nothing(axes, "signal quality")
        return
    picture = np.stack(list(shown.values()))
    extent = (0, recording.labels.size / 60, len(shown) - 0.5, -0.5)
    axes.imshow(picture, aspect="auto", cmap="RdYlGn", vmin=0, vmax=1, extent=extent, interpolation="nearest")
    axes.set_yticks(range(len(shown)), list(shown), fontsize=8)
    axes.set_ylabel("quality", fontsize=8)


def _arousal(axes: Axes, seen: _Seen) -> None:
    recording, person = seen.recording, seen.person
    minutes = np.arange(recording.labels.size) / 60
    for label, colour in _COLOURS.items():
        sources = SUBSETS[label]
        values = 1 / (1 + np.exp(-person.log_odds(sources)))
        axes.plot(minutes, values, color=colour, lw=1.4 if len(sources) > 1 else 0.7, label=label)
    axes.axhline(0.5, color="#999", lw=0.6)
    axes.set_ylim(0, 1)
    axes.set_ylabel("arousal", fontsize=8)
    axes.legend(frameon=False, fontsize=7, ncols=3, loc="upper right")
