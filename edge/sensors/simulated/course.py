"""The latent course of a simulated patient: pain, arousal and activity second by second, behind every signal.

`course_of` is a pure function of scene and seed, so face and band, each a driver of its own, live the same life.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from edge.sensors.simulated.life import Person, draw_person, drawn
from edge.sensors.simulated.scene import Activity, PainSpan, Scene, Span

Floats = NDArray[np.float32]
Flags = NDArray[np.bool_]

GRID_HZ = 5.0
"""Moments of the course per second: the slots of the episode filter, and faster than anything in it."""

AROUSAL: dict[Activity, tuple[float, float]] = {
    "sleep": (-6.0, -1.0),
    "smile": (2.0, 1.0),
    "talk": (3.0, 1.5),
    "chew": (5.0, 1.0),
    "yawn": (2.0, 0.5),
    "squint": (0.0, 0.0),
    "visitor": (3.0, 2.0),
    "grandchild": (6.0, 4.0),
    "care": (8.0, 6.0),
    "delirium": (12.0, 6.0),
    "fright": (14.0, 14.0),
}
"""What each activity adds without any pain: heart rate in bpm, skin conductance responses per minute. Invented within
the ranges of Boucsein (2012) for rest, talk and emotion."""

SILENT_SKIN = 0.2
"""Share of episodes of pain without any reaction of the skin: non-responders are common (Boucsein 2012; chosen)."""

SILENT_FACE = 0.12
"""Share of episodes that the face hides beyond what its person's expressiveness says (chosen)."""


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """One life.

    Attributes:
        scene: with everything drawn.
        person: whose.
        seed: of it all.
        pain: (n,) latent pain 0..10 at `GRID_HZ`.
        face_drive, heart_drive, skin_drive: (n,) 0..1, what of it reaches face, heart and vessels, and skin, before
            their own latencies; an episode may leave one of them untouched.
    """

    scene: Scene
    person: Person
    seed: int
    pain: Floats
    face_drive: Floats
    heart_drive: Floats
    skin_drive: Floats

    @property
    def size(self) -> int:
        """Moments."""
        return int(self.pain.size)

    def inside(self, spans: Iterable[Span]) -> Flags:
        """(n,) where any of the spans lies."""
        found = np.zeros(self.size, bool)
        for span in spans:
            found[round(span.start_s * GRID_HZ) : round(span.end_s * GRID_HZ)] = True
        return found

    def doing(self, *kinds: Activity) -> Flags:
        """(n,) where the patient does one of these."""
        return self.inside(span for span in self.scene.activity if span.kind in kinds)

    def failing(self, *kinds: str) -> Flags:
        """(n,) where one of these fails."""
        return self.inside(span for span in self.scene.fault if span.kind in kinds)


def _level(span: PainSpan, size: int) -> tuple[int, Floats]:
    """The first moment that a span of pain touches, and its level from there on."""
    first = int(span.start_s * GRID_HZ)
    last = min(size, int((span.end_s + 4.0) * GRID_HZ))
    level = [span.level_at(k / GRID_HZ) for k in range(first, last)]
    return first, np.asarray(level, np.float32)


def course_of(scene: Scene, seed: int) -> Course:
    """Draw what the seed adds, and live it; face and band of one patient share the last one."""
    return _lived(scene.model_dump_json(), seed)


@lru_cache(maxsize=1)
def _lived(text: str, seed: int) -> Course:
    scene = drawn(Scene.model_validate_json(text), seed)
    person = draw_person(() if scene.patient is None else scene.patient.variants, seed)
    rng = np.random.default_rng([seed, 103])
    size = round(scene.duration_s * GRID_HZ) + 1
    pain, face, heart, skin = (np.zeros(size, np.float32) for _ in range(4))
    for span in scene.pain:
        first, level = _level(span, size)
        last = first + level.size
        heart_share = float(np.clip(rng.lognormal(0, 0.35), 0.3, 1.8))
        skin_share = 0.0 if rng.random() < SILENT_SKIN else float(rng.lognormal(0, 0.35))
        face_share = 0.25 if rng.random() < SILENT_FACE else float(rng.uniform(0.7, 1.25))
        for drive, share in ((pain, 10.0), (face, face_share), (heart, heart_share), (skin, skin_share)):
            drive[first:last] = np.maximum(drive[first:last], share * level / 10.0)
    return Course(scene, person, seed, pain, face, heart, skin)


def lagged(signal: Floats, rise_s: float, fall_s: float, delay_s: float) -> NDArray[np.float64]:
    """First-order lag at `GRID_HZ` with separate time constants for rising and falling, after a pure delay."""
    shift = round(delay_s * GRID_HZ)
    delayed = np.concatenate([np.full(shift, signal[0]), signal])[: signal.size]
    out = np.empty(signal.size)
    level = float(delayed[0])
    up, down = (1.0 - np.exp(-1.0 / (time_s * GRID_HZ)) for time_s in (rise_s, fall_s))
    for index, target in enumerate(delayed.tolist()):
        level += (target - level) * (up if target > level else down)
        out[index] = level
    return out


def wander(size: int, scale_s: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """Smooth noise of about unit variance at `GRID_HZ` that changes over `scale_s`."""
    knots = int(size / GRID_HZ / scale_s) + 3
    at = np.arange(knots) * scale_s
    return np.asarray(1.2 * np.interp(np.arange(size) / GRID_HZ, at, rng.standard_normal(knots)))
