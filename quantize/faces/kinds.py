"""Kinds of expression: pain, and everything that must not be taken for it; with the chance of each action unit."""

from __future__ import annotations

from enum import StrEnum

import numpy as np

from edge.face.units import INTENSITY_MAX, LABELS

Units = dict[str, float]
"""Action unit to intensity 0..5; what is not named is 0."""


class Kind(StrEnum):
    """What an expression is meant to be."""

    NEUTRAL = "neutral"
    PAIN = "pain"
    PARTIAL_PAIN = "partial_pain"
    SMILE = "smile"
    TALK = "talk"
    YAWN = "yawn"
    CHEW = "chew"
    SLEEP = "sleep"
    SNEEZE = "sneeze"
    SQUINT = "squint"
    MOUTH_BREATHING = "mouth_breathing"
    SURPRISE = "surprise"
    ANGER = "anger"
    DISGUST = "disgust"
    SADNESS = "sadness"
    FEAR = "fear"
    RANDOM = "random"


SHARES = {
    Kind.NEUTRAL: 0.06,
    Kind.PAIN: 0.19,
    Kind.PARTIAL_PAIN: 0.12,
    Kind.SMILE: 0.17,
    Kind.TALK: 0.06,
    Kind.YAWN: 0.03,
    Kind.CHEW: 0.03,
    Kind.SLEEP: 0.05,
    Kind.SNEEZE: 0.02,
    Kind.SQUINT: 0.03,
    Kind.MOUTH_BREATHING: 0.03,
    Kind.SURPRISE: 0.02,
    Kind.ANGER: 0.02,
    Kind.DISGUST: 0.02,
    Kind.SADNESS: 0.02,
    Kind.FEAR: 0.02,
    Kind.RANDOM: 0.11,
}
"""How often each kind is drawn."""

_CHANCES: dict[Kind, dict[str, float]] = {
    Kind.SURPRISE: {"AU1": 1.0, "AU2": 1.0, "AU5": 0.7, "AU25": 0.6, "AU26": 0.5, "AU27": 0.2},
    Kind.ANGER: {"AU4": 1.0, "AU5": 0.4, "AU7": 0.6, "AU23": 0.5, "AU24": 0.5, "AU17": 0.3},
    Kind.DISGUST: {"AU9": 0.7, "AU10": 0.7, "AU4": 0.3, "AU17": 0.4, "AU25": 0.3, "AU15": 0.2},
    Kind.SADNESS: {"AU1": 0.8, "AU4": 0.6, "AU15": 0.8, "AU17": 0.5},
    Kind.FEAR: {"AU1": 0.9, "AU2": 0.8, "AU4": 0.6, "AU5": 0.8, "AU20": 0.7, "AU25": 0.6, "AU26": 0.4},
    Kind.SMILE: {"AU12": 1.0, "AU6": 0.7, "AU26": 0.15, "AU7": 0.1, "AU1": 0.08, "AU2": 0.08},
    Kind.TALK: {
        "AU25": 1.0,
        "AU26": 0.65,
        "AU18": 0.2,
        "AU20": 0.15,
        "AU1": 0.15,
        "AU2": 0.2,
        "AU17": 0.1,
        "AU24": 0.1,
    },
    Kind.CHEW: {"AU26": 0.5, "AU24": 0.5, "AU17": 0.5, "AU18": 0.2, "AU25": 0.3, "AU14": 0.3},
    Kind.SNEEZE: {"AU9": 0.8, "AU10": 0.5, "AU43": 1.0, "AU6": 0.6, "AU7": 0.6, "AU4": 0.5, "AU25": 0.9, "AU26": 0.6},
    Kind.SQUINT: {"AU7": 0.9, "AU6": 0.8, "AU4": 0.5, "AU10": 0.15},
    Kind.PAIN: {
        "AU4": 0.85,
        "AU6": 0.75,
        "AU7": 0.8,
        "AU9": 0.5,
        "AU10": 0.55,
        "AU43": 0.45,
        "AU12": 0.15,
        "AU20": 0.35,
        "AU25": 0.5,
        "AU26": 0.3,
        "AU27": 0.05,
        "AU17": 0.15,
        "AU15": 0.1,
        "AU1": 0.15,
    },
}
"""Action units of each kind with the chance of each. Pain after Prkachin 1992 (4, 6 or 7, 9 or 10, and 43 are its
core), the emotions after Ekman & Friesen 1978."""

