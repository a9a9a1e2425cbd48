"""A session as series over time: samples where the timeline places them, gaps, beats, responses, states, results."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.biosignal.grid import on_grid
from edge.biosignal.stream.whole import beats_in, responses_in
from edge.errors import SessionError, SessionReason
from edge.recorder.events import Acknowledged, Alerted, Assessed, BlockArrived, Estimated, Event, StatusChanged
from edge.recorder.facts import Facts
from edge.recorder.session import Session
from edge.timeline import Timeline
from edge.types import NS_PER_S, Alert, Assessment, Channel, Estimate, SensorStatus, Window

Seconds = NDArray[np.float64]
Values = NDArray[np.float32]

LEAD_S = 120.0
"""Read before the part that is drawn: the clock of a band is known well after a minute."""

HARVEST_S = 60.0
"""Samples are taken from the timeline in pieces of this length, one piece late: what came late is in its place then,
and the timeline, which holds three minutes, has forgotten nothing."""

MISSING_SAMPLES = 2.5
"""So many sampling intervals without a sample are a gap: jitter of a placement is below one."""

BEAT_GAP_S = 2.0
"""Beats farther apart are no interval: 30 beats per minute."""


@dataclass(frozen=True, slots=True, eq=False)
class Trace:
    """One channel of one band.

    Attributes:
        rate_hz: nominal rate; 0 for irregular channels.
        times_s: (n,) seconds since the session's start, rising.
        values: (n,) or (n, 3).
    """

    rate_hz: float
    times_s: Seconds
    values: Values

    def gaps(self, from_s: float, to_s: float) -> list[tuple[float, float]]:
        """Spans without samples; none for an irregular channel."""
        if not self.rate_hz:
            return []
        edges = np.concatenate(([from_s], self.times_s, [to_s]))
        wide = np.flatnonzero(np.diff(edges) > MISSING_SAMPLES / self.rate_hz)
        return [(float(edges[index]), float(edges[index + 1])) for index in wide]


@dataclass(slots=True)
class Story:
    """What a session tells, between `from_s` and `to_s`; all times are seconds since its start.

    The start of a file that continues another one is its own first tick, at `start_ns`.
    """

    facts: Facts
    start_ns: int
    from_s: float
    to_s: float
    traces: dict[tuple[str, Channel], Trace] = field(default_factory=dict[tuple[str, Channel], Trace])
    estimates: dict[str, list[tuple[float, Estimate]]] = field(default_factory=dict[str, list[tuple[float, Estimate]]])
    statuses: dict[str, list[tuple[float, SensorStatus]]] = field(
        default_factory=dict[str, list[tuple[float, SensorStatus]]]
    )
    assessments: list[tuple[float, Assessment]] = field(default_factory=list[tuple[float, Assessment]])
    alerts: list[tuple[float, Alert]] = field(default_factory=list[tuple[float, Alert]])
    acknowledgements: list[float] = field(default_factory=list[float])
    damage: str = ""

    def second(self, at_ns: int) -> float:
        """A monotonic time as seconds since the start."""
        return (at_ns - self.start_ns) / NS_PER_S


def tell(path: Path, from_s: float = 0.0, to_s: float | None = None) -> Story:
    """Read a session.

    Args:
        path: its file.
        from_s: first second to tell of.
        to_s: last second; None: to the end.

    Raises:
        SessionError: it cannot be read; EMPTY: there is nothing between the two.
    """
    with Session.open(path) as session:
        start_ns, end_ns = session.span_ns()
        length_s = (end_ns - start_ns) / NS_PER_S
        last_s = length_s if to_s is None else min(to_s, length_s)
        if last_s <= from_s:
            raise SessionError(SessionReason.EMPTY, f"{path} has {length_s:.0f} s: nothing is between these two")
        story = Story(session.facts, start_ns, from_s, last_s)
        _Teller(story).read(session)
        return story


class _Teller:
    """Goes through the events once."""

    def __init__(self, story: Story) -> None:
        self._story = story
        self._start_ns = story.start_ns
        self._timeline = Timeline()
        self._pieces: dict[tuple[str, Channel], list[Window]] = {}
        self._harvested_s = max(0.0, story.from_s - LEAD_S)

    def read(self, session: Session) -> None:
        lead_ns = self._start_ns + round(self._harvested_s * NS_PER_S)
        end_ns = self._start_ns + round((self._story.to_s + HARVEST_S) * NS_PER_S)
        try:
            for _, event in session.events(["status"], (0, lead_ns)):
                self._take(event)
            for _, event in session.events(None, (lead_ns, end_ns)):
                self._take(event)
        except SessionError as error:
            self._story.damage = error.message
        while self._harvested_s < self._story.to_s:
            self._harvest()
        self._story.traces = {key: _join(pieces, self._start_ns) for key, pieces in self._pieces.items()}

    def _take(self, event: Event) -> None:
        story, at_s = self._story, self._story.second(event.at_ns)
        while at_s > self._harvested_s + 2 * HARVEST_S:
            self._harvest()
        if isinstance(event, BlockArrived):
            self._pieces.setdefault((event.block.sensor, event.block.channel), [])
            self._timeline.push(event.block)
        elif isinstance(event, StatusChanged):
            story.statuses.setdefault(event.status.sensor, []).append((at_s, event.status))
        elif not story.from_s <= at_s <= story.to_s:
            return
        elif isinstance(event, Estimated):
            story.estimates.setdefault(event.sensor, []).append((at_s, event.estimate))
        elif isinstance(event, Assessed):
            story.assessments.append((at_s, event.assessment))
        elif isinstance(event, Alerted):
            story.alerts.append((at_s, event.alert))
        elif isinstance(event, Acknowledged):
            story.acknowledgements.append(at_s)

    def _harvest(self) -> None:
        """Take one piece of every channel out of the timeline."""
        low_s = max(self._harvested_s, self._story.from_s)
        self._harvested_s += HARVEST_S
        high_s = min(self._harvested_s, self._story.to_s)
        if high_s <= low_s:
            return
        end_ns = self._start_ns + round(high_s * NS_PER_S)
        for (sensor, channel), pieces in self._pieces.items():
            window = self._timeline.window(sensor, channel, end_ns, high_s - low_s)
            if window is not None and window.times_ns.size:
                pieces.append(window)


def _join(pieces: list[Window], start_ns: int) -> Trace:
    if not pieces:
        return Trace(0.0, np.empty(0), np.empty(0, np.float32))
    times_s = np.concatenate([piece.times_ns - start_ns for piece in pieces]) / NS_PER_S
    # A band's clock that was still being learned may place the seam of two pieces twice.
    rising = np.concatenate(([True], np.diff(np.maximum.accumulate(times_s)) > 0))
    values = np.concatenate([piece.values for piece in pieces])
    return Trace(pieces[-1].rate_hz, times_s[rising], values[rising])


def _evenly(trace: Trace, channel: Channel) -> tuple[float, Seconds]:
    """The first second of a trace, and its samples at even spacing, NaN where there is none."""
    first_s, length_s = float(trace.times_s[0]), float(np.ptp(trace.times_s)) + 1.0 / trace.rate_hz
    low_ns, high_ns = round(first_s * NS_PER_S), round((first_s + length_s) * NS_PER_S)
    times_ns = np.rint(trace.times_s * NS_PER_S).astype(np.int64)
    grid = on_grid(Window(channel, trace.rate_hz, low_ns, high_ns, times_ns, trace.values, 1.0), high_ns, length_s)
    return first_s, np.where(grid.present, grid.values, np.nan)


def beats_of(trace: Trace) -> Seconds:
    """Times of the beats that the box's own detector finds where there are samples."""
    if not trace.rate_hz or not trace.times_s.size:
        return np.empty(0)
    first_s, ppg = _evenly(trace, Channel.PPG)
    return first_s + beats_in(ppg, trace.rate_hz).times_s


def responses_of(trace: Trace) -> tuple[Seconds, Seconds]:
    """Onsets of the skin conductance responses that the box's own detector finds, and their rises in microsiemens."""
    if not trace.rate_hz or not trace.times_s.size:
        return np.empty(0), np.empty(0)
    first_s, gsr_us = _evenly(trace, Channel.GSR_US)
    found = responses_in(gsr_us, trace.rate_hz)
    return first_s + found.times_s, found.heights


def rates_of(beats_s: Seconds) -> tuple[Seconds, Seconds]:
    """Heart rate between neighbouring beats: times and beats per minute, NaN where a beat is missing."""
    spans_s = np.diff(beats_s)
    rates = 60.0 / np.where((spans_s > 0) & (spans_s <= BEAT_GAP_S), spans_s, np.nan)
    return beats_s[1:], rates
