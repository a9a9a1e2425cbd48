"""Expressions: which action units pull on either side, how strongly, and what that does to a person's face."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.face.units import INTENSITY_MAX
from quantize.faces.head import Head
from quantize.faces.kinds import Kind, Units, draw_kind, draw_units
from quantize.faces.person import Person
from quantize.faces.sculpt import OWN_BUMPS, Sculpt, draw_sculpt, sculptor

DISTRACTORS = ("AU14", "AU16", "AU18", "AU23")
"""Action units that are shown but not learnt, so that the network does not take them for those it knows."""

_DRAGGED: dict[str, tuple[tuple[str, float, float], ...]] = {
    "AU12": (("AU10", 0.0, 0.6), ("AU6", 0.0, 0.35), ("AU20", 0.0, 0.9)),
    "AU25": (("AU16", 0.0, 0.7),),
    "AU9": (("AU10", 0.0, 0.3),),
    "AU43": (("AU4", 0.0, 0.12),),
}
"""What a strong action unit moves along with it although no other muscle pulls: (look of, least, most share). A wide
smile lifts the upper lip and bares the teeth, pushes the cheeks up and widens the mouth; the label stays AU12 alone.
Without this a real toothy smile was read as AU10 + AU4, that is, as pain."""


@dataclass(frozen=True, slots=True)
class Expression:
    """What a face does. Intensities say what is to be seen, whatever the will behind it.

    Attributes:
        kind: what it is meant to be.
        left, right: intensities 0..5 on the person's own left and right; what is not named is 0.
        gaze: where the eyes look, (right in the picture, up), about radians.
    """

    kind: Kind
    left: Units
    right: Units
    gaze: tuple[float, float] = (0.0, 0.0)

    @property
    def both(self) -> Units:
        """The stronger side of each action unit."""
        names = {*self.left, *self.right}
        return {name: max(self.left.get(name, 0.0), self.right.get(name, 0.0)) for name in sorted(names)}


def symmetric(kind: Kind, units: Units, gaze: tuple[float, float] = (0.0, 0.0)) -> Expression:
    """The same on both sides."""
    return Expression(kind, units, units, gaze)


MIDLINE = ("AU16", "AU17", "AU18", "AU23", "AU24", "AU25", "AU26", "AU27")
"""Action units that have no side: the jaw and the middle of the lips."""


def draw_expression(rng: np.random.Generator, kind: Kind | None = None, *, person: Person | None = None) -> Expression:
    """Draw an expression of a kind, or of a random kind.

    Args:
        rng: the only source of chance.
        kind: fixed instead of random.
        person: whose face; its drooping lids and weak side show in what is seen.
    """
    kind = draw_kind(rng) if kind is None else kind
    units = draw_units(kind, rng)
    lopsided = rng.random() < 0.15
    left, right = dict(units), dict(units)
    for name in units:
        if name in MIDLINE or name == "AU43":
            continue
        spread = 0.3 if lopsided else 0.06
        share = float(np.clip(rng.normal(0, spread), -0.9, 0.9))
        weaker = left if share < 0 else right
        weaker[name] = units[name] * (1 - abs(share))
    gaze = (float(rng.normal(0, 0.15)), float(rng.normal(-0.02, 0.1)))
    if rng.random() < 0.1:
        gaze = (float(rng.uniform(-0.6, 0.6)), float(rng.uniform(-0.4, 0.3)))
    return as_seen(Expression(kind, left, right, gaze), person)


def as_seen(expression: Expression, person: Person | None) -> Expression:
    """What of an expression is to be seen on a person with drooping lids or a weak side."""
    if person is None:
        return expression
    sides = []
    for side, units, droop in ((1, expression.left, person.ptosis[0]), (-1, expression.right, person.ptosis[1])):
        weak = person.weakness if person.weak_side == side else 0.0
        seen = {
            name: value * (1 - weak * (0.7 if name == "AU43" else 1.0)) if name not in MIDLINE else value
            for name, value in units.items()
        }
        if droop > 0:
            seen["AU43"] = max(seen.get("AU43", 0.0), INTENSITY_MAX * droop)
            seen.pop("AU5", None)
        sides.append(seen)
    return Expression(expression.kind, sides[0], sides[1], expression.gaze)


_NARROWED = 0.6
"""Share of AU7's way that a full AU6 has already gone in the open sculpts."""

_HALF_SHUT = 2.5
"""AU43 below which lids hang without being shut."""


def _effect(name: str, intensity: float, units: Units, narrowed: float) -> float:
    """Weight of an action unit's target: lids that are already shut or narrowed have less way to go.

    Without this AU6 and AU7 together shut the eyes of four people in five, although AU43 is 0.
    """
    shut = units.get("AU43", 0.0) / INTENSITY_MAX
    weight = intensity / INTENSITY_MAX
    orbit = max(units.get("AU6", 0.0), units.get("AU7", 0.0)) / INTENSITY_MAX
    if name == "AU7":
        return weight * (1 - 0.8 * shut) * (1 - narrowed * units.get("AU6", 0.0) / INTENSITY_MAX)
    if name == "AU43" and intensity < _HALF_SHUT:
        return weight * (1 - narrowed * orbit)
    return weight * (1 - 0.3 * shut) if name == "AU6" else weight


def _pulls(expression: Expression, rng: np.random.Generator, narrowed: float) -> list[tuple[str, float, float]]:
    """(look, left, right) weights 0..1 to add up: every action unit, and what it drags along."""
    pulls: list[tuple[str, float, float]] = []
    for name in expression.both:
        left, right = (
            _effect(name, units.get(name, 0.0), units, narrowed) for units in (expression.left, expression.right)
        )
        if name in MIDLINE:
            left = right = (left + right) / 2
        if max(left, right) <= 0:
            continue
        pulls.append((name, left, right))
        for look, least, most in _DRAGGED.get(name, ()):
            share = float(rng.uniform(least, most))
            pulls.append((look, left**1.5 * share, right**1.5 * share))
    return pulls


def deform(
    head: Head,
    person: Person,
    expression: Expression,
    rng: np.random.Generator,
    sculpt: Sculpt | None = None,
) -> NDArray[np.float32]:
    """Move a person's face.

    Args:
        head: the assets.
        person: whose face.
        expression: what it does.
        rng: draws variants and small variations.
        sculpt: whose idea of the action units; drawn among the open ones if None.

    Returns:
        (n, 3) float32 vertices, dm.
    """
    sculpt = draw_sculpt(rng) if sculpt is None else sculpt
    hand = sculptor(head)
    shape = person.vertices.copy()
    for name, left, right in _pulls(expression, rng, 0.0 if sculpt is Sculpt.FACS else _NARROWED):
        vary = 1.0 if name == "AU43" else float(np.clip(rng.normal(1, 0.08), 0.8, 1.2))
        left, right = left * vary, right * vary
        by = sculpt
        if sculpt is Sculpt.MIXED:
            by = Sculpt.OWN if rng.random() < 0.5 else Sculpt.MPFB
        if by is Sculpt.FACS:
            hand.facs(shape, name, left, right, rng)
        elif by is Sculpt.OWN or (name == "AU6" and name in OWN_BUMPS):  # MPFB2 has no cheek raiser
            hand.own(shape, name, left, right, person.ancestry, rng)
        else:
            hand.mpfb(shape, name, left, right, person.ancestry)
    return shape
