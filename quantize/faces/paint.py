"""Details painted on the skin: brows, and the wrinkles that come with each action unit.

They are drawn on a flat map over the resting base mesh seen from the front, and looked up by each pixel's resting
position: so they move with the skin. Without wrinkles a network learns AU9 visibly worse (r .50 against .38).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Map = NDArray[np.float32]
Point = tuple[float, float]

LEFT, RIGHT, LOW, HIGH = -0.9, 0.9, 6.0, 8.2
"""Extent of the map on the base mesh, dm (x to the person's left, y up)."""

PX_PER_DM = 200.0
"""Resolution of the map."""

SIZE = (int((HIGH - LOW) * PX_PER_DM), int((RIGHT - LEFT) * PX_PER_DM))
"""Height and width of the map, pixels."""

SIDES = (-1.0, 1.0)


def blank() -> Map:
    """An empty map."""
    return np.zeros(SIZE, np.float32)


def sample(picture: Map, column: Map, row: Map) -> Map:
    """Bilinear samples of a picture at (n,) pixel positions; zero outside it."""
    if not len(column):
        return np.zeros(0, np.float32)
    count, width = len(column), 256  # remap takes at most 32,767 rows or columns: fold the list into a sheet
    folded = np.full((2, -(-count // width) * width), -2, np.float32)
    folded[0, :count], folded[1, :count] = column, row
    sheet = folded.reshape(2, -1, width)
    found = cv2.remap(picture, sheet[0], sheet[1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
    return np.asarray(found, dtype=np.float32).reshape(-1)[:count]


def look_up(painted: Map, x: Map, y: Map) -> Map:
    """Values of a map at (n,) resting positions, dm; zero outside the map."""
    return sample(painted, (x - LEFT) * PX_PER_DM, (HIGH - y) * PX_PER_DM)


def stroke(points: Sequence[Point], width_px: float, *, taper: bool = True) -> Map:
    """A soft line through points on the base mesh, 1 at its core; it thins towards its ends if `taper`."""
    place = np.array([[(x - LEFT) * PX_PER_DM, (HIGH - y) * PX_PER_DM] for x, y in points])
    along = np.linspace(0, 1, 40)
    knots = np.linspace(0, 1, len(place))
    path = np.stack([np.interp(along, knots, place[:, 0]), np.interp(along, knots, place[:, 1])], axis=1)
    line = blank()
    for k in range(len(path) - 1):
        strength = float(np.sqrt(np.sin(np.pi * (k + 0.5) / (len(path) - 1)))) if taper else 1.0
        start, end = (tuple(int(value * 8) for value in path[i]) for i in (k, k + 1))
        cv2.line(line, start, end, strength, max(1, round(width_px)), cv2.LINE_AA, 3)
    return np.asarray(cv2.GaussianBlur(line, (0, 0), 0.9 + 0.35 * width_px), dtype=np.float32)


def fold(points: Sequence[Point], width_px: float, depth: float = 1.0, ridge: float = 0.5) -> Map:
    """A wrinkle: a dark line (negative) with a light ridge below it."""
    line = stroke(points, width_px)
    return depth * (ridge * np.roll(line, int(2 + width_px), 0) - line)


@dataclass(frozen=True, slots=True, eq=False)
class Paint:
    """What is painted on one person's face; all maps as `blank`.

    Attributes:
        brow: cover of the eyebrows, 0..1.
        wrinkles: action unit (or "rest", "nasolabial") to its wrinkles: negative is darker.
    """

    brow: Map
    wrinkles: Mapping[str, Map]


def _brow(rng: np.random.Generator) -> Map:
    arch, thick, lift = rng.normal(0, 0.016), rng.uniform(2.5, 8.0), rng.normal(0, 0.012)
    reach = rng.uniform(0.49, 0.57)
    brow = blank()
    for side in SIDES:
        base = np.array(
            [(0.10, 7.445), (0.17, 7.475), (0.28, 7.505 + arch), (0.40, 7.515 + arch), (reach, 7.45 + 0.3 * arch)]
        )
        for row in np.linspace(-1, 1, 3):
            drop = row * thick / PX_PER_DM * np.array([0.8, 1.0, 0.9, 0.6, 0.15]) * 0.8
            line = [(side * float(x), float(y + lift + d)) for (x, y), d in zip(base, drop, strict=True)]
            brow = np.maximum(brow, stroke(line, thick * 0.55))
    hairs = cv2.GaussianBlur(rng.random(SIZE).astype(np.float32), (0, 0), 1.0) * 5 - 1.7
    return np.asarray(np.clip(brow * np.clip(hairs, 0.35, 1.0) * 1.25, 0, 1), dtype=np.float32)


class _Folds:
    """Draws the folds of one person; `jitter` keeps every face different."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng

    def jitter(self, spread: float = 0.012) -> float:
        return float(self.rng.normal(0, spread))

    def width(self, low: float, high: float) -> float:
        return float(self.rng.uniform(low, high))

    def chance(self, share: float) -> bool:
        return bool(self.rng.random() < share)

    def forehead(self) -> Map:
        """AU1: lines across the whole forehead."""
        total, j = blank(), self.jitter
        for level in (7.72, 7.82, 7.93, 8.02):
            if self.chance(0.85):
                y = level + j(0.02)
                points = [(-0.32 + j(0.04), y + j()), (-0.15, y - 0.03 + j()), (0.0, y - 0.02 + j())]
                points += [(0.15, y - 0.03 + j()), (0.32 + j(0.04), y + j())]
                total += fold(points, self.width(1.2, 2.8))
        return total

    def outer_forehead(self) -> Map:
        """AU2: arcs over the outer brows."""
        total, j = blank(), self.jitter
        for side in SIDES:
            for y in (7.74, 7.83, 7.92):
                if self.chance(0.8):
                    points = [
                        (0.2, y - 0.03 + j()),
                        (0.35, y + 0.02 + j()),
                        (0.5, y - 0.01 + j()),
                        (0.6, y - 0.08 + j()),
                    ]
                    total += fold([(side * x, v) for x, v in points], self.width(1.2, 2.2))
        return total

    def frown(self) -> Map:
        """AU4: upright lines between the brows, sometimes a bulge above them."""
        total, j = blank(), self.jitter
        sides = SIDES if self.chance(0.8) else (float(self.rng.choice(SIDES)),)
        for side in sides:
            x = side * self.width(0.05, 0.1)
            points = [(x * 0.8, 7.36 + j()), (x, 7.46 + j()), (x * 1.25, 7.58 + j(0.03))]
            total += fold(points, self.width(2.0, 4.0), 1.2, 0.4)
        if self.chance(0.3):
            total += fold([(0.0, 7.4), (j(), 7.6)], self.width(1.2, 2.4))
        if self.chance(0.5):
            for side in SIDES:
                total += fold([(side * 0.1, 7.56), (side * 0.2, 7.66 + j()), (side * 0.3, 7.66 + j())], 2.2, 0.5)
        return total

    def crow_feet(self) -> Map:
        """AU6: rays outside the eyes and the furrow under them."""
        total, j = blank(), self.jitter
        for side in SIDES:
            for rise in (0.12, 0.05, -0.02, -0.1):
                if self.chance(0.75):
                    points = [(0.54, 7.27 + 0.4 * rise), (0.62, 7.28 + rise + j()), (0.7, 7.28 + 1.4 * rise + j())]
                    total += fold([(side * x, y) for x, y in points], self.width(1.2, 2.4))
            points = [(0.17, 7.12 + j()), (0.3, 7.05 + j()), (0.45, 7.08 + j()), (0.54, 7.16)]
            total += fold([(side * x, y) for x, y in points], self.width(1.8, 3.5))
        return total

    def lower_lid(self) -> Map:
        """AU7: the fold of the tightened lower lid."""
        total, j = blank(), self.jitter
        for side in SIDES:
            points = [(0.19, 7.19 + j(0.006)), (0.3, 7.155 + j(0.006)), (0.45, 7.18 + j(0.006))]
            total += fold([(side * x, y) for x, y in points], self.width(1.8, 3.0), 0.9, 0.6)
        return total

    def nose(self) -> Map:
        """AU9: lines across the root of the nose and down its sides."""
        total, j = blank(), self.jitter
        for y in (7.28, 7.34, 7.4):
            if self.chance(0.85):
                points = [(-0.09, y + 0.01 + j()), (0.0, y - 0.01 + j()), (0.09, y + 0.01 + j())]
                total += fold(points, self.width(1.5, 2.8), 1.1)
        for side in SIDES:
            for d in (0.0, 0.05, 0.1):
                if self.chance(0.8):
                    points = [(0.06, 7.26 - d), (0.12, 7.18 - d + j()), (0.17, 7.1 - d + j())]
                    total += fold([(side * x, y) for x, y in points], self.width(1.4, 2.6))
        return total

    def nasolabial(self) -> Map:
        """AU9, AU10, AU12: from the wings of the nose to the corners of the mouth."""
        total, j = blank(), self.jitter
        for side in SIDES:
            points = [(0.2, 6.97 + j()), (0.27, 6.88 + j()), (0.36 + j(0.02), 6.74 + j()), (0.41 + j(0.02), 6.6 + j())]
            total += fold([(side * x, y) for x, y in points], self.width(2.4, 4.6), 1.2, 0.45)
        return total

    def dimple(self) -> Map:
        """AU12: beside the corners of the mouth."""
        total, j = blank(), self.jitter
        for side in SIDES:
            points = [(0.37, 6.68 + j()), (0.42, 6.6 + j()), (0.4, 6.5 + j())]
            total += fold([(side * x, y) for x, y in points], self.width(1.8, 3.4))
        return total


def paint_face(rng: np.random.Generator) -> Paint:
    """Brows and wrinkles of one person."""
    folds = _Folds(rng)
    wrinkles = {
        "AU1": folds.forehead(),
        "AU2": folds.outer_forehead(),
        "AU4": folds.frown(),
        "AU6": folds.crow_feet(),
        "AU7": folds.lower_lid(),
        "AU9": folds.nose(),
        "nasolabial": folds.nasolabial(),
        "AU12": folds.dimple(),
    }
    return Paint(_brow(rng), wrinkles)


_DEPENDS = ("AU1", "AU2", "AU4", "AU6", "AU7", "AU9", "AU10", "AU12")
_AGED = {"AU1": 1.0, "AU4": 0.5, "AU6": 0.7, "nasolabial": 1.0}
"""How strongly the lines of each action unit stay in an old face at rest."""


def _depths(units: Mapping[str, float]) -> dict[str, float]:
    """Strength of each group of wrinkles for intensities 0..5 of one side."""
    depth = {name: (units.get(name, 0.0) / 5.0) ** 1.2 for name in _DEPENDS}
    depth["AU7"] = depth["AU7"] * 0.9 + 0.4 * depth["AU6"]
    smile_lines = depth["AU10"] + 0.7 * depth["AU12"] + 0.6 * depth["AU9"] + 0.3 * depth["AU6"]
    depth["nasolabial"] = min(smile_lines, 1.5)
    return depth


_LEFTNESS = np.clip(0.5 + np.linspace(LEFT, RIGHT, SIZE[1], dtype=np.float32) / 0.2, 0, 1)[None, :]


def wrinkle_map(
    paint: Paint, left: Mapping[str, float], right: Mapping[str, float], *, rest: float, frown: float
) -> Map:
    """The wrinkles of an expression.

    Args:
        paint: the person's.
        left: action unit to intensity 0..5 on the person's left.
        right: the same on the right.
        rest: strength 0..1 of the lines that age has left at rest.
        frown: strength of lines like those of AU4 that a life of frowning has left.
    """
    on_left, on_right = _depths(left), _depths(right)
    total = blank()
    for name, drawn in paint.wrinkles.items():
        lasting = rest * _AGED.get(name, 0.0) + (frown if name == "AU4" else 0.0)
        strong, weak = on_left[name] + lasting, on_right[name] + lasting
        if max(strong, weak) > 0.01:
            total += (weak + (strong - weak) * _LEFTNESS) * drawn
    return total
