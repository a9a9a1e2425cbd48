"""How the skin moves for each action unit: MPFB2's expression units, our own sculpts on top, and FACSHuman's.

MPFB2 has no cheek raiser, and its inner brow, nose wrinkler and lip raiser are weak: our own sculpts add what the
muscle does there (Ekman, Friesen & Hager 2002; the anatomy after Standring, Gray's Anatomy), as soft bumps on the
resting mesh whose place, size and strength differ from picture to picture. Both are CC0, so the shipped network can be
made from permissively licensed assets alone; FACSHuman's targets (LGPL-3.0) are for testing on a sculpt never seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from quantize.faces.head import ANCESTRIES, Head, Material

Floats = NDArray[np.float32]


class Sculpt(StrEnum):
    """Whose idea of an action unit a face is moved by."""

    MPFB = "mpfb"
    OWN = "own"
    MIXED = "mixed"
    """One or the other, action unit by action unit."""
    FACS = "facs"


OPEN_SHARES = {Sculpt.MPFB: 0.2, Sculpt.OWN: 0.5, Sculpt.MIXED: 0.3}
"""How often each open sculpt is drawn."""

FACS_PARTS: dict[str, tuple[tuple[tuple[str, float], ...], ...]] = {
    "AU1": ((("1", 1.0),), (("1_a", 1.0),)),
    "AU2": ((("2", 1.0),), (("2", 0.5), ("2_a", 0.5))),
    "AU4": ((("4", 1.0),), (("4_a", 1.0),), (("4", 0.5), ("4_b", 0.5))),
    "AU5": ((("5", 1.0),),),
    "AU6": ((("6", 1.0),), (("6_a", 1.0),), (("6_b", 1.0),)),
    "AU7": ((("7", 1.0),),),
    "AU9": ((("9", 1.0),), (("9_a", 1.0),)),
    "AU10": ((("10", 1.0),),),
    "AU12": ((("12", 1.0),), (("12_a", 1.0),), (("12_b", 1.0),)),
    "AU14": ((("14", 1.0),),),
    "AU15": ((("15", 1.0),),),
    "AU16": ((("16", 1.0),),),
    "AU17": ((("17", 1.0),), (("17_a", 1.0),)),
    "AU18": ((("18", 1.0),), (("18_a", 1.0),)),
    "AU20": ((("20", 1.0),),),
    "AU23": ((("23", 1.0),),),
    "AU24": ((("24", 1.0),),),
    "AU25": ((("25", 1.0),), (("25_a", 1.0),)),
    "AU26": ((("26", 0.7),), (("26_a", 0.7),)),
    "AU27": ((("26", 1.25),), (("26_a", 1.25),)),
    "AU43": ((("43", 1.0),),),
}
"""FACSHuman's targets with weights; where an action unit has variants, one is drawn. AU27 is its jaw drop, further."""

_SIDES = ("left", "right")


def _both(name: str, weight: float) -> tuple[tuple[str, float], ...]:
    return tuple((name.replace("*", side), weight) for side in _SIDES)


MPFB_PARTS: dict[str, tuple[tuple[str, float], ...]] = {
    "AU1": _both("eyebrows-*-inner-up", 1.3),
    "AU2": _both("eyebrows-*-extern-up", 1.0),
    "AU4": (*_both("eyebrows-*-down", 1.0), ("nose-compression", 0.8)),
    "AU5": _both("eye-*-opened-up", 1.0),
    "AU6": _both("eye-*-slit", 0.6),
    "AU7": _both("eye-*-slit", 1.0),
    "AU9": (("nose-compression", 1.0), *_both("nose-*-elevation", 1.0), *_both("eyebrows-*-down", 0.3)),
    "AU10": (("mouth-elevation", 0.8), *_both("nose-*-elevation", 0.5)),
    "AU12": (("mouth-corner-puller", 1.0),),
    "AU15": (("mouth-depression", 1.0),),
    "AU16": (("mouth-eversion", 0.5),),
    "AU17": (("mouth-protusion", 0.35),),
    "AU18": (("mouth-pursing", 1.0),),
    "AU20": (("mouth-retraction", 1.0),),
    "AU23": (("mouth-compression", 0.35),),
    "AU24": (("mouth-compression", 0.6),),
    "AU25": (("mouth-parling", 1.0), ("mouth-part-later", 0.5)),
    "AU26": (("mouth-open", 0.6),),
    "AU27": (("mouth-open", 1.1),),
    "AU43": _both("eye-*-closure", 1.0),
}
"""MPFB2's expression units closest to each action unit, with weights."""


@dataclass(frozen=True, slots=True)
class Bump:
    """A soft push on the person's left half of the resting mesh (the right one mirrors it).

    Attributes:
        centre: (x, y) of its middle, dm.
        spread: standard deviation in x and y, dm.
        push: (x, y, z) at its middle and full intensity, dm: x away from the midline, y up, z forwards.
    """

    centre: tuple[float, float]
    spread: tuple[float, float]
    push: tuple[float, float, float]


