"""How well the detector finds: recall by roll, size, light and what is worn, false heads, landmarks, mistaken kinds."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.face.align import FaceBox
from edge.face.scan import Candidate
from quantize.detector.data import rows_of
from quantize.faces.rooms import FACE, TURNED, Scenes

Look = Callable[[NDArray[np.uint8]], list[Candidate]]
"""A detector: a picture in, its heads out."""

HIT = 0.5
"""Share of the union from which a box is right, as usual since PASCAL VOC (Everingham et al., IJCV 2010;88:303-338)."""

ROLLS = (-112.5, -67.5, -22.5, 22.5, 67.5, 112.5)
SIDES = (15.0, 21.0, 32.0, 53.0, 93.0, 147.0)
YAWS = (0.0, 15.0, 30.0, 45.0, 60.0)


@dataclass(frozen=True, slots=True)
class Share:
    """A share of a number of cases."""

    hits: int
    count: int

    @property
    def value(self) -> float:
        """The share, or NaN without a case."""
        return self.hits / self.count if self.count else float("nan")


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured.

    Attributes:
        recall: of faces, by name of the group; "all" is all of them.
        false_empty: false faces per picture in pictures without any head.
        false_all: faces found where there is no head, per picture, over all pictures.
        empty: how many pictures had no head.
        turned_seen: turned heads that were found as turned.
        turned_as_face: turned heads that were taken for a face.
        face_as_turned: faces that were taken for turned heads.
        points: mean distance of the landmarks, in sides of the box, by group of roll.
        roll_off: 50th and 90th percentile of the error of roll, degrees.
        visible: share of the regions whose visibility was told rightly.
    """

    recall: dict[str, Share]
    false_empty: float
    false_all: float
    empty: int
    turned_seen: Share
    turned_as_face: Share
    face_as_turned: Share
    points: float
    roll_off: tuple[float, float]
    visible: float


@dataclass(slots=True)
class _Tally:
    truth: list[NDArray[np.void]] = field(default_factory=list[NDArray[np.void]])
    hit: list[bool] = field(default_factory=list[bool])
    said_turned: list[bool] = field(default_factory=list[bool])
    points: list[float] = field(default_factory=list[float])
    rolls: list[float] = field(default_factory=list[float])
    visible: list[float] = field(default_factory=list[float])
    turned: list[str] = field(default_factory=list[str])
    false: int = 0
    false_empty: int = 0
    empty: int = 0


def box_of(row: NDArray[np.void]) -> FaceBox:
    """The box of a row of `FOUND`."""
    x, y, side, roll = (float(value) for value in row["box"])
    return FaceBox(x, y, side, roll)


def shared(one: FaceBox, other: FaceBox) -> float:
    """Overlap of two turned squares over their union, 0..1."""
    first = ((one.x, one.y), (one.side, one.side), one.roll_deg)
    second = ((other.x, other.y), (other.side, other.side), other.roll_deg)
    kind, corners = cv2.rotatedRectangleIntersection(first, second)
    if kind == cv2.INTERSECT_NONE or corners is None:
        return 0.0
    common = float(cv2.contourArea(cv2.convexHull(corners)))
    return common / (one.side**2 + other.side**2 - common)


def measure(look: Look, scenes: Scenes) -> Figures:
    """Look at every scene and compare with what was painted."""
    tally = _Tally()
    for picture, rows in zip(scenes.pictures, rows_of(scenes), strict=True):
        _compare(look(picture), rows, tally)
    return _figures(tally, len(scenes.pictures))


