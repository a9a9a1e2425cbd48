"""What recorded sessions say, in the pieces that go into a record: whole minutes or hours, reports, alarm episodes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from edge.clock import Instant
from edge.recorder.events import Acknowledged, Alerted, Assessed
from edge.recorder.session import Session
from edge.recorder.shelf import SUFFIX
from edge.types import Absence, Alert, Assessment, Modality, Presence, Priority, Validity

_REPORT = re.compile(r"(nrs|painad) ([0-9]|10)")
"""A report among the commands of a session."""

_RANK = (Priority.LOW, Priority.MEDIUM, Priority.HIGH)


@dataclass(frozen=True, slots=True)
class Place:
    """Whose records these are.

    Attributes:
        site, bed, validity: of the box.
        software: version of the program.
    """

    site: str
    bed: str
    validity: Validity
    software: str

    @property
    def name(self) -> str:
        """SITE/BED."""
        return f"{self.site}/{self.bed}"


@dataclass(slots=True)
class Span:
    """The assessments of one minute or hour.

    Attributes:
        nominal_ms: its nominal start, Unix milliseconds.
        start_ms, end_ms: of the first and the last assessment in it.
        count: assessments.
        synced: whether the wall clock was synchronised throughout.
        scores: of those that were not blind.
        low, high: lowest lower and highest upper bound of their 90 % intervals.
        modes: modalities in use, as texts.
        missing: why modalities were missing.
    """

    nominal_ms: int
    start_ms: int
    end_ms: int
    count: int = 0
    synced: bool = True
    scores: list[float] = field(default_factory=list[float])
    low: float = 10.0
    high: float = 0.0
    modes: set[str] = field(default_factory=set[str])
    missing: dict[Modality, set[Absence]] = field(default_factory=dict[Modality, set[Absence]])

    def take(self, assessment: Assessment, wall_ms: int, *, synced: bool) -> None:
        """Add one assessment."""
        self.end_ms = wall_ms
        self.count += 1
        self.synced = self.synced and synced
        self.modes.add(assessment.mode_text)
        for modality, absence in assessment.missing.items():
            if absence is not Absence.NOT_CONFIGURED:
                self.missing.setdefault(modality, set()).add(absence)
        if assessment.score is not None:
            self.scores.append(assessment.score)
        if assessment.interval is not None:
            self.low = min(self.low, assessment.interval[0])
            self.high = max(self.high, assessment.interval[1])


@dataclass(frozen=True, slots=True)
class Said:
    """A report of pain: when, by a clock that was synchronised or not, on which scale, which value."""

    boot_id: str
    at_ns: int
    wall_ms: int
    synced: bool
    scale: Literal["nrs", "painad"]
    value: int


@dataclass(slots=True)
class Episode:
    """One alarm episode.

    Attributes:
        first: the transition that raised it.
        last: its newest transition.
        worst: highest priority that it had.
        acknowledged_ms: when somebody acknowledged it first, Unix milliseconds.
    """

    first: Alert
    last: Alert
    worst: Priority
    acknowledged_ms: int | None = None

    @property
    def over(self) -> bool:
        """Whether it has ended."""
        return self.last.presence is Presence.OFF

    def take(self, alert: Alert) -> None:
        """Add a transition."""
        if alert.presence is Presence.ACKNOWLEDGED and self.acknowledged_ms is None:
            self.acknowledged_ms = alert.wall_ms
        self.last = alert
        self.worst = max(self.worst, alert.priority, key=_RANK.index)


@dataclass(frozen=True, slots=True)
class History:
    """All of one bed.

    Attributes:
        place: whose.
        per_s: length of the spans, seconds.
        spans, reports, episodes: in the order of time.
    """

    place: Place
    per_s: int
    spans: tuple[Span, ...]
    reports: tuple[Said, ...]
    episodes: tuple[Episode, ...]


def sessions(places: Iterable[Path]) -> list[Path]:
    """The session files that are meant: files as they are, folders with all that lies in them."""
    return [one for place in places for one in (sorted(place.glob(f"*{SUFFIX}")) if place.is_dir() else [place])]


def read(files: Iterable[Path], per_s: int) -> list[History]:
    """The history of every bed in these sessions, tests and demonstrations apart from what is real.

    The last span of a session that is still being recorded, or was cut short, is left out: it may not be whole. It
    comes with the next export of the session and those after it.

    Args:
        files: session files.
        per_s: length of the spans, seconds.

    Raises:
        SessionError: one of them cannot be read.
    """
    gathered: dict[tuple[str, str, Validity], _Gathering] = {}
    for path in sorted(files, key=_began):
        with Session.open(path) as session:
            facts = session.facts
            place = Place(facts.site, facts.bed, facts.validity, facts.software)
            gathered.setdefault((facts.site, facts.bed, facts.validity), _Gathering(place, per_s)).read(session)
    return [one.history() for one in gathered.values()]


def _began(path: Path) -> tuple[int, int]:
    with Session.open(path) as session:
        return session.facts.start.wall_ms, session.facts.part


class _Gathering:
    """Collects one bed."""

    def __init__(self, place: Place, per_s: int) -> None:
        self._place = place
        self._per_ms = per_s * 1000
        self._spans: dict[int, Span] = {}
        self._reports: list[Said] = []
        self._episodes: dict[str, Episode] = {}
        self._unfinished: int | None = None

    def read(self, session: Session) -> None:
        start = session.facts.start
        nominal_ms: int | None = None
        for _, event in session.events(["assessment", "alert", "acknowledgement"]):
            wall_ms = start.wall_ms + (event.at_ns - start.mono_ns) // 1_000_000
            match event:
                case Assessed(_, assessment):
                    nominal_ms = wall_ms - wall_ms % self._per_ms
                    span = self._spans.setdefault(nominal_ms, Span(nominal_ms, wall_ms, wall_ms))
                    span.take(assessment, wall_ms, synced=start.synced)
                case Alerted(_, alert):
                    self._episode(alert)
                case Acknowledged(at_ns, target):
                    self._report(start, at_ns, wall_ms, target)
                case _:
                    continue
        self._unfinished = None if session.ended else nominal_ms

    def _episode(self, alert: Alert) -> None:
        if alert.episode not in self._episodes:
            self._episodes[alert.episode] = Episode(alert, alert, alert.priority)
        self._episodes[alert.episode].take(alert)

    def _report(self, start: Instant, at_ns: int, wall_ms: int, target: str) -> None:
        found = _REPORT.fullmatch(target)
        if found is not None:
            scale: Literal["nrs", "painad"] = "nrs" if found[1] == "nrs" else "painad"
            self._reports.append(Said(start.boot_id, at_ns, wall_ms, start.synced, scale, int(found[2])))

    def history(self) -> History:
        whole = self._whole()
        episodes = sorted(self._episodes.values(), key=lambda one: (one.first.wall_ms, one.first.seq))
        return History(self._place, self._per_ms // 1000, tuple(whole), tuple(self._reports), tuple(episodes))

    def _whole(self) -> Iterator[Span]:
        for nominal_ms, span in sorted(self._spans.items()):
            if nominal_ms != self._unfinished:
                yield span
