"""What stands and lies in a room: walls, windows, beds, cloth, machines, clutter, bodies, hands; shapes with shade."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from quantize.faces.shot import Picture, draw_background, pillow

Point = tuple[float, float]


def _fill(picture: Picture, points: NDArray[np.float64], shade: Picture | float, soft: float = 0.0) -> None:
    """Fill a polygon (n, 2) of the picture with a shade, in place."""
    cover = np.zeros_like(picture)
    cv2.fillPoly(cover, [np.rint(np.clip(points, -4e3, 4e3) * 8).astype(np.int32)], 1.0, cv2.LINE_AA, 3)
    if soft > 0:
        cover = np.asarray(cv2.GaussianBlur(cover, (0, 0), soft), dtype=np.float32)
    picture += cover * (shade - picture)


def _blob(
    centre: Point, rx: float, ry: float, roll: float, rng: np.random.Generator, rough: float
) -> NDArray[np.float64]:
    """An uneven ellipse (24, 2)."""
    angle = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    wave = 1 + rough * sum(np.sin(k * angle + rng.uniform(0, 6.3)) / k for k in (2, 3, 5))
    x, y = rx * np.cos(angle) * wave, ry * np.sin(angle) * wave
    return np.stack(
        [centre[0] + x * np.cos(roll) - y * np.sin(roll), centre[1] + x * np.sin(roll) + y * np.cos(roll)], 1
    )


def _box(centre: Point, width: float, height: float, roll: float) -> NDArray[np.float64]:
    """A turned rectangle (4, 2)."""
    x, y = np.array([-1, 1, 1, -1]) * width / 2, np.array([-1, -1, 1, 1]) * height / 2
    return np.stack(
        [centre[0] + x * np.cos(roll) - y * np.sin(roll), centre[1] + x * np.sin(roll) + y * np.cos(roll)], 1
    )


def ramp(size: tuple[int, int], rng: np.random.Generator, low: float = 0.0, high: float = 1.0) -> Picture:
    """A soft slope of light in a random direction."""
    height, width = size
    a, b, c = rng.uniform(low, high), *rng.normal(0, 0.25 * (high - low), 2)
    x, y = np.linspace(-1, 1, width, dtype=np.float32), np.linspace(-1, 1, height, dtype=np.float32)
    return np.asarray(np.clip(a + b * x[None, :] + c * y[:, None], 0.01, 1.1), dtype=np.float32)


def cloudy(size: tuple[int, int], rng: np.random.Generator) -> Picture:
    """Noise with as much of coarse as of fine, as photographs have: zero mean, unit deviation."""
    height, width = size
    total = np.zeros(size, np.float32)
    for cells in (3, 6, 12, 24, 48, 96):
        coarse = rng.normal(0, 1, (max(2, cells * 3 // 4), cells)).astype(np.float32)
        total += cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray((total - total.mean()) / max(float(total.std()), 1e-3), dtype=np.float32)


def patterned(size: tuple[int, int], rng: np.random.Generator) -> Picture:
    """Printed cloth: stripes, checks, dots, rings or patches."""
    height, width = size
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    turn, step = rng.uniform(0, np.pi), rng.uniform(5, 60)
    u, v = (x * np.cos(turn) + y * np.sin(turn)) / step, (y * np.cos(turn) - x * np.sin(turn)) / step
    kind = rng.choice(["stripes", "checks", "dots", "rings", "weave"])
    if kind == "stripes":
        wave = np.sin(6.28 * u + rng.uniform(0, 1) * np.sin(v))
    elif kind == "checks":
        wave = np.sign(np.sin(6.28 * u) * np.sin(6.28 * v))
    elif kind == "dots":
        wave = np.where((u % 1 - 0.5) ** 2 + (v % 1 - 0.5) ** 2 < rng.uniform(0.02, 0.12), 1.0, -0.3)
    elif kind == "rings":
        wave = np.sin(6.28 * np.hypot(u % 3 - 1.5, v % 3 - 1.5) * rng.uniform(0.6, 1.5))
    else:
        wave = np.sin(6.28 * u) + np.sin(6.28 * v)
    return np.asarray(np.clip(rng.uniform(0.1, 0.9) + rng.uniform(0.03, 0.35) * wave, 0, 1.1), dtype=np.float32)


def leaves(picture: Picture, rng: np.random.Generator, count: int) -> None:
    """Clutter: shapes of all sizes over one another, in place."""
    height, width = picture.shape
    for _ in range(count):
        size = float(np.clip(4.0 / rng.uniform(0.02, 1.0) ** 0.8, 4, 0.45 * width))
        centre = (rng.uniform(0, width), rng.uniform(0, height))
        roll, stretch = rng.uniform(0, 3.14), rng.uniform(0.25, 1.0)
        shade = float(rng.uniform(0, 1))
        if rng.random() < 0.5:
            points = _box(centre, 2 * size, 2 * size * stretch, roll if rng.random() < 0.4 else 0.0)
        else:
            points = _blob(centre, size, size * stretch, roll, rng, rng.uniform(0, 0.4))
        low, high = np.floor(points.min(axis=0)).astype(int) - 2, np.ceil(points.max(axis=0)).astype(int) + 3
        low, high = np.maximum(low, 0), np.minimum(high, (width, height))
        if (high <= low).any():
            continue
        part = picture[low[1] : high[1], low[0] : high[0]]
        slope = ramp((part.shape[0], part.shape[1]), rng, max(0.0, shade - 0.2), min(1.0, shade + 0.2))
        if rng.random() < 0.15:
            slope = patterned((part.shape[0], part.shape[1]), rng)
        _fill(part, points - low, slope, 0.8 if rng.random() < 0.3 else 0.0)


def window(picture: Picture, rng: np.random.Generator) -> None:
    """A bright window with bars, or a picture frame, in place."""
    height, width = picture.shape
    w, h = rng.uniform(0.1, 0.4) * width, rng.uniform(0.15, 0.6) * height
    x, y = rng.uniform(0, width), rng.uniform(0, 0.6) * height
    frame = rng.uniform(0.1, 0.9)
    _fill(picture, _box((x, y), w * 1.1, h * 1.1, 0), frame)
    _fill(picture, _box((x, y), w, h, 0), ramp(picture.shape, rng, 0.5, 1.3))
    for k in range(int(rng.integers(0, 4))):
        _fill(picture, _box((x - w / 2 + w * (k + 1) / 4, y), rng.uniform(2, 6), h, 0), frame)
    if rng.random() < 0.3:
        for k in range(12):
            _fill(picture, _box((x, y - h / 2 + h * k / 12), w, h / 40, 0), 0.6)


def rails(picture: Picture, rng: np.random.Generator) -> None:
    """The rails of a bed or the poles of a stand, in place."""
    height, width = picture.shape
    shade, thick = rng.uniform(0.2, 1.0), rng.uniform(2, 9)
    slope = rng.normal(0, 0.15)
    y, x = rng.uniform(0, height), rng.uniform(0, width)
    for k in range(int(rng.integers(1, 5))):
        level = y + k * rng.uniform(12, 40)
        _fill(picture, _box((width / 2, level), width * 1.5, thick, slope), shade)
        _fill(picture, _box((width / 2, level - thick * 0.2), width * 1.5, thick * 0.3, slope), min(1.1, shade + 0.25))
    for k in range(int(rng.integers(0, 5))):
        _fill(picture, _box((x + k * rng.uniform(20, 70), y), thick, height * 0.6, rng.normal(0, 0.05)), shade)


def machine(picture: Picture, rng: np.random.Generator) -> None:
    """A monitor, a pump or a socket panel: a case with a screen, knobs and letters, in place."""
    height, width = picture.shape
    w, h = rng.uniform(0.06, 0.3) * width, rng.uniform(0.08, 0.35) * height
    x, y = rng.uniform(0, width), rng.uniform(0, height)
    case = float(rng.uniform(0.05, 0.95))
    _fill(picture, _box((x, y), w, h, 0), ramp(picture.shape, rng, max(0, case - 0.1), min(1, case + 0.1)))
    screen = float(rng.uniform(0, 0.9))
    _fill(picture, _box((x, y - 0.1 * h), 0.75 * w, 0.55 * h, 0), screen)
    for _ in range(int(rng.integers(0, 4))):
        xs = np.linspace(x - 0.35 * w, x + 0.35 * w, 24)
        ys = y - 0.1 * h + rng.uniform(-0.2, 0.2) * h + 0.06 * h * rng.normal(0, 1, 24)
        line = np.rint(np.stack([xs, ys], 1)).astype(np.int32)
        cv2.polylines(picture, [line], False, float(rng.uniform(0, 1)), 1, cv2.LINE_AA)
    for _ in range(int(rng.integers(0, 5))):
        at = (round(x + rng.uniform(-0.4, 0.4) * w), round(y + rng.uniform(0.2, 0.45) * h))
        cv2.circle(picture, at, max(1, int(0.05 * w)), float(rng.uniform(0, 1)), -1, cv2.LINE_AA)


def letters(picture: Picture, rng: np.random.Generator) -> None:
    """A line of signs, in place."""
    height, width = picture.shape
    text = "".join(chr(int(k)) for k in rng.integers(33, 126, int(rng.integers(2, 12))))
    at = (int(rng.uniform(-0.1, 0.9) * width), int(rng.uniform(0, 1) * height))
    font, shade, thick = float(rng.uniform(0.3, 2.0)), float(rng.uniform(0, 1)), int(rng.integers(1, 5))
    cv2.putText(picture, text, at, int(rng.integers(0, 8)), font, shade, thick, cv2.LINE_AA)


def lamp(picture: Picture, rng: np.random.Generator) -> None:
    """A round lamp, a clock, a ball or a plate, in place: round and bright, and no face."""
    height, width = picture.shape
    centre, radius = (rng.uniform(0, width), rng.uniform(0, height)), rng.uniform(6, 0.2 * width)
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    lift = np.exp(-0.5 * ((x - centre[0] - 0.3 * radius) ** 2 + (y - centre[1] + 0.3 * radius) ** 2) / radius**2)
    shade = rng.uniform(0.1, 0.7) + rng.uniform(0.1, 0.6) * lift
    outline = _blob(centre, radius, radius * rng.uniform(0.7, 1.2), 0, rng, 0.03)
    _fill(picture, outline, shade.astype(np.float32), rng.uniform(0, 2))
    for _ in range(int(rng.choice([0, 0, 1, 2, 5]))):  # marks that are not two eyes over a mouth
        at = (centre[0] + rng.normal(0, 0.35) * radius, centre[1] + rng.normal(0, 0.35) * radius)
        mark = _blob(at, rng.uniform(0.05, 0.25) * radius, rng.uniform(0.05, 0.2) * radius, 0, rng, 0.1)
        _fill(picture, mark, float(rng.uniform(0, 1)), 0.5)


def hand(picture: Picture, rng: np.random.Generator, shade: float) -> None:
    """A hand with its arm, in place."""
    height, width = picture.shape
    size = rng.uniform(0.04, 0.18) * width
    x, y, heading = rng.uniform(0, width), rng.uniform(0, height), rng.uniform(0, 6.28)
    ahead = np.array([np.cos(heading), np.sin(heading)])
    aside = np.array([-ahead[1], ahead[0]])
    centre = np.array([x, y])
    tone = np.clip(shade * (1 + 0.15 * cloudy((height, width), rng)), 0, 1.1)
    _fill(picture, _box((*(centre - ahead * 1.6 * size),), 2.4 * size, 0.8 * size, heading), tone, 1.0)
    _fill(picture, _blob((x, y), 0.75 * size, 0.6 * size, heading, rng, 0.08), tone, 1.0)
    for finger in range(4):
        root = centre + ahead * 0.5 * size + aside * (finger - 1.5) * 0.27 * size
        way = heading + 0.12 * (finger - 1.5) + rng.normal(0, 0.1)
        middle = root + 0.45 * size * np.array([np.cos(way), np.sin(way)])
        outline = _blob((float(middle[0]), float(middle[1])), 0.55 * size, 0.12 * size, way, rng, 0.03)
        _fill(picture, outline, tone * (0.85 + 0.07 * finger), 0.7)


def cloth(size: tuple[int, int], rng: np.random.Generator, least: float = 0.1) -> Picture:
    """A blanket, a sheet or a garment: plain or printed, with folds; `least` of white linen's lightness."""
    height, width = size
    plain = pillow(rng, height, width) * rng.uniform(least, 1.1)
    if rng.random() < 0.3:
        plain = plain * 0.4 + 0.6 * patterned(size, rng)
    return np.asarray(np.clip(plain + rng.uniform(0, 0.06) * cloudy(size, rng), 0, 1.1), dtype=np.float32)


