"""A person who does not exist: shape, skin, hair and painted details, drawn from one seed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quantize.faces.head import AGES, ANCESTRIES, SEXES, WEIGHTS, Head, Material
from quantize.faces.paint import Paint, paint_face

_DETAILS_PER_PERSON = 28
"""Shape details mixed into a face; with fewer, faces look alike, with more they drift to an average of all."""


@dataclass(frozen=True, slots=True, eq=False)
class Hair:
    """Hair and beard as shading sees them.

    Attributes:
        bald: no hair at all.
        line_deg: elevation of the hairline above the eyes, degrees seen from the middle of the head.
        side_deg: how far it comes down at the temples.
        volume: thickness over the skull, dm.
        shade: reflectance 0..1.
        long: hair behind the neck.
        beard: cover of the beard, 0..1.
        density: 0..1, share of the skull that thin hair hides.
        grey: 0..1, share of strands that have lost their colour.
        seed: of the strands.
    """

    bald: bool
    line_deg: float
    side_deg: float
    volume: float
    shade: float
    long: bool
    beard: float
    density: float
    grey: float
    seed: int


@dataclass(frozen=True, slots=True, eq=False)
class Person:
    """One identity.

    Attributes:
        vertices: (n, 3) float32 resting shape, dm.
        ancestry: weight of each of `ANCESTRIES`.
        male, age: 0..1 (age 1 is old).
        skin: (512, 512) float32 reflectance.
        hair: see `Hair`.
        paint: brows, wrinkles.
        lash: cover of the lashes, 0..1.
        brow_shade, brow_cover: reflectance and cover of the eyebrows.
        iris, sclera, teeth: reflectances.
        toothless: whether the upper and the lower teeth are missing.
        wrinkle_depth: how strongly wrinkles show when an action unit pulls.
        rest_lines: how strongly they show at rest.
        frown_lines: how strongly lines like those of AU4 show although nothing pulls, 0..1.
        ptosis: how far the left and the right upper lid hang down at rest, 0..1.
        weak_side: side that a palsy keeps from moving: 1 the person's left, -1 the right, 0 neither.
        weakness: how much of its movement is lost, 0..1.
    """

    vertices: NDArray[np.float32]
    ancestry: dict[str, float]
    male: float
    age: float
    skin: NDArray[np.float32]
    hair: Hair
    paint: Paint
    lash: float
    brow_shade: float
    brow_cover: float
    iris: float
    sclera: float
    teeth: float
    toothless: tuple[bool, bool]
    wrinkle_depth: float
    rest_lines: float
    frown_lines: float
    ptosis: tuple[float, float]
    weak_side: int
    weakness: float

    @property
    def trait(self) -> str:
        """What of the resting face may be mistaken for an action unit: "palsy", "ptosis", "frown_lines" or "none"."""
        if self.weak_side:
            return "palsy"
        if max(self.ptosis) > 0.15:
            return "ptosis"
        return "frown_lines" if self.frown_lines > 0.3 else "none"


def _mixed(weights: dict[str, float], head: Head, kind: str) -> NDArray[np.float32]:
    total = np.zeros_like(head.base)
    for name, weight in weights.items():
        if weight > 0.01:
            total += np.float32(weight) * head.targets[f"{kind}/{name}"]
    return total


def _shape(
    head: Head, rng: np.random.Generator, ancestry: dict[str, float], male: float, age: float
) -> NDArray[np.float32]:
    """Macro shape by ancestry, sex, age and weight, then random details and hollows of the thin."""
    sexes = dict(zip(SEXES, (1 - male, male), strict=True))
    ages = dict(zip(AGES, (1 - age, age), strict=True))
    heavy = float(np.clip(rng.normal(-0.25, 0.55), -1.3, 1))  # below -1: cachexia, beyond MakeHuman's thinnest
    weights = dict(zip(WEIGHTS, (max(0.0, -heavy), max(0.0, 1 - abs(heavy)), max(0.0, heavy)), strict=True))
    macro = {f"{a}-{s}-{g}": ancestry[a] * sexes[s] * ages[g] for a in ANCESTRIES for s in SEXES for g in AGES}
    body = {f"{s}-{g}-{w}": sexes[s] * ages[g] * weights[w] for s in SEXES for g in AGES for w in WEIGHTS}
    shape = head.base + _mixed(macro, head, "macro") + _mixed(body, head, "weight")
    names = head.details
    for k in rng.choice(len(names), _DETAILS_PER_PERSON, replace=False):
        name = names[int(k)]
        strength = np.float32(rng.uniform(0, 0.55))
        shape = shape + strength * head.targets[name]
        word = name.removeprefix("detail/")
        if word[:2] in ("l-", "r-"):  # a face is nearly symmetric
            other = f"detail/{'r' if word[0] == 'l' else 'l'}-{word[2:]}"
            if other in head.targets:
                shape = shape + strength * np.float32(rng.uniform(0.8, 1.0)) * head.targets[other]
    if heavy < -0.4:
        shape = shape + np.float32(-heavy - 0.4) * _hollows(head)
    return _teeth_behind_lips(head, shape.astype(np.float32))


def _teeth_behind_lips(head: Head, shape: NDArray[np.float32]) -> NDArray[np.float32]:
    """Draw the teeth back a little: a person's own lips often lie deeper than the teeth, which no target moves."""
    teeth = np.unique(head.triangles[(head.material == Material.TEETH) | (head.material == Material.LOWER_TEETH)])
    middle = shape[teeth].mean(axis=0)
    shape[teeth] = middle + (shape[teeth] - middle) * np.array([0.9, 1.0, 1.0], np.float32)
    shape[teeth, 2] -= 0.035
    return shape


