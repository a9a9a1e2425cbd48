"""From a frame to the detector's input, and from its int8 outputs to candidates: heads with box, landmarks, visibility.

The network looks at the whole picture at four tenths of VGA and answers on two grids, one cell per 8 and per 16
pixels: the fine one for small faces, the coarse one for large ones. Overlapping answers are removed here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.bundle import Model, TensorSpec
from edge.errors import BundleError, BundleReason
from edge.face.align import FaceBox
from edge.inference import Interpreter

WIDTH_PX, HEIGHT_PX = 256, 192
"""Size of the detector's input: a VGA picture reduced to four tenths."""

CLIP = 3.0
"""Normalised grey is cut to ± this many standard deviations, so that int8 has a known input range."""

FLOOR = 4.0
"""Smallest standard deviation, grey levels, that the normalisation divides by: below it a picture is noise."""

STRIDES = (8, 16)
"""Pixels per cell of the two grids."""

HEADS = {"score": 2, "place": 12, "size": 1, "visible": 5}
"""Outputs per grid and their channels. `score`: log-odds of a face, and of a head that looks away. `place`: where the
box's centre and the five landmarks lie against the cell's centre, right and down in sides of the box. `size`: natural
logarithm of the box's side over four cells. `visible`: log-odds that at least half of each region is uncovered."""

OUTPUTS = tuple(f"{name}{stride}" for stride in STRIDES for name in HEADS)
"""Outputs of the network in their order."""

SIDE_CELLS = 4.0
"""`size` 0 means a box of this many cells."""

OVERLAP = 0.3
"""Candidates whose squares share more than this of their union are one head (chosen: two heads cannot)."""

MOST = 24
"""At most this many cells are looked at, best first: five heads with all their neighbours."""


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """A head that the detector sees.

    Attributes:
        box: in pixels of the frame; its roll is that of the line from the middle of the eyes to that of the mouth.
        face: 0..1, probability of a face that can be judged.
        turned: 0..1, probability of a head that looks away from the camera.
        points: (5, 2) left eye, right eye, nose, left and right corner of the mouth (the person's own), pixels of the
            frame.
        visible: (5,) 0..1, probability that at least half of brows, left eye, right eye, nose and mouth is uncovered.
    """

    box: FaceBox
    face: float
    turned: float
    points: NDArray[np.float32]
    visible: NDArray[np.float32]

    @property
    def score(self) -> float:
        """Probability of a head of either kind."""
        return max(self.face, self.turned)


@dataclass(frozen=True, slots=True)
class Fit:
    """How a frame lies in the detector's input: input = frame x `scale` + (`left`, `top`), in pixels."""

    scale: float
    left: float
    top: float


class Scanner:
    """The detector: a frame in, its heads out. It keeps nothing between frames.

    Args:
        model: the bundle's `face_find`.
        threads: inference threads.

    Raises:
        BundleError: its outputs are not those of this program (SHAPE).
        InferenceError: the runtime refuses it.
    """

    def __init__(self, model: Model, threads: int = 1) -> None:
        """Build the interpreter."""
        names = tuple(one.name for one in model.outputs)
        if names != OUTPUTS or model.inputs[0].shape != (1, HEIGHT_PX, WIDTH_PX, 1):
            raise BundleError(
                BundleReason.SHAPE, f"{model.path}: its outputs are {', '.join(names)}, not of this program"
            )
        self.network = Interpreter(model, threads)
        self._least = model.parameters.number("least")

    def heads(self, pixels: NDArray[np.uint8]) -> list[Candidate]:
        """The heads in a frame (height, width) uint8, best first, down to the bundle's `least` probability."""
        spec = self.network.model.inputs[0]
        small, fit = fitted(pixels)
        outputs = self.network.run_int8(_stepped(small, fit, spec))
        return decode(outputs, self.network.model.outputs, fit, self._least)


def fitted(pixels: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], Fit]:
    """A frame (height, width) of any size reduced to fit into the input, and how it lies there."""
    height, width = pixels.shape
    scale = min(WIDTH_PX / width, HEIGHT_PX / height)
    size = (max(1, min(WIDTH_PX, round(width * scale))), max(1, min(HEIGHT_PX, round(height * scale))))
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    small = pixels if size == (width, height) else cv2.resize(pixels, size, interpolation=way)
    left, top = (WIDTH_PX - size[0]) // 2, (HEIGHT_PX - size[1]) // 2
    # The centre of pixel 0 lies at 0 in both pictures.
    return np.asarray(small, dtype=np.uint8), Fit(scale, left + 0.5 * scale - 0.5, top + 0.5 * scale - 0.5)


def _grades(small: NDArray[np.uint8]) -> NDArray[np.float32]:
    """(256,) what each grey of a picture is worth once the picture has zero mean and unit deviation, within ±CLIP."""
    mean, deviation = cv2.meanStdDev(small)
    values = (np.arange(256, dtype=np.float32) - float(mean[0, 0])) / max(float(deviation[0, 0]), FLOOR)
    return np.asarray(np.clip(values, -CLIP, CLIP), dtype=np.float32)