def bed(picture: Picture, rng: np.random.Generator) -> None:
    """A mattress and a blanket with a hem, in place."""
    height, width = picture.shape
    middle, roll = (rng.uniform(0.2, 0.8) * width, rng.uniform(0.4, 0.9) * height), rng.normal(0, 0.5)
    _fill(
        picture,
        _box(middle, rng.uniform(0.6, 1.5) * width, rng.uniform(0.4, 1.2) * height, roll),
        cloth((height, width), rng),
    )
    if rng.random() < 0.6:
        at = (middle[0] + rng.normal(0, 0.3) * width, middle[1] + rng.normal(0.2, 0.2) * height)
        shape = _box(at, rng.uniform(0.4, 1.2) * width, rng.uniform(0.3, 0.9) * height, roll + rng.normal(0, 0.3))
        _fill(picture, shape + 3, 0.2 * float(picture.mean()), 4.0)
        _fill(picture, shape, cloth((height, width), rng), 0.8)


def room(rng: np.random.Generator, height: int, width: int) -> Picture:
    """A room without people: (height, width), about 0..1."""
    size = (height, width)
    start = rng.random()
    if start < 0.35:
        picture = ramp(size, rng)
    elif start < 0.55:
        picture = draw_background(rng, height, width)
    elif start < 0.75:
        picture = cloth(size, rng)
    else:
        picture = np.clip(rng.uniform(0.2, 0.8) + rng.uniform(0.05, 0.25) * cloudy(size, rng), 0, 1).astype(np.float32)
    if rng.random() < 0.5:  # the floor, or the other wall
        level = rng.uniform(0.3, 0.9) * height
        shape = np.array([(0, level), (width, level + rng.normal(0, 0.2) * height), (width, height), (0, height)])
        _fill(picture, shape, ramp(size, rng))
    leaves(picture, rng, int(rng.choice([0, 3, 10, 30, 80], p=[0.2, 0.2, 0.25, 0.2, 0.15])))
    for thing, most in ((window, 2), (machine, 3), (rails, 1), (letters, 2), (lamp, 2)):
        for _ in range(int(rng.integers(0, most + 1)) if rng.random() < 0.6 else 0):
            thing(picture, rng)
    if rng.random() < 0.65:
        bed(picture, rng)
    if rng.random() < 0.25:
        hand(picture, rng, float(rng.uniform(0.15, 0.9)))
    return picture


