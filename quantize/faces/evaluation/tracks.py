"""From a face over time to episodes: how often the box would claim pain that is none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.face.certainty import known
from edge.face.episode import EpisodeFilter
from edge.types import NS_PER_S
from quantize.evaluation.bootstrap import draws
from quantize.faces.collection import Faces
from quantize.faces.evaluate import PAIN_KINDS, PAIN_PSPI
from quantize.faces.evaluation.figures import EpisodeRow, Episodes
from quantize.faces.evaluation.groups import PEOPLE, Group, axes, compare
from quantize.faces.evaluation.pairs import HARD_NEGATIVES
from quantize.faces.evaluation.scores import Bench
from quantize.faces.heads import Outputs

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """One face over time, as the network read it.

    Attributes:
        row: of `ROW`: whose face, which kind, under which circumstances.
        times_s: (n,) when each picture was taken.
        outputs: of n pictures.
        rest: (17,) the person's own resting intensities as the network reads them.
        pspi: true PSPI that the face held for `HELD_S` at some time of the track.
    """

    row: NDArray[np.void]
    times_s: NDArray[np.float64]
    outputs: Outputs
    rest: Floats
    pspi: float


@dataclass(frozen=True, slots=True)
class Course:
    """What came of one track: highest probability of pain, and how many episodes began."""

    peak: float
    begun: int


HELD_S = 2.0
"""How long a true PSPI must be held to count as that of a track: what lasts less is no episode."""


def held(pspi: Floats, rate_hz: float) -> float:
    """The highest value that (n,) PSPI in time held for `HELD_S`; its lowest where there is less of it."""
    length = min(len(pspi), round(HELD_S * rate_hz))
    return float(np.lib.stride_tricks.sliding_window_view(pspi, length).min(axis=1).max())


Watch = Callable[[Floats, Floats, NDArray[np.float64]], Course]
"""Follows one track: (n, 17) changes against rest, (n, 17) how far each can be known, (n,) seconds."""


def filtered(weights: tuple[float, ...]) -> Watch:
    """The box's own episode filter with these weights (in the bundle: `episode_weights`)."""

    def watch(change: Floats, share: Floats, times_s: NDArray[np.float64]) -> Course:
        follower, peak, begun, running = EpisodeFilter(weights), 0.0, 0, False
        for one, known_share, at_s in zip(change, share, times_s, strict=True):
            episode = follower.step(one, known_share, round(at_s * NS_PER_S))
            peak = max(peak, episode.probability)
            begun += int(follower.running and not running)
            running = follower.running
        return Course(peak, begun)

    return watch


def follow(track: Track, watch: Watch) -> Course:
    """Put one track through the filter."""
    visible = 1 / (1 + np.exp(-np.clip(track.outputs.visible, -30, 30)))
    share = np.stack([known(np.asarray(one, dtype=np.float32)) for one in visible])
    change = np.clip(track.outputs.au, 0, 5) - track.rest
    return watch(np.asarray(change, dtype=np.float32), share, track.times_s)


def episodes(tracks: Sequence[Track], watch: Watch, *, seed: int, rounds: int) -> Episodes:
    """Figures of all tracks."""
    courses = [follow(track, watch) for track in tracks]
    rows = np.stack([track.row for track in tracks])
    hours = np.array([_seconds(track) / 3600 for track in tracks])
    begun = np.array([course.begun for course in courses], np.float64)
    peak = np.array([course.peak for course in courses], np.float32)
    bench = Bench(np.ascontiguousarray(rows["identity"]), seed=seed, rounds=rounds)
    kind = rows["kind"]
    pain = np.isin(kind, [str(one) for one in PAIN_KINDS])
    pain &= np.array([track.pspi >= PAIN_PSPI for track in tracks], dtype=np.bool_)
    negative = np.isin(kind, [str(one) for one in HARD_NEGATIVES])
    return Episodes(
        tuple(_row(str(one), kind == one, hours, begun, bench) for one in np.unique(kind)),
        bench.auc(peak, pain, negative),
        {str(one): bench.auc(peak, pain, kind == str(one)) for one in HARD_NEGATIVES if str(one) in kind},
        tuple(_groups(rows, negative, hours, begun, seed=seed, rounds=rounds)),
    )


def _seconds(track: Track) -> float:
    """Length of a track, the last picture's own share included."""
    spans = np.diff(track.times_s)
    return float(spans.sum() + (np.median(spans) if len(spans) else 0.0))


def _row(
    kind: str,
    chosen: NDArray[np.bool_],
    hours: NDArray[np.float64],
    begun: NDArray[np.float64],
    bench: Bench,
) -> EpisodeRow:
    people = len(np.unique(bench.identity[chosen]))
    return EpisodeRow(
        kind,
        int(chosen.sum()),
        people,
        float(hours[chosen].sum()),
        bench.mean(np.asarray(begun > 0, dtype=np.float32), chosen),
        bench.rate(begun, hours, chosen),
    )


def _groups(
    rows: NDArray[np.void],
    negative: NDArray[np.bool_],
    hours: NDArray[np.float64],
    begun: NDArray[np.float64],
    *,
    seed: int,
    rounds: int,
) -> list[Group]:
    """False episodes per hour of hard negatives, by groups of people."""
    if not negative.any():
        return []
    faces = Faces(np.zeros((int(negative.sum()), 0, 0), np.uint8), rows[negative])
    identity = faces.identity
    counts = draws(len(np.unique(identity)), rounds=rounds, seed=seed)
    return [
        group
        for axis, names in axes(faces).items()
        if axis in (*PEOPLE, "worn", "light")
        for group in compare(begun[negative], hours[negative], names, identity, axis=axis, counts=counts)
    ]
