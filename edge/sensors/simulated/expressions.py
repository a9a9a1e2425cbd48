"""What the simulated face truly does: action units of pain, and of everything that must not be taken for it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edge.sensors.simulated.course import GRID_HZ, Course, Floats, lagged, wander
from edge.sensors.simulated.scene import ActivitySpan

UNITS = (
    *("AU1", "AU2", "AU4", "AU5", "AU6", "AU7", "AU9", "AU10", "AU12", "AU15", "AU17", "AU20", "AU24", "AU25"),
    *("AU26", "AU27", "AU43"),
)
"""Order of the columns, as in `edge.face.units.LABELS`: sensors know nothing of the rooms behind them."""

INTENSITY_MAX = 5.0
"""FACS level E."""

FACE_S = (0.6, 1.2, 0.4)
"""The face follows pain within one to two seconds: time constants of rise and fall, and delay (Craig 2011 describes
facial reactions as prompt; the figures are chosen)."""

AT_TEN = 5.5
"""Intensity that a unit of an averagely expressive face reaches at latent pain 10, before its own share: latent 5 then
gives PSPI of about 6 where three units pull. Chosen; self-report and PSPI agree loosely (Prkachin & Solomon 2008)."""

_AT = {name: k for k, name in enumerate(UNITS)}
_BLINK_EVERY_S = 4.5


def truth(course: Course) -> Floats:
    """(n, 17) true intensities 0..5 over the whole course."""
    rng = np.random.default_rng([course.seed, 201])
    face = np.zeros((course.size, len(UNITS)), np.float32)
    _pain(face, course, rng)
    for span in course.scene.activity:
        _MAKERS[span.kind](face, span, rng)
    _blink(face, course, rng)
    if course.scene.patient is not None and "palsy" in course.scene.patient.variants:
        for name in ("AU4", "AU6", "AU7"):  # the stronger side is read; a palsied one adds drooping lids
            face[:, _AT[name]] *= 0.9
        face[:, _AT["AU43"]] = np.maximum(face[:, _AT["AU43"]], 1.2)
    return np.clip(face, 0.0, INTENSITY_MAX)


def _pain(face: Floats, course: Course, rng: np.random.Generator) -> None:
    """Waves within an episode; eyes shut on the crests. Faces react less to weak pain than in proportion."""
    rise_s, fall_s, delay_s = FACE_S
    drive = lagged(course.face_drive, rise_s, fall_s, delay_s)
    asleep = course.doing("sleep")
    drive = np.where(asleep & (drive < 0.4), 0.5 * drive, drive)
    shown = AT_TEN * course.person.expressive * drive**1.1
    wave = np.clip(0.85 + 0.2 * wander(course.size, 3.0, rng), 0.35, 1.1)
    for name, share in course.person.face:
        curve = shown * share * wave
        if name == "AU43":
            curve = np.where((drive > 0.35) & (wave > 0.9), INTENSITY_MAX * np.minimum(1.0, drive + 0.4), 0.0)
        face[:, _AT[name]] = np.maximum(face[:, _AT[name]], curve)


def _blink(face: Floats, course: Course, rng: np.random.Generator) -> None:
    """A blink is over within a slot or two."""
    count = int(course.size / GRID_HZ / _BLINK_EVERY_S)
    at = rng.integers(0, course.size, count)
    face[at, _AT["AU43"]] = np.maximum(face[at, _AT["AU43"]], rng.uniform(1.5, 5.0, count))


def _stretch(face: Floats, start_s: float, end_s: float) -> tuple[Floats, NDArray[np.float64]]:
    """The rows of a stretch, and 0..1 with a soft begin and end over them."""
    rows = face[max(0, round(start_s * GRID_HZ)) : max(0, round(end_s * GRID_HZ))]
    since = np.arange(len(rows)) / GRID_HZ
    rise, fall = since / 0.6, (len(rows) / GRID_HZ - since) / 0.9
    return rows, np.clip(np.minimum(rise, fall), 0.0, 1.0)


def _pull(rows: Floats, name: str, curve: NDArray[np.float64]) -> None:
    rows[:, _AT[name]] = np.maximum(rows[:, _AT[name]], curve)


def _bits(
    span: ActivitySpan, rng: np.random.Generator, lengths: tuple[float, float], gaps: tuple[float, float]
) -> list[tuple[float, float]]:
    """Bouts within a span."""
    found: list[tuple[float, float]] = []
    at = span.start_s + float(rng.uniform(0.0, gaps[0]))
    while at < span.end_s:
        stop = min(at + float(rng.uniform(*lengths)), span.end_s)
        found.append((at, stop))
        at = stop + float(rng.uniform(*gaps))
    return found


def _sleep(face: Floats, span: ActivitySpan, rng: np.random.Generator) -> None:
    rows, held = _stretch(face, span.start_s, span.end_s)
    _pull(rows, "AU43", INTENSITY_MAX * held)
    jaw = float(rng.choice([0.0, 1.5, 2.5]))
    _pull(rows, "AU26", jaw * held)
    _pull(rows, "AU25", (jaw + 0.5 * (jaw > 0)) * held)
    for start_s, end_s in _bits(span, rng, (0.6, 1.8), (40.0, 200.0)):
        twitch, soft = _stretch(face, start_s, end_s)
        _pull(twitch, str(rng.choice(["AU1", "AU4", "AU12", "AU24"])), float(rng.uniform(0.5, 2.0)) * soft)


def _smile(face: Floats, span: ActivitySpan, rng: np.random.Generator) -> None:
    rows, held = _stretch(face, span.start_s, span.end_s)
    strength = float(rng.uniform(1.5, 4.5))
    _pull(rows, "AU12", strength * held)
    if rng.random() < 0.7:  # a felt smile (Duchenne) raises the cheeks
        _pull(rows, "AU6", 0.85 * strength * held)
    if rng.random() < 0.6:
        _pull(rows, "AU25", 0.8 * strength * held)


def _talk(face: Floats, span: ActivitySpan, rng: np.random.Generator) -> None:
    for start_s, end_s in _bits(span, rng, (2.0, 8.0), (0.5, 4.0)):
        rows, held = _stretch(face, start_s, end_s)
        syllable = rng.random(len(rows))
        _pull(rows, "AU25", float(rng.uniform(1.5, 4.0)) * syllable * held)
        _pull(rows, "AU26", float(rng.uniform(0.5, 2.5)) * syllable * held)
        if rng.random() < 0.25:
            _pull(rows, "AU1", float(rng.uniform(0.5, 2.0)) * held)


def _chew(face: Floats, span: ActivitySpan, rng: np.random.Generator) -> None:
    for start_s, end_s in _bits(span, rng, (8.0, 25.0), (4.0, 15.0)):
        rows, held = _stretch(face, start_s, end_s)
        cycle = 0.5 - 0.5 * np.cos(2 * np.pi * float(rng.uniform(1.0, 1.5)) * np.arange(len(rows)) / GRID_HZ)
        _pull(rows, "AU26", float(rng.uniform(0.6, 2.6)) * cycle * held)
        _pull(rows, "AU24", float(rng.uniform(0.5, 2.5)) * (1 - cycle) * held)


def _yawn(face: Floats, span: ActivitySpan, rng: np.random.Generator) -> None:
    rows, held = _stretch(face, span.start_s, span.end_s)
    strength = float(rng.uniform(3.0, 5.0))
    _pull(rows, "AU27", strength * held)
    _pull(rows, "AU25", strength * held)
    if rng.random() < 0.5:
        _pull(rows, "AU43", INTENSITY_MAX * held * (held > 0.8))
    if rng.random() < 0.2:
        _pull(rows, "AU7", 0.5 * strength * held)


def _squint(face: Floats, span: ActivitySpan, rng: np.random.Generator) -> None:
    rows, held = _stretch(face, span.start_s, span.end_s)
    strength = float(rng.uniform(1.0, 4.0))
    _pull(rows, "AU7", strength * held)
    _pull(rows, "AU6", 0.7 * strength * held)
    if rng.random() < 0.5:
        _pull(rows, "AU4", 0.7 * strength * held)


def _social(face: Floats, span: ActivitySpan, rng: np.random.Generator) -> None:
    """A visit: talk, with smiles between; more of them for a grandchild."""
    _talk(face, span, rng)
    gaps = (8.0, 40.0) if span.kind == "grandchild" else (25.0, 120.0)
    for start_s, end_s in _bits(span, rng, (2.0, 9.0), gaps):
        _smile(face, ActivitySpan(kind="smile", start_s=start_s, end_s=end_s), rng)


def _care(face: Floats, span: ActivitySpan, rng: np.random.Generator) -> None:
    """Washing and turning: short frowns and closed eyes that are no pain."""
    for start_s, end_s in _bits(span, rng, (1.5, 5.0), (10.0, 45.0)):
        rows, held = _stretch(face, start_s, end_s)
        _pull(rows, str(rng.choice(["AU4", "AU7", "AU43"])), float(rng.uniform(1.0, 3.0)) * held)


def _delirium(face: Floats, span: ActivitySpan, rng: np.random.Generator) -> None:
    """Restless: grimaces that look like pain, and nobody knows whether they are (here they are not), and muttering."""
    _talk(face, span, rng)
    for start_s, end_s in _bits(span, rng, (2.0, 9.0), (10.0, 60.0)):
        rows, held = _stretch(face, start_s, end_s)
        for name in ("AU4", "AU7", "AU10", "AU43"):
            if rng.random() < 0.5:
                _pull(rows, name, float(rng.uniform(0.5, 3.5)) * held)


def _fright(face: Floats, span: ActivitySpan, rng: np.random.Generator) -> None:
    rows, held = _stretch(face, span.start_s, span.end_s)
    for name in ("AU1", "AU2", "AU5", "AU25"):
        _pull(rows, name, float(rng.uniform(1.0, 4.0)) * held)


_MAKERS = {
    "sleep": _sleep,
    "smile": _smile,
    "talk": _talk,
    "chew": _chew,
    "yawn": _yawn,
    "squint": _squint,
    "visitor": _social,
    "grandchild": _social,
    "care": _care,
    "delirium": _delirium,
    "fright": _fright,
}
"""What the face does in each activity."""