def _stepped(small: NDArray[np.uint8], fit: Fit, spec: TensorSpec) -> NDArray[np.int8]:
    """The int8 input: the normalised picture in the middle, its mean grey beside it."""
    steps = np.clip(np.rint(_grades(small) / np.float32(spec.scale)) + spec.zero_point, -128, 127).astype(np.int8)
    whole = np.full((1, HEIGHT_PX, WIDTH_PX, 1), spec.zero_point, np.int8)
    left, top = round(fit.left - 0.5 * fit.scale + 0.5), round(fit.top - 0.5 * fit.scale + 0.5)
    whole[0, top : top + small.shape[0], left : left + small.shape[1], 0] = steps[small]
    return whole


def normalise(small: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Zero mean and unit deviation, within ±CLIP, of a picture (height, width) uint8."""
    return np.asarray(_grades(small)[small], dtype=np.float32)


def decode(outputs: Sequence[NDArray[np.int8]], specs: Sequence[TensorSpec], fit: Fit, least: float) -> list[Candidate]:
    """The heads of a picture, best first, each once.

    Args:
        outputs: int8 tensors of `OUTPUTS`.
        specs: their scales.
        fit: how the frame lies in the input.
        least: smallest probability of a head that counts, 0..1.
    """
    found: list[Candidate] = []
    heads = len(HEADS)
    for place, stride in enumerate(STRIDES):
        part = slice(place * heads, (place + 1) * heads)
        found += _grid(outputs[part], specs[part], stride, fit, least)
    return apart(found)


def _grid(
    outputs: Sequence[NDArray[np.int8]], specs: Sequence[TensorSpec], stride: int, fit: Fit, least: float
) -> list[Candidate]:
    """Candidates of one grid, overlaps included."""
    score = outputs[0][0]
    log_odds = float(np.log(least / (1 - least)))
    cells = np.argwhere(score.max(axis=2) >= log_odds / specs[0].scale + specs[0].zero_point)
    if len(cells) > MOST:
        cells = cells[np.argsort(-score[cells[:, 0], cells[:, 1]].max(axis=1).astype(np.int32))[:MOST]]
    rows, columns = cells[:, 0], cells[:, 1]
    values = [
        (output[0, rows, columns].astype(np.float32) - spec.zero_point) * spec.scale
        for output, spec in zip(outputs, specs, strict=True)
    ]
    return [
        _candidate(tuple(value[k] for value in values), (float(columns[k]), float(rows[k])), stride, fit)
        for k in range(len(cells))
    ]


def _candidate(values: tuple[NDArray[np.float32], ...], cell: tuple[float, float], stride: int, fit: Fit) -> Candidate:
    score, place, size, visible = values
    side = float(np.exp(size[0])) * SIDE_CELLS * stride
    centre = (np.array(cell, np.float32) + 0.5) * stride - 0.5
    placed = (centre + place.reshape(6, 2) * side - np.array([fit.left, fit.top], np.float32)) / fit.scale
    face, turned = (float(one) for one in sigmoid(score))
    points = placed[1:].astype(np.float32)
    roll = roll_of(points) if face >= turned else 0.0
    box = FaceBox(float(placed[0, 0]), float(placed[0, 1]), side / fit.scale, roll)
    return Candidate(box, face, turned, points, sigmoid(visible))


def roll_of(points: NDArray[np.float32]) -> float:
    """Roll of a face, degrees clockwise, from its five landmarks (5, 2): eyes' middle over mouth's middle is 0."""
    right, down = points[3:5].mean(axis=0) - points[0:2].mean(axis=0)
    return float(np.rad2deg(np.arctan2(-right, down)))


def sigmoid(log_odds: NDArray[np.float32]) -> NDArray[np.float32]:
    """Probabilities of log-odds."""
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(log_odds, -30.0, 30.0))), dtype=np.float32)


def share_of_union(one: FaceBox, other: FaceBox) -> float:
    """Overlap of two boxes as upright squares over their union, 0..1."""
    wide = min(one.x + one.side / 2, other.x + other.side / 2) - max(one.x - one.side / 2, other.x - other.side / 2)
    high = min(one.y + one.side / 2, other.y + other.side / 2) - max(one.y - one.side / 2, other.y - other.side / 2)
    common = max(0.0, wide) * max(0.0, high)
    return common / (one.side**2 + other.side**2 - common)


def apart(found: Sequence[Candidate]) -> list[Candidate]:
    """Candidates without those that overlap a better one, best first (non-maximum suppression)."""
    kept: list[Candidate] = []
    for one in sorted(found, key=lambda candidate: -candidate.score):
        if all(not _same(one.box, other.box) for other in kept):
            kept.append(one)
    return kept


def _same(one: FaceBox, other: FaceBox) -> bool:
    """Whether two boxes are of one head: they overlap, or the centre of one lies well inside the other."""
    near = np.hypot(one.x - other.x, one.y - other.y) < 0.35 * max(one.side, other.side)
    return bool(near) or share_of_union(one, other) > OVERLAP
