"""Draws what a seed adds to a scene: episodes, activities and faults at random times, and whose body it happens to."""

from __future__ import annotations

from dataclasses import dataclass
from zlib import crc32

import numpy as np

from edge.sensors.simulated.scene import Activity, ActivitySpan, Fault, FaultSpan, Life, PainSpan, Scene, Variant

ACTIVITY_S: dict[Activity, tuple[float, float]] = {
    "sleep": (600.0, 2400.0),
    "smile": (2.0, 8.0),
    "talk": (10.0, 90.0),
    "chew": (60.0, 600.0),
    "yawn": (4.0, 8.0),
    "squint": (5.0, 40.0),
    "visitor": (300.0, 1200.0),
    "grandchild": (180.0, 600.0),
    "care": (120.0, 480.0),
    "delirium": (300.0, 1200.0),
    "fright": (3.0, 6.0),
}
"""Least and most length of each activity where it is drawn, seconds; invented to be like a day on a ward."""

FAULT_S: tuple[float, float] = (20.0, 180.0)
"""The same of a fault."""

BETWEEN_S = 60.0
"""Least rest between two episodes of pain: nearer ones would be one."""

_FACE_QUIRKS = {"stoic": 0.3, "blunted": 0.45, "palsy": 0.85}


@dataclass(frozen=True, slots=True)
class Person:
    """One person's body and face.

    Attributes:
        heart_rate_bpm, heart_rate_rise_bpm: at rest; rise at latent pain 10.
        respiration_hz, rsa_bpm: breathing, and half of what it moves the heart rate by.
        pulse: pulse amplitude as a share of a well perfused wrist's.
        constriction: share of it lost at latent pain 10.
        scl_us, scr_us: skin conductance level, and median amplitude of a response.
        scr_per_min, scr_rise_per_min: responses at rest; further ones at latent pain 10.
        expressive: how much the face shows of pain, about 1.
        face: action units of this person's face of pain, each with its share of the strength.
    """

    heart_rate_bpm: float
    heart_rate_rise_bpm: float
    respiration_hz: float
    rsa_bpm: float
    pulse: float
    constriction: float
    scl_us: float
    scr_us: float
    scr_per_min: float
    scr_rise_per_min: float
    expressive: float
    face: tuple[tuple[str, float], ...]


def draw_person(variants: tuple[Variant, ...], seed: int) -> Person:
    """One person from a seed; the spreads are those between adults at rest (docs/scenes.md names the sources)."""
    rng = np.random.default_rng([seed, 101])
    spread = rng.lognormal
    rise, scr, scl, rate, pulse = 16.0 * spread(0, 0.4), 0.15 * spread(0, 0.6), 2.0 * spread(0, 0.6), 74.0, 1.0
    rsa, constriction = 2.0 * spread(0, 0.5), float(np.clip(0.4 * spread(0, 0.3), 0.1, 0.7))
    scr_rise, breaths = 11.0 * spread(0, 0.4), 0.26
    expressive = spread(0, 0.3)
    if "beta_blocker" in variants:
        rate, rise, rsa = rate - 12.0, 0.35 * rise, 0.7 * rsa
    if "opioid" in variants:
        rise, scr, scl, scr_rise, breaths = 0.5 * rise, 0.35 * scr, 0.4 * scl, 0.4 * scr_rise, 0.18
        expressive *= 0.8
    if "poor_perfusion" in variants:
        pulse, constriction = 0.2, 0.5 * constriction
    for quirk, share in _FACE_QUIRKS.items():
        expressive *= share if quirk in variants else 1.0
    return Person(
        heart_rate_bpm=rate + rng.normal(0, 9),
        heart_rate_rise_bpm=float(rise),
        respiration_hz=float(breaths * spread(0, 0.15)),
        rsa_bpm=float(rsa),
        pulse=float(pulse * spread(0, 0.2)),
        constriction=constriction,
        scl_us=float(max(scl, 0.15)),
        scr_us=float(scr),
        scr_per_min=float(1.5 * spread(0, 0.5)),
        scr_rise_per_min=float(scr_rise),
        expressive=float(expressive),
        face=_face_of_pain(rng),
    )


def _face_of_pain(rng: np.random.Generator) -> tuple[tuple[str, float], ...]:
    """Which units a person's pain pulls: the core of Prkachin 1992, each with the chance that studies find it."""
    chances = {"AU4": 0.85, "AU6": 0.7, "AU7": 0.75, "AU9": 0.45, "AU10": 0.5, "AU43": 0.45, "AU25": 0.5, "AU20": 0.3}
    found = [(name, float(rng.uniform(0.6, 1.1))) for name, chance in chances.items() if rng.random() < chance]
    return tuple(found) or (("AU4", 1.0), ("AU7", 1.0))


def drawn(scene: Scene, seed: int) -> Scene:
    """The scene with its `life` written out as spans; a scene without one is returned as it is."""
    if scene.life is None:
        return scene
    rng = np.random.default_rng([seed, 102, crc32(scene.title.encode())])  # two scenes of one seed are two lives
    life = scene.life
    return scene.model_copy(
        update={
            "pain": (*scene.pain, *_episodes(life, scene.duration_s, rng)),
            "activity": (*scene.activity, *_activities(life, scene.duration_s, rng)),
            "fault": (*scene.fault, *_faults(life, scene.duration_s, rng)),
            "life": None,
        }
    )


def _length(span: tuple[float, float], rng: np.random.Generator) -> float:
    return float(np.exp(rng.uniform(np.log(span[0]), np.log(span[1]))))


def _starts(per_hour: float, duration_s: float, rng: np.random.Generator) -> list[float]:
    """Moments of a Poisson process."""
    count = int(rng.poisson(per_hour * duration_s / 3600.0))
    return sorted(float(value) for value in rng.uniform(0.0, duration_s, count))


def _episodes(life: Life, duration_s: float, rng: np.random.Generator) -> list[PainSpan]:
    spans: list[PainSpan] = []
    free_s = 120.0  # a box that has just been switched on is still learning the person
    for start_s in _starts(life.episodes_per_hour, duration_s, rng):
        length_s, level = _length(life.length_s, rng), float(rng.uniform(*life.level))
        rise_s = float(rng.choice([2.0, 5.0, 12.0]))
        if start_s < free_s or start_s + length_s + BETWEEN_S > duration_s:
            continue
        end_s = start_s + length_s
        spans.append(PainSpan(start_s=start_s, end_s=end_s, level=level, rise_s=min(rise_s, 0.5 * length_s)))
        free_s = end_s + BETWEEN_S
    return spans


def _activities(life: Life, duration_s: float, rng: np.random.Generator) -> list[ActivitySpan]:
    return [
        ActivitySpan(kind=kind, start_s=start_s, end_s=min(start_s + _length(ACTIVITY_S[kind], rng), duration_s))
        for kind, per_hour in sorted(life.activities.items())
        for start_s in _starts(per_hour, duration_s - 10.0, rng)
    ]


def _faults(life: Life, duration_s: float, rng: np.random.Generator) -> list[FaultSpan]:
    kinds: list[tuple[Fault, float]] = sorted(life.faults.items())
    return [
        FaultSpan(kind=kind, start_s=start_s, end_s=min(start_s + _length(FAULT_S, rng), duration_s))
        for kind, per_hour in kinds
        for start_s in _starts(per_hour, duration_s - 10.0, rng)
    ]
