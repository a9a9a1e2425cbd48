"""Expressions: which action units pull, how strongly, and how each of the two sculpts moves the skin for them."""

from __future__ import annotations

from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from edge.face.units import INTENSITY_MAX, LABELS
from quantize.faces.head import Head
from quantize.faces.person import Person

DISTRACTORS = ("AU1", "AU2", "AU5", "AU14", "AU15", "AU17", "AU18", "AU20", "AU23", "AU24")
"""Action units that are shown but not learnt, so that the network does not take them for those it knows."""

Units = dict[str, float]
"""Action unit to intensity 0..5; what is not named is 0."""

_FACS: dict[str, tuple[tuple[str, ...], ...]] = {
    "AU1": (("1",), ("1_a",)),
    "AU2": (("2",), ("2", "2_a")),
    "AU4": (("4",), ("4_a",), ("4", "4_b")),
    "AU5": (("5",),),
    "AU6": (("6",), ("6_a",), ("6_b",)),
    "AU7": (("7",),),
    "AU9": (("9",), ("9_a",)),
    "AU10": (("10",),),
    "AU12": (("12",), ("12_a",), ("12_b",)),
    "AU14": (("14",),),
    "AU15": (("15",),),
    "AU16": (("16",),),
    "AU17": (("17",), ("17_a",)),
    "AU18": (("18",), ("18_a",)),
    "AU20": (("20",),),
    "AU23": (("23",),),
    "AU24": (("24",),),
    "AU25": (("25",), ("25_a",)),
    "AU26": (("26",), ("26_a",)),
    "AU43": (("43",),),
}
"""FACSHuman's targets; where an action unit has variants, one is drawn and its parts are averaged."""

_MPFB: dict[str, tuple[tuple[str, float], ...]] = {
    "AU1": (("eyebrows-left-inner-up", 1.3), ("eyebrows-right-inner-up", 1.3)),
    "AU2": (("eyebrows-left-extern-up", 1.0), ("eyebrows-right-extern-up", 1.0)),
    "AU4": (("eyebrows-left-down", 1.0), ("eyebrows-right-down", 1.0), ("nose-compression", 0.8)),
    "AU5": (("eye-left-opened-up", 1.0), ("eye-right-opened-up", 1.0)),
    "AU6": (("eye-left-slit", 0.6), ("eye-right-slit", 0.6)),
    "AU7": (("eye-left-slit", 1.0), ("eye-right-slit", 1.0)),
    "AU9": (
        ("nose-compression", 1.0),
        ("nose-left-elevation", 1.0),
        ("nose-right-elevation", 1.0),
        ("eyebrows-left-down", 0.3),
        ("eyebrows-right-down", 0.3),
    ),
    "AU10": (("mouth-elevation", 0.8), ("nose-left-elevation", 0.5), ("nose-right-elevation", 0.5)),
    "AU12": (("mouth-corner-puller", 1.0),),
    "AU15": (("mouth-depression", 1.0),),
    "AU18": (("mouth-pursing", 1.0),),
    "AU20": (("mouth-retraction", 1.0),),
    "AU23": (("mouth-compression", 0.5),),
    "AU24": (("mouth-compression", 1.0),),
    "AU25": (("mouth-parling", 1.0), ("mouth-part-later", 0.5)),
    "AU26": (("mouth-open", 1.0),),
    "AU43": (("eye-left-closure", 1.0), ("eye-right-closure", 1.0)),
}
"""MPFB2's expression units closest to each action unit, with weights. It has no cheek raiser: AU6 is a weak lid slit
there, told apart from AU7 by its wrinkles only."""


_DRAGGED: dict[str, tuple[tuple[str, float, float], ...]] = {
    "AU12": (("AU10", 0.0, 0.6), ("AU6", 0.0, 0.35), ("AU20", 0.0, 0.5)),
    "AU25": (("AU16", 0.0, 0.7),),
}
"""What a strong action unit moves along with it although no other muscle pulls: (look of, least, most share). A wide
smile lifts the upper lip and bares the teeth, pushes the cheeks up and widens the mouth; the label stays AU12 alone.
Without this a real toothy smile was read as AU10 + AU4, that is, as pain."""


class Kind(StrEnum):
    """What an expression is meant to be."""

    NEUTRAL = "neutral"
    SMILE = "smile"
    TALK = "talk"
    SLEEP = "sleep"
    YAWN = "yawn"
    EMOTION = "emotion"
    RANDOM = "random"
    PARTIAL_PAIN = "partial_pain"
    PAIN = "pain"