OWN_BUMPS: dict[str, tuple[Bump, ...]] = {
    # Frontalis, inner part: the head of the brow rises, the forehead above it follows.
    "AU1": (
        Bump((0.10, 7.47), (0.11, 0.07), (-0.004, 0.085, 0.004)),
        Bump((0.10, 7.62), (0.16, 0.10), (0, 0.035, 0.004)),
    ),
    # Frontalis, outer part.
    "AU2": (
        Bump((0.44, 7.48), (0.13, 0.07), (0, 0.075, 0.003)),
        Bump((0.42, 7.64), (0.16, 0.10), (0, 0.03, 0.003)),
    ),
    # Corrugator and depressor: brows down and together, the skin between them bulges.
    "AU4": (
        Bump((0.17, 7.46), (0.14, 0.07), (-0.04, -0.055, 0.008)),
        Bump((0.05, 7.43), (0.05, 0.07), (-0.008, -0.02, 0.022)),
        Bump((0.40, 7.47), (0.13, 0.07), (-0.012, -0.03, 0)),
    ),
    # Orbicularis oculi, outer ring: the cheek is lifted and gathered, the skin beside the eye drawn inwards.
    "AU6": (
        Bump((0.40, 6.98), (0.17, 0.12), (-0.004, 0.062, 0.034)),
        Bump((0.34, 7.12), (0.15, 0.05), (0, 0.034, 0.012)),
        Bump((0.60, 7.25), (0.09, 0.10), (-0.022, 0.006, 0.006)),
        Bump((0.42, 7.46), (0.15, 0.06), (0, -0.014, 0)),
    ),
    # Its inner ring: the lids tighten, mostly the lower one.
    "AU7": (
        Bump((0.31, 7.17), (0.13, 0.035), (0, 0.022, 0.010)),
        Bump((0.50, 7.25), (0.06, 0.05), (-0.008, 0, 0)),
    ),
    # Levator labii superioris alaeque nasi: wing of the nose and the skin beside it up, the root of the nose wrinkles.
    "AU9": (
        Bump((0.15, 6.93), (0.06, 0.07), (0.006, 0.052, 0.004)),
        Bump((0.13, 7.10), (0.07, 0.09), (-0.004, 0.034, 0.018)),
        Bump((0.14, 6.76), (0.10, 0.05), (0, 0.036, 0.004)),
        Bump((0.26, 7.02), (0.09, 0.08), (-0.008, 0.028, 0.014)),
        Bump((0.10, 7.42), (0.09, 0.06), (-0.012, -0.024, 0.006)),
    ),
    # Levator labii superioris: the upper lip is lifted with an angle, the fold beside the nose deepens.
    "AU10": (
        Bump((0.17, 6.75), (0.10, 0.055), (0.004, 0.040, 0.006)),
        Bump((0.28, 6.90), (0.09, 0.08), (0.006, 0.034, 0.026)),
        Bump((0.18, 6.92), (0.05, 0.06), (0.014, 0.022, 0)),
    ),
    # Zygomaticus major: beside the corners the cheek is pushed up and out.
    "AU12": (
        Bump((0.42, 6.90), (0.15, 0.12), (0.012, 0.030, 0.036)),
        Bump((0.38, 6.62), (0.08, 0.10), (0.022, 0.020, -0.010)),
    ),
    # Depressor anguli oris, mentalis, risorius.
    "AU15": (Bump((0.29, 6.56), (0.08, 0.08), (0.006, -0.045, 0)),),
    "AU17": (
        Bump((0.05, 6.30), (0.14, 0.09), (0, 0.048, 0.022)),
        Bump((0.08, 6.50), (0.16, 0.05), (0, 0.030, 0.012)),
    ),
    "AU20": (Bump((0.34, 6.58), (0.12, 0.12), (0.050, -0.012, -0.012)),),
}
"""Our own sculpts."""

_ON_TOP_OF = {"AU6": 0.75, "AU7": 0.95, "AU9": 0.45, "AU10": 0.65, "AU12": 1.0, "AU4": 0.25, "AU1": 0.35, "AU2": 0.35}
"""Share of MPFB2's own unit that stays below our bumps: lids and lips must slide over what lies behind them."""

_FRONT_Z = 0.75
_LIP_GAP_Y = 6.625
_UPPER_LIP = ("AU9", "AU10")
_BLEND_DM = 0.09
"""Half-width of the strip along the midline in which one side passes into the other."""


@dataclass(frozen=True, slots=True)
class _Target:
    """A sparse move: rows of the mesh, and (k, 3) moves at full weight."""

    rows: NDArray[np.int64]
    moves: Floats


