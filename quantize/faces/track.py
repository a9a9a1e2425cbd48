"""Courses in time: what a face does over seconds to an hour, kind by kind, for false episodes per hour and for clips.

Every course is made of events that rise, hold and fall, on top of what goes on all the time (blinks, breath, the eyes
wandering). It begins at rest, but for what is a state rather than an event: sleep and breathing through the mouth.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from edge.face.units import INTENSITY_MAX
from quantize.faces.expression import MIDLINE, Expression, as_seen
from quantize.faces.kinds import Kind, Units, draw_units
from quantize.faces.person import Person

Curve = NDArray[np.float64]

ONSET_S, OFFSET_S = (0.3, 1.0), (0.4, 1.5)
"""How long an expression takes to come and to go, seconds (chosen; faces relax slower than they pull)."""

SYLLABLES_HZ, CHEWS_HZ, BREATHS_HZ = (3.0, 5.0), (1.0, 1.5), (0.2, 0.35)
"""Rates of syllables in speech, of chewing and of breath (chosen to span what is usual)."""

YAWN_S, PAIN_S = (4.0, 8.0), (4.0, 60.0)
"""Length of a yawn and of an episode of pain."""

_BLINK_S, _BLINK_EVERY_S = (0.15, 0.3), (2.5, 6.5)
_LEAST = 0.02  # weaker pulls are not worth naming
_FLAT_LIPS = ("AU17", "AU23", "AU24")
_SHARE_GAPS: dict[Kind, tuple[float, float]] = {Kind.YAWN: (12.0, 40.0), Kind.SNEEZE: (15.0, 60.0)}
"""Least and most seconds of rest between two events; 2 to 15 for the others."""

_LENGTHS_S: dict[Kind, tuple[float, float]] = {
    Kind.SMILE: (1.0, 8.0),
    Kind.SQUINT: (2.0, 15.0),
    Kind.TALK: (4.0, 25.0),
    Kind.CHEW: (6.0, 25.0),
    Kind.PAIN: PAIN_S,
    Kind.PARTIAL_PAIN: PAIN_S,
    Kind.YAWN: YAWN_S,
    Kind.SNEEZE: (1.5, 3.5),
}
"""Least and most length of an event; 0.7 to 6 s for the others. All chosen to be like what one sees."""


class _Course:
    """The curves of one course, while they are being put together; several events may pull on one unit."""

    def __init__(self, rng: np.random.Generator, seconds: float, rate_hz: float) -> None:
        self.rng = rng
        self.seconds = seconds
        self.rate_hz = rate_hz
        self.t = np.arange(max(1, round(seconds * rate_hz))) / rate_hz
        self.curves: dict[str, Curve] = {}

    def add(self, name: str, curve: Curve) -> None:
        """Let a unit pull at least as strongly as `curve` (in intensities) says."""
        so_far = self.curves.get(name)
        self.curves[name] = curve if so_far is None else np.maximum(so_far, curve)

    def span(self, start_s: float, end_s: float, onset_s: float, offset_s: float) -> Curve:
        """0..1: rises from `start_s` within the onset, is back at 0 at `end_s`."""
        rise = np.clip((self.t - start_s) / onset_s, 0, 1)
        fall = np.clip((end_s - self.t) / offset_s, 0, 1)
        t = np.minimum(rise, fall)
        return np.asarray(t * t * (3 - 2 * t), dtype=np.float64)

    def event(self, start_s: float, end_s: float) -> Curve:
        """`span` with a drawn onset and offset; both fit into short events."""
        length = end_s - start_s
        onset, offset = self.rng.uniform(*ONSET_S), self.rng.uniform(*OFFSET_S)
        return self.span(start_s, end_s, min(onset, 0.45 * length), min(offset, 0.5 * length))

    def wander(self, scale_s: float) -> Curve:
        """A smooth random curve of deviation 1 that changes within about `scale_s`."""
        knots = self.rng.normal(0, 1, int(self.seconds / scale_s) + 4)
        at = self.t / scale_s + 1 + self.rng.uniform(0, 1)
        left = np.floor(at).astype(np.int64)
        part = at - left
        part = part * part * (3 - 2 * part)
        return np.asarray((knots[left] * (1 - part) + knots[np.minimum(left + 1, len(knots) - 1)] * part) * 1.2)

    def wave(self, rate_hz: tuple[float, float]) -> Curve:
        """0..1: up and down at a rate drawn from the range, which drifts by a tenth or so."""
        rate = self.rng.uniform(*rate_hz)
        swing = 2 * np.pi * rate * self.t + 0.6 * self.wander(3 / rate) + self.rng.uniform(0, 2 * np.pi)
        return np.asarray(0.5 - 0.5 * np.cos(swing), dtype=np.float64)

    def blinks(self) -> Curve:
        """0..1: lids that shut for a moment every few seconds."""
        shut = np.zeros_like(self.t)
        start = self.rng.uniform(0.5, _BLINK_EVERY_S[1])
        while start < self.seconds:
            length = self.rng.uniform(*_BLINK_S)
            shut = np.maximum(shut, np.clip(1.6 - 3.2 * np.abs(self.t - start) / length, 0, 1))
            start += self.rng.uniform(*_BLINK_EVERY_S)
        return shut


def _spans(course: _Course, kind: Kind) -> Iterator[tuple[float, float]]:
    """Start and end of the events of a kind; the first begins early, so that a short course has one too."""
    low, high = _LENGTHS_S.get(kind, (0.7, 6.0))
    start = float(course.rng.uniform(0.05, 0.25) * min(course.seconds, 20.0))
    while start < course.seconds - 0.3:
        length = float(np.exp(course.rng.uniform(np.log(low), np.log(high))))
        yield start, start + length
        start += length + float(course.rng.uniform(*_SHARE_GAPS.get(kind, (2.0, 15.0))))


def _pull(course: _Course, units: Units, start: float, end: float, share: Curve | float = 1.0) -> None:
    """One event in which all units pull, each a moment after the other."""
    for name, intensity in units.items():
        lag = float(course.rng.uniform(0, min(0.3, 0.1 * (end - start))))
        course.add(name, intensity * share * course.event(start + lag, end))


def _events(course: _Course, kind: Kind) -> None:
    for start, end in _spans(course, kind):
        _pull(course, draw_units(kind, course.rng), start, end)


def _pain(course: _Course, kind: Kind) -> None:
    """Episodes in waves. One person has one face of pain; episodes differ in strength. Eyes shut on the crests."""
    units = draw_units(kind, course.rng)
    shut = units.pop("AU43", 0.0)
    for start, end in _spans(course, kind):
        level = float(course.rng.uniform(0.6, 1.0))
        wave = np.clip(0.8 + 0.25 * course.wander(float(course.rng.uniform(1.5, 4.0))), 0.35, 1.0)
        _pull(course, units, start, end, level * wave)
        if shut > 0:
            crest = np.clip((wave - course.rng.uniform(0.5, 0.8)) * 12, 0, 1)
            course.add("AU43", shut * crest * course.event(start, end))


def _smile(course: _Course, kind: Kind) -> None:
    """Smiles; every fourth is a laugh that shakes the jaw."""
    for start, end in _spans(course, kind):
        units = draw_units(kind, course.rng)
        _pull(course, units, start, end)
        if course.rng.random() < 0.25:
            shake = course.wave((4.0, 5.5)) * course.event(start, end)
            course.add("AU26", course.rng.uniform(0.8, 3.0) * shake)
            course.add("AU25", course.rng.uniform(2.0, 4.5) * (0.6 + 0.4 * shake) * course.event(start, end))


def _talk(course: _Course, kind: Kind) -> None:
    """Phrases of syllables: the jaw swings, lips part, round, stretch or meet; brows stress a word now and then."""
    for start, end in _spans(course, kind):
        units = draw_units(kind, course.rng)
        at = start
        while at < min(end, course.seconds):
            stop = min(at + float(course.rng.uniform(1.0, 4.0)), end)
            _phrase(course, units, at, stop)
            at = stop + float(course.rng.uniform(0.2, 1.2))


def _phrase(course: _Course, units: Units, start: float, end: float) -> None:
    held = course.span(start, end, 0.15, 0.2)
    syllable = course.wave(SYLLABLES_HZ) * np.clip(0.7 + 0.3 * course.wander(0.3), 0.1, 1.0)
    for name, intensity in units.items():
        if name in ("AU25", "AU26"):
            course.add(name, intensity * syllable * held)
        elif name in _FLAT_LIPS:
            course.add(name, intensity * np.clip(1 - 3 * syllable, 0, 1) * held)
        elif name in ("AU18", "AU20"):
            course.add(name, intensity * np.clip(course.wander(0.35), 0, 1) * held)
        elif name in ("AU1", "AU2") and end - start > 0.9:
            word = start + float(course.rng.uniform(0, end - start - 0.8))
            course.add(name, intensity * course.span(word, word + 0.8, 0.25, 0.35))
        else:
            course.add(name, intensity * course.event(start, end))


def _chew(course: _Course, kind: Kind) -> None:
    """Bouts of chewing: the jaw opens and shuts once or so a second; lips press as it shuts, and once to swallow."""
    for start, end in _spans(course, kind):
        held = course.span(start, end, 0.4, 0.4)
        cycle = course.wave(CHEWS_HZ) * np.clip(0.85 + 0.15 * course.wander(1.5), 0.4, 1.0)
        jaw, lips = course.rng.uniform(0.6, 2.6), course.rng.uniform(0, 3)
        course.add("AU26", jaw * cycle * held)
        course.add("AU25", lips * cycle * held)
        for name, intensity in draw_units(kind, course.rng).items():
            if name in _FLAT_LIPS:
                course.add(name, intensity * np.clip(1 - 1.6 * cycle, 0, 1) * held)
            elif name not in ("AU25", "AU26"):
                course.add(name, intensity * np.clip(0.5 + 0.5 * course.wander(0.8), 0, 1) * held)
        course.add("AU24", course.rng.uniform(1.5, 3.5) * course.span(end, end + 0.8, 0.25, 0.35))


def _yawn(course: _Course, kind: Kind) -> None:
    """The jaw opens slowly, further and further; lids fall on the height of it; it ends quickly."""
    for start, end in _spans(course, kind):
        units = draw_units(kind, course.rng)
        length = end - start
        gape = course.span(start, end, course.rng.uniform(0.35, 0.5) * length, course.rng.uniform(0.15, 0.25) * length)
        for name, intensity in units.items():
            late = course.span(start + 0.35 * length, end + 0.3, 0.5, 0.5)
            course.add(name, intensity * (gape if name in ("AU25", "AU27") else late))


def _sneeze(course: _Course, kind: Kind) -> None:
    """It builds up for a second or two, bursts within a third of a second, and the face comes to rest."""
    for start, end in _spans(course, kind):
        burst = end - 1.0
        units = draw_units(kind, course.rng)
        _pull(course, {name: 0.45 * value for name, value in units.items() if name != "AU43"}, start, end)
        for name, intensity in units.items():
            course.add(name, intensity * course.span(burst - 0.15, burst + 0.6, 0.12, 0.35))
        course.add("AU43", INTENSITY_MAX * course.span(burst - 0.6, burst + 0.5, 0.3, 0.25))


def _sleep(course: _Course, kind: Kind) -> None:
    """Eyes shut all the time, the jaw sinking and breathing, now and then a weak twitch of one unit."""
    units = draw_units(kind, course.rng)
    slow = np.clip(0.75 + 0.2 * course.wander(20.0) + 0.1 * course.wave(BREATHS_HZ), 0, 1)
    for name, intensity in units.items():
        course.add(name, intensity * (np.ones_like(course.t) if name == "AU43" else slow))
    at = float(course.rng.uniform(5, 90))
    while at < course.seconds:
        name = str(course.rng.choice(["AU1", "AU4", "AU12", "AU24", "AU14", "AU17"]))
        course.add(name, course.rng.uniform(0.5, 1.8) * course.event(at, at + float(course.rng.uniform(0.5, 1.5))))
        at += float(course.rng.uniform(20, 120))


def _mouth_breathing(course: _Course, kind: Kind) -> None:
    """Lips apart all the time; the jaw goes with the breath."""
    breath = 0.82 + 0.18 * course.wave(BREATHS_HZ)
    for name, intensity in draw_units(kind, course.rng).items():
        course.add(name, intensity * (breath if name in ("AU25", "AU26") else np.ones_like(course.t)))


def _neutral(course: _Course, kind: Kind) -> None:
    """Nothing but weak twitches."""
    for start, end in _spans(course, kind):
        _pull(course, draw_units(kind, course.rng), start, min(end, start + 2.0))


_MAKERS: dict[Kind, Callable[[_Course, Kind], None]] = {
    Kind.NEUTRAL: _neutral,
    Kind.PAIN: _pain,
    Kind.PARTIAL_PAIN: _pain,
    Kind.SMILE: _smile,
    Kind.TALK: _talk,
    Kind.CHEW: _chew,
    Kind.YAWN: _yawn,
    Kind.SNEEZE: _sneeze,
    Kind.SLEEP: _sleep,
    Kind.MOUTH_BREATHING: _mouth_breathing,
}
"""What makes the course of a kind; the others are events of their units."""


def _possible(curves: dict[str, Curve]) -> None:
    """Where events overlap: an open jaw parts the lips and keeps them from pressing; shut eyes are not wide open."""
    jaw = np.maximum(curves.get("AU26", 0.0), curves.get("AU27", 0.0))
    if "AU26" in curves and "AU27" in curves:
        curves["AU26"] = np.where(curves["AU27"] > curves["AU26"], 0.0, curves["AU26"])
        curves["AU27"] = np.where(curves["AU26"] > 0, 0.0, curves["AU27"])
    if np.max(jaw) > 1:
        curves["AU25"] = np.maximum(curves.get("AU25", 0.0), np.where(jaw > 1, 0.8 * jaw, 0.0))
        for name in _FLAT_LIPS:
            if name in curves:
                curves[name] = np.where(jaw > 1, 0.0, curves[name])
    if "AU5" in curves:
        curves["AU5"] = np.where(curves.get("AU43", np.zeros(1)) > 1, 0.0, curves["AU5"])


def _sided(course: _Course) -> tuple[dict[str, Curve], dict[str, Curve]]:
    """The curves of the left and the right side: one person's asymmetry is the same throughout the course."""
    spread = 0.3 if course.rng.random() < 0.15 else 0.06  # as in single pictures
    left, right = dict(course.curves), dict(course.curves)
    for name, curve in course.curves.items():
        if name not in MIDLINE and name != "AU43":
            share = float(np.clip(course.rng.normal(0, spread), -0.9, 0.9))
            weaker = left if share < 0 else right
            weaker[name] = curve * (1 - abs(share))
    return left, right