_SHARES = {
    Kind.NEUTRAL: 0.08,
    Kind.SMILE: 0.20,
    Kind.TALK: 0.08,
    Kind.SLEEP: 0.06,
    Kind.YAWN: 0.03,
    Kind.EMOTION: 0.09,
    Kind.RANDOM: 0.16,
    Kind.PARTIAL_PAIN: 0.12,
    Kind.PAIN: 0.18,
}

_EMOTIONS: tuple[dict[str, float], ...] = (
    {"AU1": 1.0, "AU2": 1.0, "AU5": 0.7, "AU25": 0.6, "AU26": 0.7},
    {"AU4": 1.0, "AU5": 0.4, "AU7": 0.6, "AU23": 0.5, "AU24": 0.5},
    {"AU9": 0.7, "AU10": 0.7, "AU4": 0.3, "AU17": 0.4, "AU25": 0.3},
    {"AU1": 0.8, "AU4": 0.6, "AU15": 0.8, "AU17": 0.5},
    {"AU1": 0.9, "AU2": 0.8, "AU4": 0.6, "AU5": 0.8, "AU20": 0.7, "AU25": 0.6, "AU26": 0.5},
)
"""Surprise, anger, disgust, sadness, fear: action units with the chance of each."""

_PAIN = {
    "AU4": 0.85,
    "AU6": 0.8,
    "AU7": 0.85,
    "AU9": 0.5,
    "AU10": 0.55,
    "AU43": 0.45,
    "AU12": 0.2,
    "AU20": 0.35,
    "AU25": 0.5,
    "AU26": 0.35,
    "AU17": 0.15,
}
"""Action units of pain with the chance of each (after Prkachin 1992: 4, 6/7, 9/10, 43 are its core)."""

_PARTIAL = (("AU4",), ("AU4", "AU7"), ("AU4", "AU6"), ("AU9",), ("AU10",), ("AU4", "AU9"), ("AU7",), ("AU6", "AU7"))


def _some(rng: np.random.Generator, chances: dict[str, float], level: float) -> Units:
    return {
        name: float(np.clip(level * rng.uniform(0.6, 1.2), 0, INTENSITY_MAX))
        for name, chance in chances.items()
        if rng.random() < chance
    }


def _draw(kind: Kind, rng: np.random.Generator) -> Units:
    level = float(rng.uniform(1.0, 5.0))
    match kind:
        case Kind.NEUTRAL:
            return {}
        case Kind.SMILE:
            units = _some(rng, {"AU12": 1.0, "AU6": 0.7, "AU26": 0.15, "AU7": 0.1, "AU1": 0.1, "AU2": 0.1}, level)
            return units | ({"AU25": float(rng.uniform(1, 5))} if rng.random() < 0.65 else {})
        case Kind.TALK:
            units = _some(rng, {"AU25": 1.0, "AU26": 0.7, "AU18": 0.2, "AU20": 0.15, "AU1": 0.2, "AU2": 0.2}, level)
            return units | ({"AU12": float(rng.uniform(0, 2))} if rng.random() < 0.25 else {})
        case Kind.SLEEP:
            units = {"AU43": INTENSITY_MAX}
            return units | (
                {"AU25": float(rng.uniform(0, 3)), "AU26": float(rng.uniform(0, 3))} if rng.random() < 0.4 else {}
            )
        case Kind.YAWN:
            return _some(rng, {"AU26": 1.0, "AU25": 1.0, "AU43": 0.5, "AU9": 0.1}, float(rng.uniform(4, 5)))
        case Kind.EMOTION:
            return _some(rng, _EMOTIONS[int(rng.integers(len(_EMOTIONS)))], level)
        case Kind.RANDOM:
            chances = dict.fromkeys(LABELS, 0.3) | dict.fromkeys(DISTRACTORS, 0.12)
            return {name: float(rng.uniform(0, INTENSITY_MAX)) for name, c in chances.items() if rng.random() < c}
        case Kind.PARTIAL_PAIN:
            return _some(rng, dict.fromkeys(_PARTIAL[int(rng.integers(len(_PARTIAL)))], 1.0), level)
        case Kind.PAIN:
            return _some(rng, _PAIN, float(rng.uniform(0.8, 5.0)))


