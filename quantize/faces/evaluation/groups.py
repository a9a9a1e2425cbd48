"""Groups of people and of circumstances, and how much worse the network is for one of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quantize.evaluation.bootstrap import LEVEL, Value
from quantize.faces.collection import Faces
from quantize.faces.head import ANCESTRIES

UNFAIR = 1.25
"""Largest ratio of a group's error to the mean over the groups of its axis (set by the issue of the face)."""

PEOPLE = ("sex", "age", "ancestry", "skin", "trait")
"""Axes of fairness between people; the others are circumstances of a picture."""

FEWEST_PEOPLE = 8
"""A group of fewer identities is shown but not judged: its interval is wider than what it should show."""

UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Group:
    """One group of one axis.

    Attributes:
        axis: what divides people or pictures.
        name: which part.
        faces: how many pictures, or tracks.
        identities: how many people.
        value: the group's error.
        ratio: to the mean over the axis' groups.
        over: the ratio is above `UNFAIR`, and there are enough people to say so.
    """

    axis: str
    name: str
    faces: int
    identities: int
    value: Value
    ratio: Value
    over: bool


def axes(faces: Faces) -> dict[str, NDArray[np.str_]]:
    """The group of every face on every axis: axis to (n,) names; `UNKNOWN` where nothing is known."""
    rows = faces.rows
    yaw, roll = np.abs(rows["pose"][:, 0]), np.abs(rows["pose"][:, 2])
    return {
        "sex": _bands(rows["male"], (0.4, 0.6), ("women", "between", "men")),
        "age": _bands(rows["age"], (1 / 3, 2 / 3), ("young", "middle", "old")),
        "ancestry": _ancestry(rows["ancestry"]),
        "skin": _terciles(rows["skin"]),
        "trait": _words(rows["trait"]),
        "worn": _words(rows["worn"]),
        "light": _words(rows["light"]),
        "yaw": _bands(yaw, (15, 35), ("to 15 deg", "15 to 35 deg", "above 35 deg")),
        "roll": _bands(roll, (30, 75), ("to 30 deg", "30 to 75 deg", "above 75 deg")),
        "seen": _bands(rows["visible"].min(axis=1), (0.5,), ("a part hidden", "all parts seen")),
    }


def compare(
    error: NDArray[np.float64],
    weight: NDArray[np.float64],
    names: NDArray[np.str_],
    identity: NDArray[np.int64],
    *,
    axis: str,
    counts: NDArray[np.float64],
) -> list[Group]:
    """Each group's error (sum of `error` over sum of `weight`), and its ratio to the mean over the groups.

    Args:
        error: (n,) what went wrong in each row; NaN rows do not count.
        weight: (n,) how much each row weighs (1 per picture, hours per track).
        names: (n,) group of each row; `UNKNOWN` rows do not count.
        identity: (n,) whose row it is.
        axis: name of the division.
        counts: (rounds, people) from `bootstrap.draws`, people in the order of `np.unique(identity)`.
    """
    _, who = np.unique(identity, return_inverse=True)
    people = counts.shape[1]
    used = np.isfinite(error) & (names != UNKNOWN)
    found = sorted(set(names[used].tolist()))
    if not found:
        return []
    wrong, total = np.zeros((people, len(found))), np.zeros((people, len(found)))
    for k, name in enumerate(found):
        mine = used & (names == name)
        wrong[:, k] = np.bincount(who[mine], error[mine], people)
        total[:, k] = np.bincount(who[mine], weight[mine], people)
    plain = _rates(np.ones((1, people)), wrong, total)
    drawn = _rates(counts, wrong, total)
    ratio, ratios = _against_mean(plain), _against_mean(drawn)
    groups = []
    for k, name in enumerate(found):
        persons = int((total[:, k] > 0).sum())
        over = bool(ratio[0, k] > UNFAIR) and persons >= FEWEST_PEOPLE and len(found) > 1
        values = _value(plain[0, k], drawn[:, k]), _value(ratio[0, k], ratios[:, k])
        groups.append(Group(axis, name, int((used & (names == name)).sum()), persons, *values, over))
    return groups


def _rates(counts: NDArray[np.float64], wrong: NDArray[np.float64], total: NDArray[np.float64]) -> NDArray[np.float64]:
    weight = counts @ total
    return np.where(weight > 0, counts @ wrong / np.where(weight > 0, weight, 1), np.nan)


def _against_mean(rates: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rates over the mean of all groups of the same round; groups that nobody of was drawn do not count."""
    there = np.isfinite(rates)
    mean = np.where(there, rates, 0).sum(axis=1) / np.maximum(there.sum(axis=1), 1)
    return np.where(mean[:, None] > 0, rates / np.where(mean > 0, mean, 1)[:, None], 1.0)


def _value(value: float, drawn: NDArray[np.float64]) -> Value:
    drawn = drawn[np.isfinite(drawn)]
    if len(drawn) < 2:
        return Value(float(value), float("nan"), float("nan"))
    low, high = np.quantile(drawn, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Value(float(value), float(low), float(high))


def _bands(values: NDArray[np.float32], edges: tuple[float, ...], names: tuple[str, ...]) -> NDArray[np.str_]:
    banded = np.array(names)[np.searchsorted(np.array(edges), np.nan_to_num(values), "right")]
    return np.where(np.isfinite(values), banded, UNKNOWN)


def _ancestry(weights: NDArray[np.float32]) -> NDArray[np.str_]:
    """The ancestry that makes up most of a face; "mixed" where none is above six tenths."""
    known = np.isfinite(weights).all(axis=1) & (np.nan_to_num(weights).sum(axis=1) > 0)
    main = np.array(ANCESTRIES)[np.nan_to_num(weights).argmax(axis=1)]
    named = np.where(np.nan_to_num(weights).max(axis=1) > 0.6, main, "mixed")
    return np.where(known, named, UNKNOWN)


def _terciles(skin: NDArray[np.float32]) -> NDArray[np.str_]:
    """Thirds of the reflectances that occur."""
    known = np.isfinite(skin)
    if not known.any():
        return np.full(len(skin), UNKNOWN)
    edges = np.quantile(skin[known], [1 / 3, 2 / 3])
    return _bands(skin, tuple(float(edge) for edge in edges), ("dark skin", "middle skin", "light skin"))


def _words(words: NDArray[np.str_]) -> NDArray[np.str_]:
    return np.where(words == "", UNKNOWN, words)