def pillow_below(picture: Picture, rng: np.random.Generator, centre: Point, side: float, roll: float) -> None:
    """The pillow under a head, in place."""
    height, width = picture.shape
    at = (centre[0] + rng.normal(0, 0.4) * side, centre[1] + rng.normal(0, 0.4) * side)
    outline = _blob(
        at, rng.uniform(1.5, 3.5) * side, rng.uniform(1.1, 2.5) * side, roll + rng.normal(0, 0.3), rng, 0.08
    )
    _fill(picture, outline + 0.1 * side, 0.5 * float(picture.mean()), 0.15 * side)
    _fill(picture, outline, cloth((height, width), rng, 0.7 if rng.random() < 0.7 else 0.1), 0.8)


def body(picture: Picture, rng: np.random.Generator, centre: Point, side: float, roll: float, from_side: float) -> None:
    """Shoulders and trunk in a garment or under a blanket, below a head that is turned by `roll` radians, in place."""
    down, right = np.array([-np.sin(roll), np.cos(roll)]), np.array([np.cos(roll), np.sin(roll)])
    wide, slope = rng.uniform(0.9, 1.8), rng.uniform(0.1, 0.6)
    neck = rng.uniform(0.2, 0.5)
    outline = [(-neck, from_side), (neck, from_side), (wide, from_side + slope), (wide * 1.1, 5.0)]
    outline += [(-wide * 1.1, 5.0), (-wide, from_side + slope)]
    points = np.array([np.asarray(centre) + side * (x * right + y * down) for x, y in outline])
    _fill(picture, points, cloth(picture.shape, rng), 0.8)
