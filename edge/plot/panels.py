"""One panel per kind of signal, all over seconds since the session's start."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from edge import config
from edge.errors import ConfigError
from edge.plot import series
from edge.plot.series import Story, Trace
from edge.plot.thin import broken, merged, thin
from edge.types import Channel, Condition, Estimate, Modality, Presence, SensorState, Verdict

if TYPE_CHECKING:
    from matplotlib.axes import Axes

INK, BLUE, GREEN, RED, ORANGE, PURPLE, GREY = (
    "#1b1b1b",
    "#1f6fb4",
    "#2a8c4a",
    "#c62828",
    "#d9790f",
    "#7b3fa0",
    "#9a9a9a",
)
"""Colours that stay apart for people with red-green blindness, by lightness."""

GAP = "#f3c9c9"
"""Shade of a span without samples."""

STATE_COLOURS = {
    SensorState.CONNECTING: "#9ec5e8",
    SensorState.STREAMING: "#8ccf9b",
    SensorState.STALLED: "#f2c14e",
    SensorState.LOST: "#d9534f",
}

ALERT_COLOURS = dict.fromkeys(Condition, "#7f7f7f") | {
    Condition.PAIN: RED,
    Condition.CANNOT_ASSESS: PURPLE,
    Condition.FACE_LOST: BLUE,
    Condition.BAND_LOST: ORANGE,
}

BEDSIDE = (Condition.PAIN, Condition.CANNOT_ASSESS, Condition.FACE_LOST, Condition.BAND_LOST)
"""Conditions that always have a row."""

MARKS = {Presence.ON: "v", Presence.LATCHED: "D", Presence.ACKNOWLEDGED: "o", Presence.OFF: "^"}
"""Raised, over but not acknowledged, acknowledged, ended."""

AUS = ("AU4", "AU43", "AU9", "AU10", "AU6", "AU7", "AU12")
"""Action units that are drawn, each on a row of its own."""

MOST_DOTS = 600
"""More beats than this lie closer than three pixels."""

SLOWEST_BPM, FASTEST_BPM = 30.0, 200.0
"""Rates beyond these are missed or false beats and do not stretch the axis."""

PIXELS = 1600
"""A span narrower than one part in so many of the axis is widened to that, so that it can be seen."""

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Panel:
    """One strip of the picture.

    Attributes:
        height: share of the picture.
        draw: draws it.
    """

    height: float
    draw: Callable[[Axes], None]


def panels(story: Story) -> Iterator[Panel]:
    """What the session has, from result to raw signal, the states of the sensors last."""
    yield Panel(2.0, lambda axes: _score(axes, story))
    yield Panel(0.225 * len(_conditions(story)), lambda axes: _alerts(axes, story))
    for sensor in (one.name for one in story.facts.sensors):
        yield from _of_sensor(story, sensor)
    if story.facts.sensors:
        yield Panel(0.28 * len(story.facts.sensors) + 0.1, lambda axes: _states(axes, story))


def _of_sensor(story: Story, sensor: str) -> Iterator[Panel]:
    faces = [(at_s, one) for at_s, one in story.estimates.get(sensor, []) if one.modality is Modality.FACE]
    if faces:
        yield Panel(1.3, lambda axes: _face(axes, story, sensor, faces))
        yield Panel(1.3, lambda axes: _units(axes, story, sensor, faces))
    traces = {channel: trace for (name, channel), trace in story.traces.items() if name == sensor}
    if Channel.PPG in traces:
        yield Panel(1.5, lambda axes: _pulse(axes, story, sensor, traces[Channel.PPG]))
    if {Channel.PPG, Channel.HEART_RATE_BPM, Channel.IBI_S} & traces.keys():
        yield Panel(1.1, lambda axes: _heart_rate(axes, story, sensor, traces))
    if Channel.GSR_US in traces:
        yield Panel(1.4, lambda axes: _skin(axes, story, sensor, traces[Channel.GSR_US]))
    if Channel.ACC_G in traces:
        yield Panel(0.8, lambda axes: _movement(axes, story, sensor, traces[Channel.ACC_G]))


def _score(axes: Axes, story: Story) -> None:
    """Score with its interval, the alarm's thresholds, and where the box was blind."""
    times_s = np.array([at_s for at_s, _ in story.assessments])
    nan = (np.nan, np.nan)
    score = np.array([np.nan if one.score is None else one.score for _, one in story.assessments])
    band = np.array([one.interval or nan for _, one in story.assessments]).reshape(-1, 2)
    step = max(1, times_s.size // PIXELS)
    axes.fill_between(times_s[::step], band[::step, 0], band[::step, 1], color=BLUE, alpha=0.15, lw=0, label="90 %")
    axes.plot(*thin(times_s, score), color=BLUE, lw=1.2, label="score")
    alarm = _settings(story).alarm
    for score_at, style in ((alarm.pain_on_score, "-"), (alarm.pain_off_score, ":")):
        axes.axhline(score_at, color=RED, lw=0.8, ls=style)
    blind = [one.verdict is Verdict.CANNOT_ASSESS for _, one in story.assessments]
    _shade(axes, _runs(times_s, np.array(blind, np.bool_), story.to_s), story, PURPLE, 0.18, "cannot assess")
    axes.set_ylim(0, 10)
    axes.set_yticks((0, 5, 10))
    _label(axes, "score 0-10\n(5: threshold)")
    _legend(axes)


def _settings(story: Story) -> config.Config:
    """The settings of the recording box; the defaults where its head is damaged."""
    try:
        return config.loads(story.facts.settings)
    except ConfigError:
        return config.Config()


def _alerts(axes: Axes, story: Story) -> None:
    """One row per alarm condition: raised, over, acknowledged, ended."""
    rows = _conditions(story)
    for at_s, alert in story.alerts:
        colour = ALERT_COLOURS[alert.condition]
        axes.plot([at_s], [rows.index(alert.condition)], MARKS[alert.presence], color=colour, ms=6, clip_on=False)
    for condition in rows:
        for start_s, end_s in _episodes(story, condition):
            axes.plot([start_s, end_s], [rows.index(condition)] * 2, color=ALERT_COLOURS[condition], lw=2.5, alpha=0.35)
    for at_s in story.acknowledgements:
        axes.axvline(at_s, color=GREY, lw=0.8, ls="--")
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_yticks(range(len(rows)), [str(row).replace("_", " ") for row in rows], fontsize=7)
    for mark, word in zip(MARKS.values(), ("raised", "over", "acknowledged", "ended"), strict=True):
        axes.plot([], [], mark, color=INK, ms=5, label=word)
    _legend(axes)


def _conditions(story: Story) -> list[Condition]:
    """Those of the bedside, and whatever else was raised."""
    raised = {alert.condition for _, alert in story.alerts}
    return [condition for condition in Condition if condition in BEDSIDE or condition in raised]


def _episodes(story: Story, condition: Condition) -> Iterator[tuple[float, float]]:
    """From each rise of a condition to its end."""
    began_s: float | None = None
    for at_s, alert in story.alerts:
        if alert.condition is not condition:
            continue
        if alert.presence is Presence.OFF:
            yield story.from_s if began_s is None else began_s, at_s
            began_s = None
        elif began_s is None:
            began_s = at_s
    if began_s is not None:
        yield began_s, story.to_s


def _face(axes: Axes, story: Story, sensor: str, faces: list[tuple[float, Estimate]]) -> None:
    """PSPI above rest with its interval, quality, and where there was no usable face."""
    times_s = np.array([story.second(one.measured_ns) for _, one in faces])
    values = np.array([one.value for _, one in faces])
    limits = np.array([one.interval for _, one in faces])
    step = max(1, times_s.size // PIXELS)
    axes.fill_between(times_s[::step], limits[::step, 0], limits[::step, 1], color=RED, alpha=0.12, lw=0)
    axes.plot(*thin(times_s, values), color=RED, lw=1.0)
    absent = np.array([one.absence is not None for _, one in faces], np.bool_)
    gaps = _holes(times_s, story) + _runs(times_s, absent, story.to_s)
    _shade(axes, gaps, story, GAP, 1.0, "no usable face")
    quality = axes.twinx()
    quality.plot(*thin(times_s, np.array([one.quality for _, one in faces])), color=GREY, lw=0.7)
    quality.set_ylim(0, 1.05)
    quality.set_yticks((0, 1))
    quality.tick_params(labelsize=7, colors=GREY)
    quality.set_ylabel("quality", fontsize=7, color=GREY)
    _label(axes, f"{sensor}\nPSPI above rest")
    _legend(axes)


def _units(axes: Axes, story: Story, sensor: str, faces: list[tuple[float, Estimate]]) -> None:
    """Action units as rows of shades, 0 white to 5 dark."""
    count = min(PIXELS, max(1, len(faces)))
    edges = np.linspace(story.from_s, story.to_s, count + 1)
    times_s = np.array([story.second(one.measured_ns) for _, one in faces])
    places = np.clip(np.searchsorted(edges, times_s, "right") - 1, 0, count - 1)
    rows = np.full((len(AUS), count), np.nan)
    for place, (_, one) in zip(places, faces, strict=True):
        for row, name in enumerate(AUS):
            rows[row, place] = np.fmax(rows[row, place], one.evidence.get(name, np.nan))
    for filled in rows:  # a bin between two frames shows the frame before it, but no more than a second long
        _hold(filled, round(count / max(1.0, story.to_s - story.from_s)) + 1)
    axes.pcolormesh(edges, np.arange(len(AUS) + 1), rows, cmap="magma_r", vmin=0.0, vmax=5.0, rasterized=True)
    axes.set_yticks(np.arange(len(AUS)) + 0.5, AUS, fontsize=7)
    axes.invert_yaxis()
    _label(axes, f"{sensor}\naction units 0-5")


def _hold(row: Array, longest: int) -> None:
    """Fill up to `longest` empty bins after a filled one."""
    empty = 0
    for index in range(1, row.size):
        empty = empty + 1 if np.isnan(row[index]) else 0
        if 0 < empty <= longest:
            row[index] = row[index - 1]


def _pulse(axes: Axes, story: Story, sensor: str, trace: Trace) -> None:
    """Pulse wave with the beats that the box's detector finds."""
    gaps = trace.gaps(story.from_s, story.to_s)
    values = trace.values.astype(np.float64)
    axes.plot(*thin(*broken(trace.times_s, values, gaps)), color=INK, lw=0.6)
    beats_s = series.beats_of(trace)
    _beats(axes, beats_s, np.interp(beats_s, trace.times_s, values))
    _shade(axes, gaps, story, GAP, 1.0, "no samples")
    if values.size:  # one artefact must not flatten everything else
        low, high = np.percentile(values, (0.5, 99.5))
        axes.set_ylim(low - 0.25 * (high - low) - 1e-9, high + 0.25 * (high - low) + 1e-9)
    _label(axes, f"{sensor}\nPPG, a.u.")
    _legend(axes)


def _beats(axes: Axes, beats_s: Array, heights: Array) -> None:
    """Dots on the wave; a rug below it where so many dots would hide it."""
    label = f"{beats_s.size} beats"
    if beats_s.size > MOST_DOTS:
        axes.plot(
            beats_s,
            np.full(beats_s.size, 0.03),
            "|",
            color=RED,
            ms=5,
            mew=0.4,
            transform=axes.get_xaxis_transform(),
            label=label,
        )
    else:
        axes.plot(beats_s, heights, "o", color=RED, ms=2.0, label=label)


def _heart_rate(axes: Axes, story: Story, sensor: str, traces: dict[Channel, Trace]) -> None:
    """Beat by beat, as the band says, and as the box judged it."""
    if Channel.PPG in traces:
        times_s, rates = series.rates_of(series.beats_of(traces[Channel.PPG]))
        axes.plot(times_s, rates, ".", color=GREY, ms=2.0, alpha=0.6, label="beat to beat")
    if Channel.HEART_RATE_BPM in traces:
        told = traces[Channel.HEART_RATE_BPM]
        axes.plot(*thin(told.times_s, told.values.astype(np.float64)), color=GREEN, lw=0.9, label="the band's own")
    if Channel.IBI_S in traces and traces[Channel.IBI_S].values.size:
        beats = traces[Channel.IBI_S]
        axes.plot(
            beats.times_s, 60.0 / np.maximum(beats.values, 0.2), ".", color=BLUE, ms=2.0, label="the band's intervals"
        )
    found = [
        (at_s, one.evidence["heart_rate_bpm"])
        for at_s, one in story.estimates.get(sensor, [])
        if "heart_rate_bpm" in one.evidence
    ]
    if found:
        axes.plot(*_joined(found), color=RED, lw=1.1, label="as judged")
    drawn = np.concatenate([np.asarray(line.get_ydata(), np.float64) for line in axes.lines] or [np.empty(0)])
    usual = drawn[(drawn > SLOWEST_BPM) & (drawn < FASTEST_BPM)]
    if usual.size:
        low, high = np.percentile(usual, (1, 99))
        axes.set_ylim(low - 10, high + 10)
    _label(axes, f"{sensor}\nheart rate, bpm")
    _legend(axes)


def _skin(axes: Axes, story: Story, sensor: str, trace: Trace) -> None:
    """Skin conductance with its level as judged and the responses that the box's detector finds."""
    gaps = trace.gaps(story.from_s, story.to_s)
    values = trace.values.astype(np.float64)
    axes.plot(*thin(*broken(trace.times_s, values, gaps)), color=GREEN, lw=1.0, label="conductance")
    levels = [
        (at_s, one.evidence["scl_us"]) for at_s, one in story.estimates.get(sensor, []) if "scl_us" in one.evidence
    ]
    if levels:
        axes.plot(*_joined(levels), color=INK, lw=0.8, ls="--", label="level (SCL)")
    onsets_s, _ = series.responses_of(trace)
    if onsets_s.size:
        heights = np.interp(onsets_s, trace.times_s, values)
        axes.plot(onsets_s, heights, "^", color=ORANGE, ms=4, label=f"{onsets_s.size} responses (SCR)")
    _shade(axes, gaps, story, GAP, 1.0, "no samples")
    _label(axes, f"{sensor}\nGSR, µS")
    _legend(axes)


def _movement(axes: Axes, story: Story, sensor: str, trace: Trace) -> None:
    """Acceleration of the three axes."""
    gaps = trace.gaps(story.from_s, story.to_s)
    for axis, colour in enumerate((BLUE, ORANGE, GREEN)):
        values = trace.values[:, axis].astype(np.float64) if trace.values.ndim == 2 else trace.values.astype(np.float64)
        axes.plot(*thin(*broken(trace.times_s, values, gaps)), color=colour, lw=0.6, label="xyz"[axis])
    _shade(axes, gaps, story, GAP, 1.0, None)
    _label(axes, f"{sensor}\nACC, g")
    _legend(axes)


def _states(axes: Axes, story: Story) -> None:
    """The connection of every sensor as a coloured bar, with the reason where it was not streaming."""
    names = [one.name for one in story.facts.sensors]
    for row, name in enumerate(names):
        told = story.statuses.get(name, [])
        ends = [*(at_s for at_s, _ in told), story.to_s][1:]
        for (start_s, status), end_s in zip(told, ends, strict=True):
            low_s, high_s = max(start_s, story.from_s), min(end_s, story.to_s)
            if high_s <= low_s:
                continue
            colour = STATE_COLOURS[status.state]
            axes.broken_barh([(low_s, high_s - low_s)], (row - 0.4, 0.8), color=colour, lw=0)
            if status.reason is not None and high_s - low_s > 0.04 * (story.to_s - story.from_s):
                axes.text(low_s, row, f" {status.reason}".replace("_", " "), fontsize=7, va="center", clip_on=True)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set_yticks(range(len(names)), names, fontsize=7)
    for state, colour in STATE_COLOURS.items():
        axes.plot([], [], "s", color=colour, label=str(state))
    _legend(axes)


def _holes(times_s: Array, story: Story) -> list[tuple[float, float]]:
    """Spans of a second and more without a frame."""
    edges = np.concatenate(([story.from_s], times_s, [story.to_s]))
    return [(float(edges[at]), float(edges[at + 1])) for at in np.flatnonzero(np.diff(edges) > 1.0)]


def _runs(times_s: Array, true: NDArray[np.bool_], end_s: float) -> list[tuple[float, float]]:
    """Spans over which something was so, each to the moment at which it was so no more."""
    steps = np.flatnonzero(np.diff(np.concatenate(([0], true.astype(np.int8), [0]))))
    ends = np.append(times_s, end_s)
    return [(float(times_s[low]), float(ends[high])) for low, high in zip(steps[::2], steps[1::2], strict=True)]


def _shade(
    axes: Axes, spans: list[tuple[float, float]], story: Story, colour: str, alpha: float, label: str | None
) -> None:
    """Shade spans, each at least as wide as a pixel."""
    for number, (start_s, end_s) in enumerate(merged(spans, (story.to_s - story.from_s) / PIXELS)):
        axes.axvspan(start_s, end_s, color=colour, alpha=alpha, lw=0, zorder=0, label=None if number else label)


def _legend(axes: Axes) -> None:
    """Above the strip, where it hides nothing."""
    entries = len(axes.get_legend_handles_labels()[0])
    if entries:
        axes.legend(
            loc="lower right",
            bbox_to_anchor=(1.0, 1.0),
            ncols=entries,
            fontsize=7,
            frameon=False,
            borderaxespad=0.0,
            handletextpad=0.4,
        )


def _joined(found: list[tuple[float, float]], apart_s: float = 3.0) -> tuple[Array, Array]:
    """Figures of single moments as a line that is broken where they stop coming."""
    times_s, values = np.array([at_s for at_s, _ in found]), np.array([value for _, value in found])
    places = np.flatnonzero(np.diff(times_s) > apart_s) + 1
    return np.insert(times_s, places, times_s[places]), np.insert(values, places, np.nan)


def _label(axes: Axes, text: str) -> None:
    axes.set_ylabel(text, fontsize=8, rotation=0, ha="right", va="center", labelpad=6)