def _compare(found: Sequence[Candidate], rows: NDArray[np.void], tally: _Tally) -> None:
    faces = [one for one in found if one.face >= one.turned]
    turned = [one for one in found if one.face < one.turned]
    for row in rows:
        box, what = box_of(row), str(row["what"])
        best = max(faces, key=lambda one: shared(one.box, box), default=None)
        right = best is not None and shared(best.box, box) >= HIT
        near_turned = any(np.hypot(one.box.x - box.x, one.box.y - box.y) < 0.5 * box.side for one in turned)
        near_face = any(np.hypot(one.box.x - box.x, one.box.y - box.y) < 0.5 * box.side for one in faces)
        if what == FACE:
            tally.truth.append(row)
            tally.hit.append(right)
            tally.said_turned.append(not right and near_turned)
            if right and best is not None:
                _details(best, row, box, tally)
        elif what == TURNED:
            tally.turned.append("turned" if near_turned else "face" if near_face else "nothing")
    strays = [one for one in faces if all(not _about(one.box, box_of(row)) for row in rows)]
    tally.false += len(strays)
    if not len(rows):
        tally.empty += 1
        tally.false_empty += len(strays)


def _about(one: FaceBox, box: FaceBox) -> bool:
    return bool(np.hypot(one.x - box.x, one.y - box.y) < 0.8 * max(box.side, one.side))


def _details(best: Candidate, row: NDArray[np.void], box: FaceBox, tally: _Tally) -> None:
    tally.points.append(float(np.hypot(*(best.points - row["points"]).T).mean()) / box.side)
    tally.rolls.append(abs((best.box.roll_deg - box.roll_deg + 180) % 360 - 180))
    tally.visible.append(float(((best.visible >= 0.5) == (row["visible"] >= 0.5)).mean()))


def _figures(tally: _Tally, pictures: int) -> Figures:
    rows, hit = np.array(tally.truth), np.array(tally.hit)

    def share(chosen: NDArray[np.bool_]) -> Share:
        return Share(int(hit[chosen].sum()), int(chosen.sum()))

    def bins(name: str, values: NDArray[np.float32], edges: Sequence[float]) -> dict[str, Share]:
        spans = itertools.pairwise(edges)
        return {f"{name} {low:g} to {high:g}": share((values >= low) & (values < high)) for low, high in spans}

    recall = {"all": share(np.ones(len(rows), np.bool_))}
    recall |= bins("roll", rows["box"][:, 3], ROLLS) | bins("side", rows["box"][:, 2], SIDES)
    recall |= bins("yaw", np.abs(rows["yaw"]), YAWS)
    for key in ("worn", "light"):
        recall |= {f"{key} {name}": share(rows[key] == name) for name in sorted(set(rows[key].tolist()))}
    turned = tally.turned
    return Figures(
        recall,
        tally.false_empty / max(1, tally.empty),
        tally.false / max(1, pictures),
        tally.empty,
        Share(turned.count("turned"), len(turned)),
        Share(turned.count("face"), len(turned)),
        Share(sum(tally.said_turned), len(hit)),
        _mean(tally.points),
        (_percentile(tally.rolls, 50), _percentile(tally.rolls, 90)),
        _mean(tally.visible),
    )


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if values else float("nan")


def _percentile(values: Sequence[float], share: float) -> float:
    return float(np.percentile(values, share)) if values else float("nan")


THRESHOLDS = (0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7)
"""Least probabilities of a head that are tried."""

FALSE_AT_MOST = 0.1
"""False faces per picture that are allowed on the tuning scenes, which are full of things that are made to look like
faces. What is found once is not followed (three times in a row is), and what the action unit network then says to be no
face is not judged and does not stand beside the patient's (`edge.face.follow`)."""


def best_threshold(scanner: Callable[[float], Look], scenes: Scenes) -> tuple[float, dict[float, tuple[float, float]]]:
    """The least probability at which false faces are rare enough; and recall and false faces at all that were tried.

    Args:
        scanner: makes a detector with a given threshold.
        scenes: tuning scenes.
    """
    tried: dict[float, tuple[float, float]] = {}
    for least in THRESHOLDS:
        figures = measure(scanner(least), scenes)
        tried[least] = (figures.recall["all"].value, figures.false_all)
    allowed = [least for least in THRESHOLDS if tried[least][1] <= FALSE_AT_MOST]
    return (min(allowed) if allowed else THRESHOLDS[-1]), tried
