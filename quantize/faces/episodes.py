"""Weights of the box's episode filter, fitted to rendered courses as the exported network reads them.

The features are computed by the box's own code (`edge.face.episode.features`). A moment is in pain when the truth of
the last seconds, put through the same features, stands at `PAIN_STANDS` or above in a course of pain; it is calm in
every course of a hard negative. What lies between counts for nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.face.certainty import known
from edge.face.episode import FEATURES, SLOT_S, START_WEIGHTS, WINDOW_S, features
from edge.face.units import INTENSITY_MAX, LABELS
from edge.inference import Interpreter
from quantize.faces.collection import Faces
from quantize.faces.evaluation.courses import RATE_HZ, render_courses
from quantize.faces.evaluation.film import REST_FRAMES, read_track
from quantize.faces.evaluation.tracks import Track
from quantize.faces.kinds import Kind

Floats = NDArray[np.float32]

PAIN_STANDS = 3.0
"""Sum of brow, orbit and levator that stands in the truth where there is pain: mild pain on two of the three, or
strong pain on one."""

FITTED, MEASURED = 64, 64
"""People whose courses of expressions the filter is fitted to (tuning identities) and measured on (test)."""

EVERY_S = 1.0
"""Moments are taken this far apart: nearer ones say the same."""

_WINDOW = round(WINDOW_S / SLOT_S)
_RIDGE = 1.0
"""Pull towards the weights that the filter starts with, as many moments of even odds: keeps a feature that the courses
hardly show at what reason says."""


@dataclass(frozen=True, slots=True, eq=False)
class Moments:
    """Features of moments and what they are.

    Attributes:
        figures: (n, features).
        hurts: (n,).
    """

    figures: NDArray[np.float64]
    hurts: NDArray[np.bool_]


def moments(films: Sequence[tuple[Kind, Faces]], tracks: Sequence[Track]) -> Moments:
    """All moments of films and of what the network read of them, in the same order."""
    found = [one for (kind, film), track in zip(films, tracks, strict=True) for one in _of_one(kind, film, track)]
    if not found:
        raise ValueError("the courses hold no moment of pain or calm: film more people")
    return Moments(np.stack([figures for figures, _ in found]), np.array([hurts for _, hurts in found]))


def _of_one(kind: Kind, film: Faces, track: Track) -> Iterator[tuple[NDArray[np.float64], bool]]:
    change = np.clip(track.outputs.au, 0, INTENSITY_MAX) - track.rest
    truth = film.units[REST_FRAMES:] - film.units[:REST_FRAMES].mean(axis=0)
    visible = 1 / (1 + np.exp(-np.clip(track.outputs.visible, -30, 30)))
    seen = np.ones(len(LABELS), np.float32)
    for end in range(_WINDOW, len(change) + 1, round(EVERY_S * RATE_HZ)):
        window = slice(end - _WINDOW, end)
        stands = float(features(truth[window].astype(np.float32), seen)[:3].sum())
        painful = kind in (Kind.PAIN, Kind.PARTIAL_PAIN)
        if painful and stands < PAIN_STANDS:
            continue
        share = known(np.asarray(visible[window].mean(axis=0), dtype=np.float32))
        yield features(change[window].astype(np.float32), share), painful


def fit(found: Moments) -> tuple[float, ...]:
    """Constant and one weight per feature, both classes weighing the same (Newton's method, with a ridge)."""
    x = np.column_stack([np.ones(len(found.figures)), found.figures])
    y, start = found.hurts.astype(np.float64), np.asarray(START_WEIGHTS, np.float64)
    weight = np.where(found.hurts, 0.5 / max(y.sum(), 1), 0.5 / max((1 - y).sum(), 1)) * len(y)
    beta = start.copy()

    def cost(at: NDArray[np.float64]) -> float:
        odds = x @ at
        return float((weight * (np.logaddexp(0, odds) - y * odds)).sum() + 0.5 * _RIDGE * np.square(at - start).sum())

    for _ in range(50):
        p = 1 / (1 + np.exp(-np.clip(x @ beta, -30, 30)))
        gradient = x.T @ (weight * (y - p)) - _RIDGE * (beta - start)
        curvature = (x * (weight * p * (1 - p))[:, None]).T @ x + _RIDGE * np.eye(1 + len(FEATURES))
        step = np.linalg.solve(curvature, gradient)
        while cost(beta + step) > cost(beta) and np.abs(step).max() > 1e-9:
            step = step / 2  # far from the optimum a whole step overshoots
        beta = beta + step
        if np.abs(step).max() < 1e-9:
            break
    return tuple(float(value) for value in beta)


def read_courses(
    network: Interpreter, faces: Faces, people: int, *, cache: Path, seed: int, processes: int
) -> tuple[list[tuple[Kind, Faces]], list[Track]]:
    """Films of some of the people of `faces`, and what the exported network reads of them.

    Args:
        network: as the box runs it.
        faces: their identities are taken, not their pictures.
        people: how many of them.
        cache: folder for the films.
        seed: of the people and the films.
        processes: how many to draw with.
    """
    identities = [int(one) for one in np.unique(faces.identity)[:people]]
    films = render_courses(cache, identities, seed=seed, processes=processes)
    return films, [read_track(network, film, RATE_HZ, str(kind)) for kind, film in films]