def _plausible(units: Units, rng: np.random.Generator) -> Units:
    """Take out what a face cannot do at once, and let the eyelids rest half shut now and then."""
    units = dict(units)
    if "AU43" in units and units["AU43"] < INTENSITY_MAX and rng.random() < 0.7:
        units["AU43"] = INTENSITY_MAX  # eyes are mostly either open or shut
    elif "AU43" not in units and rng.random() < 0.15:
        units["AU43"] = float(rng.uniform(0, 2.3))
    if units.get("AU26", 0) > 1:
        units["AU25"] = max(units.get("AU25", 0.0), units["AU26"] * 0.8)
        for shut in ("AU23", "AU24", "AU17"):
            units.pop(shut, None)
    if units.get("AU43", 0) > 1:
        units.pop("AU5", None)
    if units.get("AU12", 0) > 1:
        units.pop("AU15", None)
    return units


def draw_expression(rng: np.random.Generator, kind: Kind | None = None) -> tuple[Kind, Units]:
    """Draw an expression of a kind, or of a random kind."""
    if kind is None:
        names = list(_SHARES)
        kind = names[int(rng.choice(len(names), p=np.array(list(_SHARES.values()))))]
    units = _plausible(_draw(kind, rng), rng) if kind is not Kind.NEUTRAL else {}
    if kind is not Kind.NEUTRAL or rng.random() < 0.5:  # half of the neutral faces twitch a little
        for name in (*LABELS[:-1], *DISTRACTORS):
            if name not in units and rng.random() < 0.08:
                units[name] = float(rng.uniform(0, 0.7))
    return kind, units


def label(units: Units) -> NDArray[np.float32]:
    """The network's target: (9,) intensities in the order of `LABELS`."""
    return np.array([units.get(name, 0.0) for name in LABELS], np.float32)


def _effect(name: str, intensity: float, units: Units) -> float:
    """Weight of an action unit's target: lids that are already shut have less way to go."""
    shut = units.get("AU43", 0.0) / INTENSITY_MAX
    weight = intensity / INTENSITY_MAX
    if name == "AU7":
        return weight * (1 - 0.8 * shut)
    return weight * (1 - 0.3 * shut) if name == "AU6" else weight


def _pulls(units: Units, rng: np.random.Generator) -> list[tuple[str, float]]:
    """Weights 0..1 of the looks to add up: every action unit, and what it drags along."""
    pulls: list[tuple[str, float]] = []
    for name, intensity in units.items():
        weight = _effect(name, intensity, units)
        if weight <= 0:
            continue
        pulls.append((name, weight))
        for look, least, most in _DRAGGED.get(name, ()):
            share = float(rng.uniform(least, most))
            pulls.append((look, weight**1.5 * share))
    return pulls


def deform(
    head: Head, person: Person, units: Units, rng: np.random.Generator, facs_share: float | None = None
) -> NDArray[np.float32]:
    """Move a person's face.

    Args:
        head: the assets.
        person: whose face.
        units: action units and intensities.
        rng: draws the variants and small asymmetries.
        facs_share: 1 is FACSHuman's sculpt, 0 is MPFB2's; drawn if None (half the faces pure FACSHuman, a fifth pure
            MPFB2, the rest mixed).

    Returns:
        (n, 3) float32 vertices, dm.
    """
    if facs_share is None:
        facs_share = float(rng.choice([0.0, 1.0, rng.random()], p=[0.2, 0.5, 0.3]))
    shape = person.vertices.copy()
    for name, weight in _pulls(units, rng):
        steady = name == "AU43"  # lids meet or do not: no variation
        weight *= 1.0 if steady else float(np.clip(rng.normal(1, 0.08), 0.8, 1.2))
        left = 1.0 if steady else float(rng.normal(1, 0.06))
        variants = _FACS[name]
        parts = variants[int(rng.integers(len(variants)))]
        for part in parts if facs_share > 0 else ():
            shape += np.float32(facs_share * weight / len(parts)) * head.targets[f"facs/{part}"]
        for part, share in _MPFB.get(name, ()) if facs_share < 1 else ():
            amount = (1 - facs_share) * weight * share * (left if "left" in part else 1.0)
            for ancestry, portion in person.ancestry.items():
                if portion > 0.02:
                    shape += np.float32(amount * portion) * head.targets[f"mpfb/{ancestry}/{part}"]
    return shape
