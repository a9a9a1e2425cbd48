"""Room-like scenes with rendered heads in them, for the detector: pictures of its own size, and where everybody is.

Scenes are painted at twice the network's size and then reduced. Nobody, one or two heads; a patient at any roll on a
pillow, a visitor upright; heads that look away; heads under the blanket; things that are round or creased and no face.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.face.scan import HEIGHT_PX, WIDTH_PX
from edge.face.units import REGIONS
from quantize.faces.collection import POINTS
from quantize.faces.cutouts import BOX_PX, CENTRE, GREY, SIZE_PX, Cutouts
from quantize.faces.furniture import body, cloth, hand, pillow_below, room
from quantize.faces.shot import LIGHTS, Light, Picture, expose, shadowed

FINE = 1.5
"""Scenes are painted this many times larger than the network's input."""

SMALLEST_PX, LARGEST_PX = 15.3, 144.0
"""Sides of boxes in the network's input: a face of 38 pixels in a VGA picture, and one that fills three quarters."""

FACE, TURNED, HIDDEN = "face", "turned", "hidden"
"""A face to be found; a head that looks away; a head of which too little can be seen to ask for it."""

FOUND = np.dtype(
    [
        ("scene", np.int64),
        ("what", "U8"),
        ("box", np.float32, (4,)),
        ("points", np.float32, (len(POINTS), 2)),
        ("visible", np.float32, (len(REGIONS),)),
        ("yaw", np.float32),
        ("light", "U12"),
        ("worn", "U24"),
    ]
)
"""One head of a scene. `box`: centre x, y and side in pixels of the network's input, roll in degrees clockwise.
`points`: in the same pixels. `visible`: uncovered share of each region. `yaw`: degrees."""

PER_CHUNK = 250
_LAYOUT = "rooms-4"
_KEPT_SHARE = 0.25
"""A face of which less than this share of its regions can be seen is `HIDDEN`."""

_PAINTED_OVER = 0.06
"""A head of which more than this share was painted over by the next person is `HIDDEN`: how much of what still shows is
not known."""


@dataclass(frozen=True, slots=True, eq=False)
class Scenes:
    """Pictures and their heads.

    Attributes:
        pictures: (n, HEIGHT_PX, WIDTH_PX) uint8.
        rows: (m,) of `FOUND`; `scene` is the picture's number.
    """

    pictures: NDArray[np.uint8]
    rows: NDArray[np.void]


def _paste(
    picture: Picture, shade: NDArray[np.uint8], opacity: NDArray[np.uint8], place: tuple[float, float, float, float]
) -> NDArray[np.float32]:
    """Paste a cut-out so that its box lies at (x, y, side, roll in degrees); returns the (2, 3) map of its pixels."""
    x, y, side, roll = place
    scale, angle = side / BOX_PX, np.deg2rad(roll)
    cos, sin = scale * float(np.cos(angle)), scale * float(np.sin(angle))
    turn = np.array([[cos, -sin], [sin, cos]])
    matrix = np.column_stack([turn, np.array([x, y]) - turn @ np.array(CENTRE)])
    # Reduced before it is turned, so that fine hair does not alias.
    size = SIZE_PX // max(1, int(1 / max(scale, 1e-3)))
    step = SIZE_PX / size
    small = np.column_stack([matrix[:, :2] * step, matrix[:, 2] + matrix[:, :2] @ np.full(2, (step - 1) / 2)])

    def moved(layer: NDArray[np.float32]) -> Picture:
        if size < SIZE_PX:
            layer = np.asarray(cv2.resize(layer, (size, size), interpolation=cv2.INTER_AREA), dtype=np.float32)
        turned = cv2.warpAffine(layer, small, picture.shape[::-1], flags=cv2.INTER_LINEAR)
        return np.asarray(turned, dtype=np.float32)

    alpha = np.asarray(opacity / 255, dtype=np.float32)
    picture *= 1 - moved(alpha)
    picture += moved(np.asarray(shade / GREY * alpha, dtype=np.float32))
    return np.asarray(matrix, dtype=np.float32)


def _what(row: np.void, *, under: bool) -> str:
    if under:
        return HIDDEN
    yaw = abs(float(row["yaw"]))
    if yaw > 60:
        return TURNED
    return FACE if float(row["visible"].mean()) >= _KEPT_SHARE else HIDDEN


def _overpainted(before: Picture, after: Picture, place: tuple[float, float, float]) -> bool:
    """Whether the head at (x, y, side) has been painted over."""
    x, y, side = place
    rows, columns = (
        slice(max(0, int(y - side / 2)), int(y + side / 2)),
        slice(max(0, int(x - side / 2)), int(x + side / 2)),
    )
    return float((np.abs(after[rows, columns] - before[rows, columns]) > 0.01).mean()) > _PAINTED_OVER


def _settle(
    rng: np.random.Generator, taken: list[tuple[float, float, float]], *, upright: bool
) -> tuple[float, float, float, float] | None:
    """A free place for a head: x, y, side in the painted scene's pixels, roll in degrees."""
    height, width = int(FINE * HEIGHT_PX), int(FINE * WIDTH_PX)
    for _ in range(12):
        side = FINE * float(np.exp(rng.uniform(np.log(SMALLEST_PX), np.log(LARGEST_PX))))
        roll = float(rng.normal(0, 12) if upright else rng.uniform(-112, 112))
        edge = 0.42 * side
        if 2 * edge >= height:
            edge = 0.48 * height
        x, y = rng.uniform(edge, width - edge), rng.uniform(edge, height - edge)
        if all(np.hypot(x - a, y - b) > 0.85 * (side + s) for a, b, s in taken):
            return float(x), float(y), side, roll
    return None