class Sculptor:
    """Moves the faces of one head."""

    def __init__(self, head: Head) -> None:
        """Make every target sparse."""
        self._base = head.base
        x = head.base[:, 0] / _BLEND_DM
        t = np.clip((x + 1) / 2, 0, 1)
        self.leftness = (t * t * (3 - 2 * t)).astype(np.float32)
        """(n,) 1 on the person's left half, 0 on the right, passing over along the midline."""
        self._targets = {
            name: _sparse(moves) for name, moves in head.targets.items() if name.split("/")[0] in ("facs", "mpfb")
        }
        skin = np.unique(head.triangles[head.material == Material.SKIN])
        self._skin = skin[head.base[skin, 2] > _FRONT_Z]
        self._front = head.base[self._skin]

    def mpfb(self, shape: Floats, name: str, left: float, right: float, ancestry: dict[str, float]) -> None:
        """Move a shape (n, 3) by MPFB2's units; weights of both sides, 1 at full intensity."""
        for part, weight in MPFB_PARTS.get(name, ()):
            for group in ANCESTRIES:
                share = weight * ancestry[group]
                if share > 0.02:
                    self._add(shape, f"mpfb/{group}/{part}", left * share, right * share)

    def facs(self, shape: Floats, name: str, left: float, right: float, rng: np.random.Generator) -> None:
        """Move a shape by one variant of FACSHuman's targets."""
        variants = FACS_PARTS.get(name, ())
        if variants:
            for part, weight in variants[int(rng.integers(len(variants)))]:
                self._add(shape, f"facs/{part}", left * weight, right * weight)

    def own(
        self,
        shape: Floats,
        name: str,
        left: float,
        right: float,
        ancestry: dict[str, float],
        rng: np.random.Generator,
    ) -> None:
        """Move a shape by our own sculpt; no two pictures have quite the same one."""
        under = _ON_TOP_OF.get(name, 0.5) if name in OWN_BUMPS else 1.0
        under *= float(rng.uniform(0.75, 1.15))
        if name == "AU43":
            under = 1.0  # lids meet or do not
        self.mpfb(shape, name, left * under, right * under, ancestry)
        for bump in OWN_BUMPS.get(name, ()):
            self._push(shape, _varied(bump, rng), left, right, upper=name in _UPPER_LIP)

    def _add(self, shape: Floats, target: str, left: float, right: float) -> None:
        found = self._targets[target]
        side = self.leftness[found.rows]
        weight = np.float32(right) + np.float32(left - right) * side
        shape[found.rows] += weight[:, None] * found.moves

    def _push(self, shape: Floats, bump: Bump, left: float, right: float, *, upper: bool) -> None:
        x, y = self._front[:, 0], self._front[:, 1]
        fall_y = ((y - bump.centre[1]) / bump.spread[1]) ** 2
        near = fall_y < 9
        if upper:
            near &= y > _LIP_GAP_Y
        rows, x = self._skin[near], x[near]
        for sign, weight in ((1.0, left), (-1.0, right)):
            if weight <= 0:
                continue
            fall_x = ((x * sign - bump.centre[0]) / bump.spread[0]) ** 2
            soft = weight * np.exp(-0.5 * (fall_x + fall_y[near]))
            push = np.array([sign * bump.push[0], bump.push[1], bump.push[2]], np.float32)
            shape[rows] += soft.astype(np.float32)[:, None] * push


def _sparse(moves: Floats) -> _Target:
    rows = np.flatnonzero(np.abs(moves).max(axis=1) > 1e-5)
    return _Target(rows, np.ascontiguousarray(moves[rows]))


def _varied(bump: Bump, rng: np.random.Generator) -> Bump:
    """Another person's muscle: its place within 2 mm or so, its reach and pull within a quarter."""
    dx, dy = rng.normal(0, 0.02, 2)
    wider, taller, stronger = rng.uniform(0.8, 1.25), rng.uniform(0.8, 1.25), rng.uniform(0.7, 1.3)
    turned = bump.push[0] + rng.normal(0, 0.15) * abs(bump.push[1])
    return Bump(
        (bump.centre[0] + float(dx), bump.centre[1] + float(dy)),
        (bump.spread[0] * float(wider), bump.spread[1] * float(taller)),
        (float(turned * stronger), float(bump.push[1] * stronger), float(bump.push[2] * stronger)),
    )


@lru_cache(maxsize=2)
def sculptor(head: Head) -> Sculptor:
    """The sculptor of a head; built once."""
    return Sculptor(head)


def has_facs(head: Head) -> bool:
    """Whether FACSHuman's targets are among the head's."""
    return any(name.startswith("facs/") for name in head.targets)


def draw_sculpt(rng: np.random.Generator, *, open_only: bool = True) -> Sculpt:
    """Draw a sculpt: an open one, or FACSHuman's half of the time where `open_only` is False."""
    if not open_only and rng.random() < 0.5:
        return Sculpt.FACS
    names = list(OPEN_SHARES)
    return names[int(rng.choice(len(names), p=list(OPEN_SHARES.values())))]
