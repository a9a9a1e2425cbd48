"""What the network should answer for a scene, and scenes changed a little each time they are shown."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.face.scan import CLIP, HEIGHT_PX, SIDE_CELLS, STRIDES, WIDTH_PX, normalise
from quantize.detector.network import grid_sizes
from quantize.faces.rooms import FACE, TURNED, Scenes

Floats = NDArray[np.float32]

SIZES = ((0.0, 50.0), (34.0, 1e9))
"""Sides of boxes, pixels, that each grid answers for; where they meet both do."""

_INNER, _OUTER = 0.2, 0.4
"""Cells within this share of a side of the centre should answer; between the two either answer is fine."""

_SEEN = 0.5
_TURNED_FROM_PX = 24.0
"""A head from behind that is smaller than this is a blob: to be found or not, as it pleases."""


@dataclass(frozen=True, slots=True, eq=False)
class Wanted:
    """What one grid should answer.

    Attributes:
        score: (rows, columns, 2) 1 where it should fire, 0 where it should not, -1 where either is fine.
        place: (rows, columns, 13) the channels of `place` and `size`, meaningful where `known` is not 0.
        visible: (rows, columns, 5) 0 or 1.
        known: (rows, columns) 2 at faces, 1 at turned heads (box only), else 0.
    """

    score: Floats
    place: Floats
    visible: Floats
    known: Floats


def wanted(rows: NDArray[np.void]) -> tuple[Wanted, ...]:
    """What both grids should answer to a picture with these heads (rows of `FOUND`)."""
    return tuple(
        _grid(rows, stride, size, sizes) for stride, size, sizes in zip(STRIDES, grid_sizes(), SIZES, strict=True)
    )


def _grid(rows: NDArray[np.void], stride: int, size: tuple[int, int], sizes: tuple[float, float]) -> Wanted:
    made = Wanted(
        np.zeros((*size, 2), np.float32),
        np.zeros((*size, 13), np.float32),
        np.zeros((*size, 5), np.float32),
        np.zeros(size, np.float32),
    )
    y, x = np.mgrid[: size[0], : size[1]].astype(np.float32) * stride + (stride - 1) / 2
    for row in rows:
        _mark(made, row, (x, y), stride, sizes)
    return made


def _mark(
    made: Wanted, row: NDArray[np.void], cells: tuple[Floats, Floats], stride: int, sizes: tuple[float, float]
) -> None:
    centre_x, centre_y, side, _ = (float(value) for value in row["box"])
    away = np.hypot(cells[0] - centre_x, cells[1] - centre_y)
    around = away < max(1.5 * stride, _OUTER * side)
    what = str(row["what"])
    if what not in (FACE, TURNED):
        if float(row["visible"].sum()) > 0:
            made.score[around] = -1
        return
    channel = 0 if what == FACE else 1
    made.score[around & (made.known == 0), channel] = -1
    if not sizes[0] <= side <= sizes[1] or (what == TURNED and side < _TURNED_FROM_PX):
        return
    inner = away < max(0.8 * stride, _INNER * side)
    inner |= away == away.min()
    made.score[inner] = 0
    made.score[inner, channel] = 1
    made.known[inner] = 2 if what == FACE else 1
    targets = np.concatenate([[(centre_x, centre_y)], row["points"]])
    for k, (to_x, to_y) in enumerate(targets):
        made.place[inner, 2 * k] = (to_x - cells[0][inner]) / side
        made.place[inner, 2 * k + 1] = (to_y - cells[1][inner]) / side
    made.place[inner, 12] = np.log(side / (SIDE_CELLS * stride))
    made.visible[inner] = row["visible"] >= _SEEN


_MIRRORED = (1, 0, 2, 4, 3)
_MIRRORED_REGIONS = (0, 2, 1, 3, 4)


def varied(
    picture: NDArray[np.uint8], rows: NDArray[np.void], rng: np.random.Generator
) -> tuple[Floats, NDArray[np.void]]:
    """A scene moved, mirrored, stretched in grey; with the rows of its heads, those that left the picture taken out.

    Args:
        picture: (HEIGHT_PX, WIDTH_PX) uint8.
        rows: of `FOUND`.
        rng: the only source of chance.

    Returns:
        The normalised picture and the heads.
    """
    rows = rows.copy()
    scale = float(np.exp(rng.uniform(-0.25, 0.25)))
    angle = float(np.deg2rad(rng.normal(0, 6)))
    mirror = -1.0 if rng.random() < 0.5 else 1.0
    cos, sin = scale * float(np.cos(angle)), scale * float(np.sin(angle))
    turn = np.array([[cos * mirror, -sin], [sin * mirror, cos]])
    middle = np.array([(WIDTH_PX - 1) / 2, (HEIGHT_PX - 1) / 2])
    shift = rng.normal(0, 0.06, 2) * (WIDTH_PX, HEIGHT_PX)
    matrix = np.column_stack([turn, middle + shift - turn @ middle])
    moved = cv2.warpAffine(
        picture, matrix, (WIDTH_PX, HEIGHT_PX), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    rows["points"] = rows["points"] @ turn.T.astype(np.float32) + matrix[:, 2].astype(np.float32)
    rows["box"][:, :2] = rows["box"][:, :2] @ turn.T.astype(np.float32) + matrix[:, 2].astype(np.float32)
    rows["box"][:, 2] *= scale
    rows["box"][:, 3] = mirror * rows["box"][:, 3] + np.rad2deg(angle)
    if mirror < 0:
        rows["points"] = rows["points"][:, _MIRRORED]
        rows["visible"] = rows["visible"][:, _MIRRORED_REGIONS]
    return _graded(np.asarray(moved, dtype=np.uint8), rng), _marked(rows)


def _marked(rows: NDArray[np.void]) -> NDArray[np.void]:
    """Heads whose centre is still well inside; those at the very edge are to be found or not, as it pleases."""
    x, y, side = rows["box"][:, 0], rows["box"][:, 1], rows["box"][:, 2]
    room = np.minimum(np.minimum(x, WIDTH_PX - 1 - x), np.minimum(y, HEIGHT_PX - 1 - y))
    rows["what"] = np.where(room < 0.22 * side, "edge", rows["what"])
    kept: NDArray[np.void] = rows[room > -0.5 * side]
    return kept


def _graded(moved: NDArray[np.uint8], rng: np.random.Generator) -> Floats:
    """Another contrast curve, noise, a bar of nothing at the sides as a frame of another shape has."""
    picture = normalise(moved)
    bend = np.float32(rng.normal(0, 0.12))
    bent = picture * np.float32(rng.uniform(0.8, 1.2)) + bend * (np.square(picture) - 1)
    picture = np.asarray(bent, dtype=np.float32)
    if rng.random() < 0.3:
        picture += np.asarray(rng.normal(0, rng.uniform(0.02, 0.3), picture.shape), dtype=np.float32)
    return np.asarray(np.clip(picture, -CLIP, CLIP), dtype=np.float32)


def rows_of(scenes: Scenes) -> list[NDArray[np.void]]:
    """The heads of each picture."""
    order = np.argsort(scenes.rows["scene"], kind="stable")
    rows = scenes.rows[order]
    edges = np.searchsorted(rows["scene"], np.arange(len(scenes.pictures) + 1))
    return [rows[edges[k] : edges[k + 1]] for k in range(len(scenes.pictures))]
