"""How a face is photographed: pose, light, room, camera faults; drawn at random or set by hand."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.float32]
Vector = tuple[float, float, float]


def _unit(x: float, y: float, z: float) -> Vector:
    length = float(np.sqrt(x * x + y * y + z * z))
    return (x / length, y / length, z / length)


@dataclass(frozen=True, slots=True)
class Pose:
    """Rotation of the head, degrees, and its distance from the camera, dm (nearer distorts more).

    Yaw turns to the head's own left, pitch downwards, roll clockwise in the picture.
    """

    yaw_deg: float = 0.0
    pitch_deg: float = 0.0
    roll_deg: float = 0.0
    distance_dm: float = 10.0

    def matrix(self) -> NDArray[np.float32]:
        """(3, 3) rotation of column vectors."""
        yaw, pitch, roll = np.deg2rad([self.yaw_deg, self.pitch_deg, -self.roll_deg])
        cy, sy, cp, sp, cr, sr = np.cos(yaw), np.sin(yaw), np.cos(pitch), np.sin(pitch), np.cos(roll), np.sin(roll)
        turn = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
        nod = np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]])
        tilt = np.array([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1]])
        return np.asarray(tilt @ nod @ turn, dtype=np.float32)


@dataclass(frozen=True, slots=True)
class Light:
    """Two lamps and the room. Directions are unit vectors towards the lamp (x right, y up, z to the camera)."""

    ambient: float = 0.45
    key: Vector = field(default_factory=lambda: _unit(0.35, 0.5, 0.8))
    fill: Vector = field(default_factory=lambda: _unit(-0.6, 0.2, 0.6))
    fill_strength: float = 0.1
    gloss: float = 0.08
    gloss_power: float = 20.0
    crease_strength: float = 6.0


@dataclass(frozen=True, slots=True)
class Shot:
    """Everything about one picture except whose face it is and what it does.

    Attributes:
        pose, light: as named.
        gaze: where the eyes look, (right, up), about radians.
        wrinkle: factor on the depth of wrinkles (soft light hides them).
    """

    pose: Pose = Pose()
    light: Light = Light()
    gaze: tuple[float, float] = (0.0, 0.0)
    wrinkle: float = 1.0


def draw_shot(rng: np.random.Generator) -> Shot:
    """A random shot: yaw within ±35°, pitch ±20°, roll ±30°."""
    pose = Pose(
        float(np.clip(rng.normal(0, 14), -35, 35)),
        float(np.clip(rng.normal(0, 8), -20, 20)),
        float(np.clip(rng.normal(0, 9), -30, 30)),
        float(rng.uniform(5, 16)),
    )
    light = Light(
        ambient=float(rng.uniform(0.25, 0.75)),
        key=_unit(rng.normal(0, 0.7), rng.normal(0.35, 0.5), 1.0),
        fill=_unit(rng.normal(0, 1), rng.normal(0, 0.6), 0.6),
        fill_strength=float(rng.uniform(0, 0.25)),
        gloss=float(rng.uniform(0, 0.2)),
        gloss_power=float(rng.uniform(8, 40)),
        crease_strength=float(rng.uniform(2, 10)),
    )
    return Shot(pose, light, (float(rng.normal(0, 0.15)), float(rng.normal(-0.02, 0.1))), float(rng.uniform(0.5, 1.3)))


def draw_background(rng: np.random.Generator, height: int, width: int) -> Picture:
    """A wall, a gradient, a cloudy room or a creased pillow: (height, width), 0..1."""
    choice = rng.choice(["wall", "gradient", "room", "pillow"], p=[0.2, 0.2, 0.25, 0.35])
    if choice == "wall":
        return np.full((height, width), rng.uniform(0.02, 0.98), np.float32)
    if choice == "gradient":
        ramp = np.linspace(rng.uniform(0, 1), rng.uniform(0, 1), width, dtype=np.float32)
        return np.repeat(ramp[None, :], height, axis=0)
    if choice == "room":
        coarse = rng.random((int(rng.integers(3, 14)), int(rng.integers(3, 14)))).astype(np.float32)
        return np.clip(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC), 0, 1)
    return pillow(rng, height, width)


def pillow(rng: np.random.Generator, height: int, width: int) -> Picture:
    """Light cloth with soft creases: (height, width), 0..1."""
    cloth = np.full((height, width), rng.uniform(0.5, 0.9), np.float32)
    for cells in (3, 6, 12):
        coarse = rng.normal(0, 1, (cells, cells)).astype(np.float32)
        cloth += 0.05 * cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    for _ in range(int(rng.integers(3, 8))):
        start = (int(rng.uniform(0, width)), int(rng.uniform(0, height)))
        end = (int(start[0] + rng.normal(0, 0.4 * width)), int(start[1] + rng.normal(0, 0.4 * height)))
        crease = np.zeros_like(cloth)
        cv2.line(crease, start, end, 1.0, max(1, int(rng.uniform(0.01, 0.03) * width)), cv2.LINE_AA)
        cloth -= rng.uniform(0.05, 0.2) * cv2.GaussianBlur(crease, (0, 0), 0.015 * width)
    return np.clip(cloth, 0.05, 1).astype(np.float32)


def occlude(picture: Picture, rng: np.random.Generator, x: float, y: float, side: float) -> Picture:
    """Put a nasal cannula, an oxygen mask, a hand or a sheet over a part of the face in the box (x, y, side)."""
    picture = picture.copy()

    def place(u: float, v: float) -> tuple[int, int]:
        return int(x + (u - 0.5) * side), int(y + (v - 0.5) * side)

    thing = rng.choice(["cannula", "mask", "hand", "sheet"], p=[0.4, 0.25, 0.2, 0.15])
    shade = float(rng.uniform(0.4, 0.95))
    if thing == "cannula":
        points = np.array([place(u, v) for u, v in ((-0.05, 0.5), (0.2, 0.62), (0.5, 0.68), (0.8, 0.62), (1.05, 0.5))])
        cv2.polylines(picture, [points], False, shade, max(1, int(side * rng.uniform(0.015, 0.03))), cv2.LINE_AA)
    elif thing == "mask":
        cover = np.zeros_like(picture)
        cv2.ellipse(cover, place(0.5, 0.8), (int(0.24 * side), int(0.26 * side)), 0, 0, 360, 1.0, -1, cv2.LINE_AA)
        veil = float(rng.uniform(0.15, 0.5))
        picture = picture * (1 - veil * cover) + veil * cover * shade
        cv2.ellipse(picture, place(0.5, 0.8), (int(0.24 * side), int(0.26 * side)), 0, 0, 360, shade, 2, cv2.LINE_AA)
    elif thing == "hand":
        edge = float(rng.choice([rng.uniform(-0.05, 0.1), rng.uniform(0.9, 1.05)]))
        level = float(rng.uniform(0.5, 1))
        for finger in range(4):
            v = level + 0.07 * finger
            start, end = place(edge, v), place(edge + rng.uniform(-0.2, 0.2), v - rng.uniform(0.05, 0.2))
            cv2.line(picture, start, end, shade * (1 - 0.05 * finger), max(1, int(0.07 * side)), cv2.LINE_AA)
    else:
        top = rng.uniform(0.75, 0.95)
        picture[max(0, place(0, top)[1]) :, :] = shade
    return picture.astype(np.float32)


def expose(picture: Picture, rng: np.random.Generator) -> NDArray[np.uint8]:
    """What a cheap camera makes of a scene: exposure, gamma, blur, lost resolution, noise.

    Args:
        picture: (height, width) luminance, about 0..1.
        rng: the only source of chance.

    Returns:
        (height, width) uint8.
    """
    height, width = picture.shape
    low, high = np.percentile(picture, [2, 98])
    span = max(float(high) * rng.uniform(0.9, 1.6) - 0.5 * float(low), 0.05)
    seen = np.clip((picture - low * rng.uniform(0, 1)) / span, 0, 1) ** rng.uniform(0.7, 1.3)
    if rng.random() < 0.15:
        seen = seen * rng.uniform(0.25, 0.7)  # a dim room
    if rng.random() < 0.5:  # a face further away has fewer pixels
        shrink = rng.uniform(0.4, 1.0)
        small = cv2.resize(seen, (int(width * shrink), int(height * shrink)), interpolation=cv2.INTER_AREA)
        noisy = small + rng.normal(0, rng.uniform(0.0, 0.03), small.shape)
        seen = cv2.resize(noisy, (width, height), interpolation=cv2.INTER_LINEAR)
    if rng.random() < 0.5:
        seen = cv2.GaussianBlur(seen, (0, 0), rng.uniform(0.4, 1.6))
    if rng.random() < 0.12:  # movement
        length = int(rng.integers(3, 9))
        kernel = np.full((1, length), 1 / length, np.float32)
        seen = cv2.filter2D(seen, -1, kernel if rng.random() < 0.5 else kernel.T)
    seen = seen + rng.normal(0, rng.uniform(0.0, 0.025), seen.shape)
    return np.asarray(np.clip(seen, 0, 1) * 255, dtype=np.uint8)
