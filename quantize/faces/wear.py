"""What lies over a face in a sick room: masks, tubes, glasses, dressings, hands, bedding; and how much of it shows.

Everything is placed by points of the resting mesh, so it follows the pose, the shape and the expression. Each thing is
painted as a cover (0..1) and a shade, both as large as the picture.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.face.units import REGIONS
from quantize.faces.render import Drawing
from quantize.faces.shot import Picture

Point = tuple[float, float, float]
Layer = tuple[NDArray[np.float32 | np.float64], NDArray[np.float32 | np.float64]]
"""A cover and a shade, (height, width) each."""

CHANCES = {
    "nothing": 0.54,
    "cannula": 0.09,
    "mask": 0.09,
    "tube": 0.05,
    "glasses": 0.08,
    "patch": 0.02,
    "bandage": 0.03,
    "hand": 0.04,
    "blanket": 0.03,
    "pillow": 0.03,
}
"""How often each thing is drawn."""


@dataclass(frozen=True, slots=True)
class Wear:
    """What somebody wears.

    Attributes:
        name: one of `CHANCES`.
        seed: of its place, size and shade.
    """

    name: str
    seed: int


def draw_wear(rng: np.random.Generator) -> Wear:
    """Draw a thing, or nothing."""
    names = list(CHANCES)
    return Wear(names[int(rng.choice(len(names), p=list(CHANCES.values())))], int(rng.integers(2**31)))


def put_on(picture: Picture, drawing: Drawing, wear: Wear, rng: np.random.Generator) -> tuple[Picture, Picture]:
    """Lay a thing over a face.

    Args:
        picture: (height, width) with the face.
        drawing: the face.
        wear: the thing.
        rng: draws what differs from picture to picture of the same thing.

    Returns:
        The picture with it, and how much of what lies behind each pixel it hides, 0..1.
    """
    cover: NDArray[np.float32 | np.float64] = np.zeros_like(picture)
    if wear.name == "nothing":
        return picture, np.zeros_like(picture)
    own = np.random.default_rng([wear.seed, int(rng.integers(4))])
    shown: NDArray[np.float32 | np.float64] = picture
    for over, shade in _PAINTERS[wear.name](_Easel(drawing, picture.shape), own):
        shown = shown * (1 - over) + shade * over
        cover = 1 - (1 - cover) * (1 - over)
    return shown.astype(np.float32), np.clip(cover, 0, 1).astype(np.float32)


def visible_share(drawing: Drawing, cover: Picture) -> NDArray[np.float32]:
    """Share of each of `REGIONS` that faces the camera and is not covered: (5,), 0..1."""
    height, width = cover.shape
    shares = np.zeros(len(REGIONS), np.float32)
    for place, (pixels, facing) in enumerate(drawing.patches):
        column, row = np.rint(pixels[:, 0]).astype(int), np.rint(pixels[:, 1]).astype(int)
        inside = (column >= 0) & (column < width) & (row >= 0) & (row < height)
        open_share = (1 - cover[row[inside], column[inside]]).sum() / max(len(pixels), 1)
        shares[place] = open_share * min(facing * 1.05, 1.0)
    return shares


class _Easel:
    """Paints shapes that are given by points on the face."""

    def __init__(self, drawing: Drawing, size: tuple[int, ...]) -> None:
        self.drawing = drawing
        self.size = (size[0], size[1])
        self.px_per_dm = drawing.view.scale

    def at(self, points: Sequence[Point]) -> NDArray[np.int32]:
        return np.rint(self.drawing.on_face(points) * 8).astype(np.int32)  # cv2 draws in eighths of a pixel

    def blank(self) -> Picture:
        return np.zeros(self.size, np.float32)

    def flat(self, shade: float) -> Picture:
        return np.full(self.size, shade, np.float32)

    def line(self, points: Sequence[Point], width_dm: float) -> Picture:
        cover = self.blank()
        width = max(1, round(width_dm * self.px_per_dm))
        cv2.polylines(cover, [self.at(points)], False, 1.0, width, cv2.LINE_AA, 3)
        return cover

    def area(self, points: Sequence[Point], soft_dm: float = 0.02) -> Picture:
        cover = self.blank()
        cv2.fillPoly(cover, [self.at(points)], 1.0, cv2.LINE_AA, 3)
        return np.asarray(cv2.GaussianBlur(cover, (0, 0), max(0.5, soft_dm * self.px_per_dm)), dtype=np.float32)

    def beyond(self, along: tuple[float, float], from_dm: float, wave: float) -> Picture:
        """Everything further than `from_dm` from the middle of the face in a direction of the face (x left, y up)."""
        angle = np.deg2rad(self.drawing.box.roll_deg)
        # Directions of the face in the picture: its own left and up.
        left = np.array([np.cos(angle), np.sin(angle)])
        up = np.array([np.sin(angle), -np.cos(angle)])
        way = along[0] * left + along[1] * up
        x, y = np.meshgrid(np.arange(self.size[1]), np.arange(self.size[0]))
        box = self.drawing.box
        far = ((x - box.x) * way[0] + (y - box.y) * way[1]) / self.px_per_dm
        across = ((x - box.x) * -way[1] + (y - box.y) * way[0]) / self.px_per_dm
        edge = from_dm + wave * np.sin(across * 2.1 + wave * 40) + 0.5 * wave * np.sin(across * 5.3)
        return np.asarray(np.clip((far - edge) * 25, 0, 1), dtype=np.float32)


def _cloth(easel: _Easel, rng: np.random.Generator, shade: float) -> Picture:
    """A shade with soft folds."""
    coarse = rng.normal(0, 1, (int(rng.integers(3, 8)), int(rng.integers(3, 8)))).astype(np.float32)
    folds = cv2.resize(coarse, (easel.size[1], easel.size[0]), interpolation=cv2.INTER_CUBIC)
    return np.asarray(np.clip(shade + 0.07 * folds, 0.02, 1.1), dtype=np.float32)


def _ring(centre: Point, rx: float, ry: float, count: int = 20, power: float = 2.0) -> list[Point]:
    """Points of an ellipse, or of a rounded rectangle for a higher `power`."""
    ring: list[Point] = []
    for k in range(count):
        t = 2 * np.pi * k / count
        c, s = np.cos(t), np.sin(t)
        ring.append(
            (
                centre[0] + rx * float(np.sign(c) * abs(c) ** (2 / power)),
                centre[1] + ry * float(np.sign(s) * abs(s) ** (2 / power)),
                centre[2],
            )
        )
    return ring


def _mask(easel: _Easel, rng: np.random.Generator) -> list[Layer]:
    wide, low, high = rng.uniform(0.28, 0.40), rng.uniform(6.12, 6.35), rng.uniform(7.05, 7.22)
    middle = (low + high) / 2
    outline: list[Point] = [(0.0, high, 1.68), (0.13, high - 0.12, 1.62), (wide * 0.8, middle + 0.05, 1.55)]
    outline += [(wide, middle - 0.15, 1.5), (wide * 0.75, low + 0.08, 1.45), (0.0, low, 1.5)]
    outline += [(-x, y, z) for x, y, z in outline[4:0:-1]]
    body, veil, shade = easel.area(outline), rng.uniform(0.08, 0.5), rng.uniform(0.45, 1.0)
    opaque = rng.random() < 0.15  # a surgical or non-invasive ventilation mask
    fog = cv2.GaussianBlur(rng.random(easel.size).astype(np.float32), (0, 0), 0.15 * easel.px_per_dm)
    inner = body * (0.93 if opaque else veil * (0.6 + 0.8 * fog))
    rim = easel.line([*outline, outline[0]], rng.uniform(0.015, 0.05)) * rng.uniform(0.3, 0.9)
    strap_y = rng.uniform(6.9, 7.2)
    straps = [
        easel.line([(s * wide, middle, 1.45), (s * 0.6, (middle + strap_y) / 2, 1.15), (s * 0.78, strap_y, 0.4)], 0.04)
        for s in (-1, 1)
    ]
    port = easel.area(_ring((0.0, middle - 0.12, 1.75), 0.07, 0.07), 0.01) * rng.uniform(0.3, 0.9)
    shine = easel.line(
        [(0.6 * wide, middle + 0.15, 1.6), (0.75 * wide, middle, 1.58), (0.7 * wide, middle - 0.2, 1.55)], 0.03
    )
    return [
        (np.clip(inner, 0, 1).astype(np.float32), easel.flat(shade)),
        (rim, easel.flat(shade * rng.uniform(0.5, 1.2))),
        *((strap * 0.85, easel.flat(rng.uniform(0.3, 1.0))) for strap in straps),
        (port, easel.flat(rng.uniform(0.3, 1.0))),
        (cv2.GaussianBlur(shine, (0, 0), 1.0).astype(np.float32) * rng.uniform(0, 0.8), easel.flat(1.1)),
    ]


def _cannula(easel: _Easel, rng: np.random.Generator) -> list[Layer]:
    shade, thick, sag = rng.uniform(0.5, 1.0), rng.uniform(0.025, 0.05), rng.uniform(-0.05, 0.08)
    half = [(0.0, 6.82, 1.66), (0.12, 6.83, 1.62), (0.3, 6.90 - sag, 1.47), (0.52, 7.0 - sag, 1.3), (0.76, 7.12, 0.5)]
    tube = np.maximum(
        easel.line([(float(x), float(y), z) for x, y, z in half], thick),
        easel.line([(-float(x), float(y), z) for x, y, z in half], thick),
    )
    prongs = np.maximum(*(easel.line([(s * 0.06, 6.82, 1.66), (s * 0.065, 6.89, 1.64)], thick * 1.2) for s in (-1, 1)))
    clear = rng.uniform(0.35, 0.9)
    return [(tube * clear, easel.flat(shade)), (prongs * clear, easel.flat(shade))]


def _tube(easel: _Easel, rng: np.random.Generator) -> list[Layer]:
    side, shade = float(rng.choice([-1.0, 1.0])), rng.uniform(0.3, 1.0)
    path: list[Point] = [(side * 0.06, 6.88, 1.64), (side * 0.14, 6.84, 1.58), (side * 0.32, 6.9, 1.45)]
    path += [(side * 0.55, 7.0, 1.25), (side * 0.78, 7.2, 0.5)]
    tube = easel.line(path, rng.uniform(0.03, 0.055))
    on_nose = rng.random() < 0.5
    if on_nose:
        tape = easel.area(_ring((0.0, 7.05, 1.62), rng.uniform(0.07, 0.11), rng.uniform(0.06, 0.14), power=5), 0.01)
    else:
        tape = easel.area(
            _ring((side * 0.4, 6.94, 1.4), rng.uniform(0.08, 0.14), rng.uniform(0.06, 0.1), power=5), 0.01
        )
    return [(tube * 0.9, easel.flat(shade)), (tape * rng.uniform(0.6, 0.98), easel.flat(rng.uniform(0.6, 1.0)))]


def _glasses(easel: _Easel, rng: np.random.Generator) -> list[Layer]:
    rx, ry, power = rng.uniform(0.19, 0.26), rng.uniform(0.13, 0.22), rng.uniform(2.0, 6.0)
    y, thick, shade = 7.26 + rng.normal(0, 0.03), rng.uniform(0.012, 0.05), rng.uniform(0.0, 0.7)
    rims, lenses = easel.blank(), []
    for side in (-1.0, 1.0):
        ring = _ring((side * 0.31, y, 1.55), rx, ry, 24, power)
        rims = np.maximum(rims, easel.line([*ring, ring[0]], thick))
        temple = [(side * (0.31 + rx), y + 0.05, 1.5), (side * 0.74, 7.3, 0.9), (side * 0.78, 7.28, 0.4)]
        rims = np.maximum(rims, easel.line(temple, thick))
        lenses.append(easel.area(ring, 0.01))
    rims = np.maximum(
        rims, easel.line([(-0.31 + rx, y + 0.03, 1.58), (0.0, y + 0.06, 1.64), (0.31 - rx, y + 0.03, 1.58)], thick)
    )
    tint = rng.uniform(0.0, 0.12) if rng.random() < 0.9 else rng.uniform(0.4, 0.9)
    layers: list[Layer] = [(lens * tint, easel.flat(rng.uniform(0.02, 0.5))) for lens in lenses]
    if rng.random() < 0.35:  # a window or a lamp in the glass
        x = rng.uniform(-0.1, 0.1)
        for lens, side in zip(lenses, (-1.0, 1.0), strict=True):
            bar = easel.line(
                [(side * 0.31 + x, y - ry, 1.55), (side * 0.31 + x + 0.08, y + ry, 1.55)], rng.uniform(0.04, 0.2)
            )
            soft = cv2.GaussianBlur(bar, (0, 0), 1.2).astype(np.float32)
            layers.append((soft * lens * rng.uniform(0.2, 0.8), easel.flat(1.1)))
    return [*layers, (rims * rng.uniform(0.5, 1.0), easel.flat(shade))]


def _patch(easel: _Easel, rng: np.random.Generator) -> list[Layer]:
    side, shade = float(rng.choice([-1.0, 1.0])), float(rng.choice([rng.uniform(0.02, 0.2), rng.uniform(0.6, 1.0)]))
    pad = easel.area(_ring((side * 0.31, 7.28, 1.5), rng.uniform(0.18, 0.25), rng.uniform(0.15, 0.22)), 0.01)
    strap = easel.line([(side * 0.31, 7.3, 1.5), (-side * 0.3, 7.75, 1.4), (-side * 0.7, 7.8, 0.7)], 0.03)
    straps = [(strap * 0.9, easel.flat(shade))] if rng.random() < 0.5 else []
    return [*straps, (pad, _cloth(easel, rng, shade))]


def _bandage(easel: _Easel, rng: np.random.Generator) -> list[Layer]:
    where, shade = rng.choice(["forehead", "cheek", "chin"], p=[0.5, 0.3, 0.2]), rng.uniform(0.55, 1.0)
    if where == "forehead":
        low = rng.uniform(7.5, 7.7)
        band: list[Point] = [(-0.72, low, 0.8), (-0.4, low + 0.02, 1.35), (0.0, low, 1.5), (0.4, low + 0.02, 1.35)]
        band += [(0.72, low, 0.8), (0.72, low + 0.4, 0.7), (0.4, low + 0.42, 1.2), (0.0, low + 0.4, 1.42)]
        band += [(-0.4, low + 0.42, 1.2), (-0.72, low + 0.4, 0.7)]
        return [(easel.area(band, 0.01), _cloth(easel, rng, shade))]
    centre = (float(rng.choice([-1, 1])) * 0.42, 6.95, 1.38) if where == "cheek" else (0.0, 6.3, 1.48)
    pad = easel.area(_ring(centre, rng.uniform(0.1, 0.2), rng.uniform(0.1, 0.18), power=5), 0.01)
    return [(pad, _cloth(easel, rng, shade))]


def _hand(easel: _Easel, rng: np.random.Generator) -> list[Layer]:
    side, level = float(rng.choice([-1.0, 1.0])), rng.uniform(6.3, 7.6)
    shade, tilt = rng.uniform(0.25, 0.9), rng.uniform(-0.5, 0.5)
    layers: list[Layer] = []
    palm = easel.area(_ring((side * 0.75, level - 0.1 - 0.4 * tilt, 1.5), 0.3, 0.34), 0.05)
    layers.append((palm, _cloth(easel, rng, shade)))
    for finger in range(4):
        y = level + 0.15 * (finger - 1.5)
        reach = rng.uniform(0.05, 0.3) + 0.06 * abs(finger - 1.5)
        path: list[Point] = [(side * 0.75, y - 0.4 * tilt, 1.55), (side * 0.5, y - 0.15 * tilt, 1.6)]
        path.append((side * reach, y + 0.1 * tilt, 1.6))
        full = easel.line(path, 0.15)
        core = cv2.GaussianBlur(easel.line(path, 0.07), (0, 0), max(0.6, 0.03 * easel.px_per_dm))
        layers.append((full, (shade * (0.75 + 0.35 * np.clip(core, 0, 1))).astype(np.float32)))
    return layers


def _blanket(easel: _Easel, rng: np.random.Generator) -> list[Layer]:
    # From below the mouth to over the nose; the box's middle lies at the tip of the nose, its lower edge at the chin.
    edge = easel.beyond((rng.normal(0, 0.25), -1.0), float(rng.uniform(0.15, 0.75)), float(rng.uniform(0.0, 0.06)))
    shadow = cv2.GaussianBlur(edge, (0, 0), 0.06 * easel.px_per_dm)
    return [
        (np.asarray(0.35 * shadow, dtype=np.float32), easel.flat(0.05)),
        (edge, _cloth(easel, rng, rng.uniform(0.3, 1.0))),
    ]


def _pillow(easel: _Easel, rng: np.random.Generator) -> list[Layer]:
    side = float(rng.choice([-1.0, 1.0]))
    edge = easel.beyond((side, rng.normal(0, 0.2)), float(rng.uniform(0.15, 0.6)), float(rng.uniform(0.0, 0.08)))
    shadow = cv2.GaussianBlur(edge, (0, 0), 0.1 * easel.px_per_dm)
    return [
        (np.asarray(0.4 * shadow, dtype=np.float32), easel.flat(0.05)),
        (edge, _cloth(easel, rng, rng.uniform(0.6, 1.05))),
    ]


_PAINTERS: dict[str, Callable[[_Easel, np.random.Generator], list[Layer]]] = {
    "cannula": _cannula,
    "mask": _mask,
    "tube": _tube,
    "glasses": _glasses,
    "patch": _patch,
    "bandage": _bandage,
    "hand": _hand,
    "blanket": _blanket,
    "pillow": _pillow,
}