def draw_track(
    rng: np.random.Generator, kind: Kind, seconds: float, rate_hz: float, *, person: Person | None = None
) -> list[Expression]:
    """Draw what a face does over a span of time.

    Args:
        rng: the only source of chance.
        kind: what it does; between the events it rests and blinks.
        seconds: how long.
        rate_hz: moments per second. Below 10 a blink, below twice their rate syllables are missed or aliased, as by a
            camera of that rate.
        person: whose face; its drooping lids and weak side show, as in `draw_expression`.

    Returns:
        round(seconds x rate_hz) expressions, at least one, evenly spaced from the start; intensities 0..5.
    """
    course = _Course(rng, seconds, rate_hz)
    _MAKERS.get(kind, _events)(course, kind)
    if kind is not Kind.SLEEP:
        course.add("AU43", INTENSITY_MAX * course.blinks())
    _possible(course.curves)
    left, right = _sided(course)
    across, up = 0.12 * course.wander(1.5), -0.02 + 0.08 * course.wander(1.8)

    def at(curves: dict[str, Curve], k: int) -> Units:
        found = {name: min(float(curve[k]), INTENSITY_MAX) for name, curve in curves.items()}
        return {name: value for name, value in found.items() if value > _LEAST}

    return [
        as_seen(Expression(kind, at(left, k), at(right, k), (float(across[k]), float(up[k]))), person)
        for k in range(len(course.t))
    ]