_LEVELS: dict[Kind, tuple[float, float]] = {Kind.SNEEZE: (2.5, 5.0), Kind.CHEW: (1.0, 3.0), Kind.SQUINT: (1.0, 4.0)}
"""Least and most of the level around which a kind's intensities lie; 1 to 5 for the others."""

_PARTIAL = (("AU4",), ("AU4", "AU7"), ("AU4", "AU6"), ("AU9",), ("AU10",), ("AU4", "AU9"), ("AU7",), ("AU6", "AU7"))

_TWITCH = 0.7
"""Most intensity of what twitches beside the expression."""


def draw_kind(rng: np.random.Generator) -> Kind:
    """A random kind."""
    names = list(SHARES)
    return names[int(rng.choice(len(names), p=np.array(list(SHARES.values()))))]


def draw_units(kind: Kind, rng: np.random.Generator) -> Units:
    """Draw the action units of an expression of a kind."""
    units = _plausible(_draw(kind, rng), rng) if kind is not Kind.NEUTRAL else {}
    if kind is not Kind.NEUTRAL or rng.random() < 0.5:  # half of the neutral faces twitch a little
        for name in LABELS[:-1]:
            if name not in units and rng.random() < 0.06:
                units[name] = float(rng.uniform(0, _TWITCH))
    return units


def _some(rng: np.random.Generator, chances: dict[str, float], level: float) -> Units:
    return {
        name: float(np.clip(level * rng.uniform(0.6, 1.2), 0, INTENSITY_MAX))
        for name, chance in chances.items()
        if rng.random() < chance
    }


def _draw(kind: Kind, rng: np.random.Generator) -> Units:
    level = float(rng.uniform(*_LEVELS.get(kind, (1.0, 5.0))))
    match kind:
        case Kind.SMILE:
            units = _some(rng, _CHANCES[kind], level)
            return units | ({"AU25": float(rng.uniform(1, 5))} if rng.random() < 0.65 else {})
        case Kind.TALK:
            units = _some(rng, _CHANCES[kind], level)
            return units | ({"AU12": float(rng.uniform(0, 2))} if rng.random() < 0.25 else {})
        case Kind.SLEEP:
            slack = {"AU25": float(rng.uniform(0, 3)), "AU26": float(rng.uniform(0, 3))} if rng.random() < 0.4 else {}
            return {"AU43": INTENSITY_MAX} | slack
        case Kind.MOUTH_BREATHING:
            return {"AU25": float(rng.uniform(2, 5)), "AU26": float(rng.uniform(1.5, 5))} | (
                {"AU43": INTENSITY_MAX} if rng.random() < 0.5 else {}
            )
        case Kind.YAWN:
            return _some(rng, {"AU27": 1.0, "AU25": 1.0, "AU43": 0.5, "AU9": 0.1, "AU7": 0.2}, float(rng.uniform(3, 5)))
        case Kind.RANDOM:
            chances = dict.fromkeys(LABELS, 0.22) | dict.fromkeys(("AU14", "AU16", "AU18", "AU23"), 0.1)
            return {name: float(rng.uniform(0, INTENSITY_MAX)) for name, c in chances.items() if rng.random() < c}
        case Kind.PARTIAL_PAIN:
            return _some(rng, dict.fromkeys(_PARTIAL[int(rng.integers(len(_PARTIAL)))], 1.0), level)
        case _:
            return _some(rng, _CHANCES[kind], level)


_SHUTS_LIPS = ("AU17", "AU23", "AU24")


def _plausible(units: Units, rng: np.random.Generator) -> Units:
    """Take out what a face cannot do at once, and let the eyelids rest half shut now and then."""
    units = dict(units)
    if "AU43" in units and units["AU43"] < INTENSITY_MAX and rng.random() < 0.7:
        units["AU43"] = INTENSITY_MAX  # eyes are mostly either open or shut
    elif "AU43" not in units and rng.random() < 0.15:
        units["AU43"] = float(rng.uniform(0, 2.3))
    if units.get("AU27", 0) > 0:
        units.pop("AU26", None)
    jaw = max(units.get("AU26", 0.0), units.get("AU27", 0.0))
    if jaw > 1:
        units["AU25"] = max(units.get("AU25", 0.0), jaw * 0.8)
        for shut in _SHUTS_LIPS:
            units.pop(shut, None)
    if units.get("AU43", 0) > 1:
        units.pop("AU5", None)
    if units.get("AU12", 0) > 1:
        units.pop("AU15", None)
    return units