def _hollows(head: Head) -> NDArray[np.float32]:
    """Sunken cheeks and temples of somebody who has lost much weight, dm; our own sculpt."""
    x, y, z = np.abs(head.base[:, 0]), head.base[:, 1], head.base[:, 2]
    skin = np.zeros(len(head.base), bool)
    skin[np.unique(head.triangles[head.material == Material.SKIN])] = True
    depth = np.zeros_like(x)
    for (cx, cy, cz), (sx, sy, sz), push in (
        ((0.46, 6.78, 1.15), (0.12, 0.14, 0.2), 0.085),
        ((0.60, 7.48, 0.95), (0.08, 0.14, 0.2), 0.06),
    ):
        depth += push * np.exp(-0.5 * (((x - cx) / sx) ** 2 + ((y - cy) / sy) ** 2 + ((z - cz) / sz) ** 2))
    inwards = np.stack([-np.sign(head.base[:, 0]) * depth, np.zeros_like(depth), -0.4 * depth], axis=1)
    return np.asarray(inwards * skin[:, None], dtype=np.float32)


def _ptosis(rng: np.random.Generator, age: float) -> tuple[float, float]:
    """Hanging upper lids: common in old age, on one side or both."""
    if rng.random() > 0.06 + 0.12 * age:
        return 0.0, 0.0
    droop = float(rng.uniform(0.2, 0.6))
    sides = ((droop, droop * float(rng.uniform(0.6, 1.0))), (droop, 0.0), (0.0, droop))
    return sides[int(rng.integers(3))]


