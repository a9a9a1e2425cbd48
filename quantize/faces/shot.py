"""How a face is photographed: pose, light, room, camera faults; drawn at random or set by hand."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from fractions import Fraction

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
    """Two lamps and the room. Directions are unit vectors towards the lamp (x right, y up, z to the camera).

    Attributes:
        name: what it stands for: "room", "window", "lamp", "overhead", "side", "back", "dim", "infrared".
        ambient, key, fill, fill_strength: light from everywhere, from the main lamp, from the other one.
        gloss, gloss_power: shine of the skin.
        crease_strength: how dark folds are.
        hollows: how dark eye sockets are, 0..1.5.
        shadow: how much of the main lamp's light its own nose or brow takes from a face: 1 for a small lamp, less for a
            wide window.
        infrared: an illuminator beside the lens in a dark room.
        pupil, pupil_radius: reflectance of the pupil (bright where an illuminator sits beside the lens) and its size,
            radians on the eyeball.
    """

    name: str = "room"
    ambient: float = 0.45
    key: Vector = field(default_factory=lambda: _unit(0.35, 0.5, 0.8))
    fill: Vector = field(default_factory=lambda: _unit(-0.6, 0.2, 0.6))
    fill_strength: float = 0.1
    gloss: float = 0.08
    gloss_power: float = 20.0
    crease_strength: float = 6.0
    hollows: float = 0.7
    shadow: float = 0.0
    infrared: bool = False
    pupil: float = 0.02
    pupil_radius: float = 0.2


@dataclass(frozen=True, slots=True)
class Shot:
    """Everything about one picture except whose face it is and what it does.

    Attributes:
        pose, light: as named.
        wrinkle: factor on the depth of wrinkles (soft light hides them).
    """

    pose: Pose = Pose()
    light: Light = Light()
    wrinkle: float = 1.0


LIGHTS = {
    "room": 0.28,
    "window": 0.16,
    "lamp": 0.14,
    "overhead": 0.10,
    "side": 0.10,
    "back": 0.05,
    "dim": 0.07,
    "infrared": 0.10,
}
"""Chance of each light."""


def _lamp(name: str, rng: np.random.Generator) -> tuple[float, Vector]:
    """Ambient share and direction of the main lamp."""
    side = float(rng.choice([-1.0, 1.0]))
    match name:
        case "window":
            return float(rng.uniform(0.2, 0.5)), _unit(side * rng.uniform(0.6, 1.6), rng.normal(0.3, 0.3), 0.8)
        case "lamp":
            return float(rng.uniform(0.15, 0.45)), _unit(rng.normal(0, 0.8), rng.normal(0.4, 0.5), 1.0)
        case "overhead":
            return float(rng.uniform(0.25, 0.55)), _unit(rng.normal(0, 0.3), rng.uniform(1.0, 2.5), 0.8)
        case "side":
            return float(rng.uniform(0.05, 0.2)), _unit(side * rng.uniform(1.5, 4.0), rng.normal(0.2, 0.4), 0.5)
        case "back":
            return float(rng.uniform(0.4, 0.7)), _unit(side * rng.uniform(0.5, 2.0), rng.uniform(0, 1), -0.8)
        case "infrared":
            return float(rng.uniform(0.02, 0.15)), _unit(rng.normal(0, 0.15), rng.normal(0.05, 0.15), 1.0)
        case _:
            return float(rng.uniform(0.35, 0.75)), _unit(rng.normal(0, 0.7), rng.normal(0.35, 0.5), 1.0)


def draw_light(rng: np.random.Generator) -> Light:
    """A random light."""
    names = list(LIGHTS)
    name = names[int(rng.choice(len(names), p=list(LIGHTS.values())))]
    ambient, key = _lamp(name, rng)
    infrared = name == "infrared"
    bright_pupil = infrared and rng.random() < 0.5
    return Light(
        name=name,
        ambient=ambient,
        key=key,
        fill=_unit(rng.normal(0, 1), rng.normal(0, 0.6), 0.6),
        fill_strength=0.0 if infrared else float(rng.uniform(0, 0.25)),
        gloss=float(rng.uniform(0, 0.2) if rng.random() < 0.8 else rng.uniform(0.2, 0.5)),  # some skins sweat
        gloss_power=float(rng.uniform(8, 40)),
        crease_strength=float(rng.uniform(2, 10)),
        hollows=float(rng.uniform(0.2, 1.3)),
        infrared=infrared,
        pupil=float(rng.uniform(0.5, 1.0)) if bright_pupil else 0.02,
        pupil_radius=float(rng.uniform(0.16, 0.24) if not infrared else rng.uniform(0.22, 0.36)),
    )


_SHADOWS = {
    "window": (0.3, 0.9),
    "lamp": (0.5, 1.0),
    "overhead": (0.3, 1.0),
    "side": (0.5, 1.0),
    "infrared": (0.5, 1.0),
}
"""Least and most of `Light.shadow`; the others are soft."""


def with_shadow(shot: Shot, rng: np.random.Generator) -> Shot:
    """The same shot with a lamp as small as such lamps are."""
    shadow = float(rng.uniform(*_SHADOWS.get(shot.light.name, (0.0, 0.7))))
    return replace(shot, light=replace(shot.light, shadow=shadow))


def draw_shot(rng: np.random.Generator, *, lying: float = 0.5) -> Shot:
    """A random shot: yaw within ±50°, pitch ±30°; a share `lying` of the heads rolls up to ±110°, the others ±30°."""
    roll = rng.uniform(-110, 110) if rng.random() < lying else np.clip(rng.normal(0, 9), -30, 30)
    pose = Pose(
        float(np.clip(rng.normal(0, 17), -50, 50)),
        float(np.clip(rng.normal(0, 10), -30, 30)),
        float(roll),
        float(rng.uniform(4.5, 16)),
    )
    return Shot(pose, draw_light(rng), float(rng.uniform(0.5, 1.3)))


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


def shadowed(picture: Picture, rng: np.random.Generator) -> Picture:
    """Throw the shadow of something over a scene: a soft edge, the bars of a blind or a bed, or a blotch."""
    height, width = picture.shape
    heading = rng.uniform(0, 2 * np.pi)
    x, y = np.meshgrid(np.linspace(-1, 1, width), np.linspace(-1, 1, height))
    along = x * np.cos(heading) + y * np.sin(heading)
    soft = rng.uniform(0.02, 0.4)
    what = rng.choice(["edge", "bars", "blotch"])
    if what == "edge":
        light = 1 / (1 + np.exp(-np.clip((along - rng.uniform(-0.5, 0.5)) / soft, -30, 30)))
    elif what == "bars":
        light = 0.5 + 0.5 * np.tanh(np.sin(along * rng.uniform(4, 14) + rng.uniform(0, 6)) / (0.2 + soft))
    else:
        centre = rng.uniform(-0.6, 0.6, 2)
        light = 1 - np.exp(-0.5 * ((x - centre[0]) ** 2 + (y - centre[1]) ** 2) / rng.uniform(0.2, 0.5) ** 2)
    depth = rng.uniform(0.25, 0.75)
    return np.asarray(picture * (1 - depth + depth * light), dtype=np.float32)


_STREAM_SHARE = 0.3
"""Share of compressed pictures that come from a video stream; the others are JPEG."""


def streamed(seen: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """What H.264 leaves of a picture that follows another in a stream: predicted from it, a little moved and noisy."""
    import av

    height, width = seen.shape
    move = np.array([[1, 0, rng.normal(0, 1.2)], [0, 1, rng.normal(0, 1.2)]], np.float32)
    moved = cv2.warpAffine(seen, move, (width, height), borderMode=cv2.BORDER_REPLICATE).astype(np.float32)
    before: NDArray[np.uint8] = np.clip(moved + rng.normal(0, 2, seen.shape), 0, 255).astype(np.uint8)
    encoder = av.CodecContext.create("libx264", "w")
    encoder.width, encoder.height, encoder.pix_fmt = width - width % 2, height - height % 2, "gray"
    encoder.time_base, encoder.thread_count = Fraction(1, 10), 1
    quality = str(int(rng.integers(22, 40)))
    encoder.options = {"preset": "ultrafast", "tune": "zerolatency", "crf": quality, "threads": "1"}
    decoder = av.CodecContext.create("h264", "r")
    decoder.thread_count = 1
    packets = []
    for place, picture in enumerate((before, seen)):
        whole = np.ascontiguousarray(picture[: encoder.height, : encoder.width])
        frame = av.VideoFrame.from_ndarray(whole, format="gray")
        frame.pts = place
        packets += encoder.encode(frame)
    packets += encoder.encode(None)
    frames = [frame for packet in [*packets, None] for frame in decoder.decode(packet)]
    grey = np.asarray(frames[-1].to_ndarray(), dtype=np.uint8)[: encoder.height]  # the colours lie below it
    left = seen.copy()
    left[: encoder.height, : encoder.width] = grey
    return left


def _compressed(seen: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """What JPEG or a video stream leaves of a picture."""
    if rng.random() < _STREAM_SHARE:
        return streamed(seen, rng)
    quality = int(rng.integers(18, 92))
    _, data = cv2.imencode(".jpg", seen, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_GRAYSCALE), dtype=np.uint8)


def expose(picture: Picture, rng: np.random.Generator, light: Light | None = None) -> NDArray[np.uint8]:
    """What a cheap camera makes of a scene: exposure, gamma, blur, lost resolution, noise, compression.

    Args:
        picture: (height, width) luminance, about 0..1.
        rng: the only source of chance.
        light: where it is dim or infrared, there is more noise.

    Returns:
        (height, width) uint8.
    """
    height, width = picture.shape
    poor = light is not None and light.name in ("dim", "infrared")
    low, high = np.percentile(picture, [2, 98])
    span = max(float(high) * rng.uniform(0.9, 1.6) - 0.5 * float(low), 0.05)
    seen = np.clip((picture - low * rng.uniform(0, 1)) / span, 0, 1.3) ** rng.uniform(0.7, 1.3)
    if rng.random() < 0.06:
        seen = seen * rng.uniform(1.1, 1.6)  # blown out by a window or a lamp
    if rng.random() < (0.7 if poor else 0.08):
        seen = seen * rng.uniform(0.2, 0.7)  # a dim room
    if rng.random() < 0.5:  # a face further away has fewer pixels
        shrink = rng.uniform(0.42, 1.0)
        small = cv2.resize(seen, (int(width * shrink), int(height * shrink)), interpolation=cv2.INTER_AREA)
        noisy = small + rng.normal(0, rng.uniform(0.0, 0.03), small.shape)
        seen = cv2.resize(noisy, (width, height), interpolation=cv2.INTER_LINEAR)
    if rng.random() < 0.5:
        seen = cv2.GaussianBlur(seen, (0, 0), rng.uniform(0.4, 1.6))
    if rng.random() < 0.12:  # movement
        length = int(rng.integers(3, 9))
        kernel = np.full((1, length), 1 / length, np.float32)
        seen = cv2.filter2D(seen, -1, kernel if rng.random() < 0.5 else kernel.T)
    seen = seen + rng.normal(0, rng.uniform(0.01, 0.06) if poor else rng.uniform(0.0, 0.025), seen.shape)
    pixels = np.asarray(np.clip(seen, 0, 1) * 255, dtype=np.uint8)
    return _compressed(pixels, rng) if rng.random() < 0.35 else pixels