def _person(
    picture: Picture,
    heads: Cutouts,
    place: tuple[float, float, float, float],
    rng: np.random.Generator,
    *,
    lying: bool,
    away: bool,
) -> tuple[NDArray[np.void], str]:
    """Paint one person; returns a row of `FOUND` in painted pixels, and the light on the face."""
    x, y, side, roll = place
    angle = float(np.deg2rad(roll))
    turned = np.abs(heads.rows["yaw"]) > 60
    pick = int(rng.choice(np.flatnonzero(turned if away else ~turned)))
    row = heads.rows[pick]
    if lying and rng.random() < 0.8:
        pillow_below(picture, rng, (x, y), side, angle)
    if rng.random() < 0.7:
        body(picture, rng, (x, y), side, angle, float(rng.uniform(0.8, 1.0)))
    matrix = _paste(picture, heads.shade[pick], heads.opacity[pick], place)
    if rng.random() < 0.6:  # a collar or the blanket, up to the chin
        body(picture, rng, (x, y), side, angle, float(rng.uniform(0.66, 1.0)))
    under = rng.random() < 0.05
    if under:
        body(picture, rng, (x, y), side, angle, float(rng.uniform(-1.2, -0.3)))
    found = np.zeros((), FOUND)
    found["what"] = _what(row, under=under)
    found["box"] = place
    found["points"] = row["points"] @ matrix[:, :2].T + matrix[:, 2]
    found["visible"] = 0 if under else row["visible"]
    found["yaw"], found["light"], found["worn"] = row["yaw"], row["light"], row["worn"]
    return found, str(row["light"])


def scene(heads: Cutouts, rng: np.random.Generator) -> tuple[NDArray[np.uint8], list[NDArray[np.void]]]:
    """One picture (HEIGHT_PX, WIDTH_PX) uint8 and the rows of its heads (`scene` left at 0)."""
    height, width = int(FINE * HEIGHT_PX), int(FINE * WIDTH_PX)
    picture = room(rng, height, width)
    rows: list[NDArray[np.void]] = []
    taken: list[tuple[float, float, float]] = []
    light = str(rng.choice(list(LIGHTS)))
    for place_in_line in range(int(rng.choice([0, 1, 2], p=[0.16, 0.6, 0.24]))):
        lying = place_in_line == 0 and rng.random() < 0.65
        place = _settle(rng, taken, upright=not lying)
        if place is None:
            continue
        before = picture.copy()
        row, light = _person(picture, heads, place, rng, lying=lying, away=bool(rng.random() < 0.2))
        for earlier, where in zip(rows, taken, strict=True):
            if _overpainted(before, picture, where):
                earlier["what"], earlier["visible"] = HIDDEN, np.maximum(earlier["visible"], 0.01)
        taken.append(place[:3])
        rows.append(row)
    if not rows and rng.random() < 0.3:
        hand(picture, rng, float(rng.uniform(0.15, 0.9)))
    if rng.random() < 0.2:
        picture = shadowed(picture, rng)
    if rng.random() < 0.15:
        picture = np.asarray(0.7 * picture + 0.3 * cloth((height, width), rng), dtype=np.float32)  # haze, reflections
    seen = expose(picture, rng, Light(name=light))
    small = cv2.resize(seen, (WIDTH_PX, HEIGHT_PX), interpolation=cv2.INTER_AREA)
    for row in rows:
        row["points"] = (row["points"] + 0.5) / FINE - 0.5
        row["box"][:2] = (row["box"][:2] + 0.5) / FINE - 0.5
        row["box"][2] /= FINE
    return np.asarray(small, dtype=np.uint8), rows


def draw_scenes(cache: Path, heads: Cutouts, *, name: str, seed: int, count: int) -> Scenes:
    """Paint `count` scenes, going on where an earlier run with the same name and seed was interrupted.

    Args:
        cache: folder for the chunks.
        heads: who may appear in them.
        name: of the part ("train", "tune", "test"): each has chance numbers of its own.
        seed: of everything; the same heads, name and seed give the same scenes.
        count: rounded up to whole chunks.
    """
    from tqdm import tqdm

    folder = cache / f"{_LAYOUT}-{name}-seed{seed}"
    folder.mkdir(parents=True, exist_ok=True)
    pictures: list[NDArray[np.uint8]] = []
    rows: list[NDArray[np.void]] = []
    for chunk in tqdm(range(-(-count // PER_CHUNK)), desc=f"rooms, {name}", unit="chunk"):
        path = folder / f"{chunk:05d}.npz"
        if not path.exists():
            _paint_chunk(path, heads, [seed, sum(name.encode()), chunk])
        with np.load(path) as stored:
            found = stored["rows"]
            found["scene"] += chunk * PER_CHUNK
            pictures.append(stored["pictures"])
            rows.append(found)
    return Scenes(np.concatenate(pictures), np.concatenate(rows))


def _paint_chunk(path: Path, heads: Cutouts, seed: list[int]) -> None:
    pictures: list[NDArray[np.uint8]] = []
    rows: list[NDArray[np.void]] = []
    for k in range(PER_CHUNK):
        picture, found = scene(heads, np.random.default_rng([*seed, k]))
        for row in found:
            row["scene"] = k
        pictures.append(picture)
        rows += found
    temporary = path.with_suffix(".part.npz")
    np.savez(temporary, pictures=np.stack(pictures), rows=np.array(rows, FOUND))
    temporary.replace(path)