def _skin(
    head: Head, rng: np.random.Generator, ancestry: dict[str, float], male: float, age: float
) -> NDArray[np.float32]:
    """A skin that fits the person, sometimes mixed with another, in grey as some camera would see it."""
    band = "young" if age < 0.35 else ("middleage" if age < 0.7 else "old")
    nearest = max(ancestry, key=lambda name: ancestry[name])
    planes = head.skins[f"{band}_{nearest}_{'male' if male > 0.5 else 'female'}"]
    choice = int(rng.integers(len(planes) // 3)) * 3
    weights = rng.dirichlet([2, 5, 4])
    skin = sum((np.float32(w) * planes[choice + k] for k, w in enumerate(weights)), np.zeros_like(planes[0]))
    if rng.random() < 0.3:
        names = sorted(head.skins)
        other = head.skins[names[int(rng.integers(len(names)))]]
        share = np.float32(rng.uniform(0, 0.5))
        skin = skin * (1 - share) + share * (other[0] + other[1] + other[2]) / np.float32(3)
    tone = np.clip(skin, 0, 1) ** rng.uniform(0.7, 1.3) * rng.uniform(0.8, 1.15)
    return tone.astype(np.float32)


def _hair(rng: np.random.Generator, male: float, age: float) -> Hair:
    dark, brown, light = rng.uniform(0.02, 0.15), rng.uniform(0.1, 0.45), rng.uniform(0.4, 0.8)
    share = np.array([0.6 - 0.4 * age, 0.25, 0.15 + 0.4 * age])
    return Hair(
        bald=bool(rng.random() < 0.14 + 0.15 * age * male),  # some after chemotherapy
        line_deg=float(rng.uniform(28, 55)),
        side_deg=float(rng.uniform(0, 35)),
        volume=float(rng.uniform(0, 0.22)),
        shade=float(rng.choice([dark, brown, light], p=share)),
        long=bool(rng.random() < (0.55 if male < 0.5 else 0.1)),
        beard=float(rng.uniform(0.15, 0.85)) if male > 0.5 and rng.random() < 0.35 else 0.0,
        density=float(rng.uniform(0.3, 0.8)) if rng.random() < 0.1 + 0.4 * age else 1.0,
        grey=float(rng.beta(1.2, 1.2)) if rng.random() < age else 0.0,
        seed=int(rng.integers(2**31)),
    )


def _toothless(rng: np.random.Generator, age: float) -> tuple[bool, bool]:
    """Missing teeth, with no prosthesis worn: common in the very old, upper and lower mostly together."""
    if rng.random() > 0.35 * age**2:
        return False, False
    return ((True, True), (True, True), (True, False), (False, True))[int(rng.integers(4))]


def make_person(head: Head, rng: np.random.Generator, *, age: float | None = None, male: float | None = None) -> Person:
    """Draw a person. Half of them are old, since the box stands in palliative rooms.

    Args:
        head: the assets.
        rng: the only source of chance.
        age: fixed, 0 (young) to 1 (old), instead of random.
        male: fixed, 0 to 1, instead of random.
    """
    ancestry = dict(zip(ANCESTRIES, (float(w) for w in rng.dirichlet([0.45] * 3)), strict=True))
    drawn_male = float(np.clip(rng.normal(0.5, 0.6), 0, 1))
    drawn_age = float(rng.beta(1.1, 0.8))
    male = drawn_male if male is None else male
    age = drawn_age if age is None else age
    hair = _hair(rng, male, age)
    palsied = rng.random() < 0.06
    return Person(
        vertices=_shape(head, rng, ancestry, male, age),
        ancestry=ancestry,
        male=male,
        age=age,
        skin=_skin(head, rng, ancestry, male, age),
        hair=hair,
        paint=paint_face(rng),
        lash=float(rng.uniform(0.3, 1.0)),
        brow_shade=float(np.clip(hair.shade * rng.uniform(0.5, 1.1), 0.02, 0.6)),
        brow_cover=float(rng.uniform(0.05, 0.4) if rng.random() < 0.15 else rng.uniform(0.45, 1.0)),
        iris=float(rng.uniform(0.04, 0.15) if rng.random() < 0.7 else rng.uniform(0.15, 0.5)),
        sclera=float(rng.uniform(0.42, 0.7)),
        teeth=float(rng.uniform(0.5, 1.2)),
        toothless=_toothless(rng, age),
        wrinkle_depth=float(rng.uniform(0.3, 1.0) * (0.5 + 0.5 * age)),
        rest_lines=float(age**2 * rng.uniform(0, 0.55)),
        frown_lines=float(rng.uniform(0.3, 1.0)) if rng.random() < 0.05 + 0.2 * age else 0.0,
        ptosis=_ptosis(rng, age),
        weak_side=int(rng.choice([-1, 1])) if palsied else 0,
        weakness=float(rng.uniform(0.6, 1.0)) if palsied else 0.0,
    )
