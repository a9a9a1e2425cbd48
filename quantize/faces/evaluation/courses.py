"""Films of people who go through one kind of expression each, on disk: what episodes are fitted to and measured on."""

from __future__ import annotations

import multiprocessing
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from quantize.faces.assets import shared_folder
from quantize.faces.collection import ROW, Faces
from quantize.faces.evaluation.film import REST_FRAMES, film
from quantize.faces.evaluation.pairs import HARD_NEGATIVES
from quantize.faces.expression import as_seen, symmetric
from quantize.faces.head import load_head
from quantize.faces.kinds import Kind
from quantize.faces.person import make_person
from quantize.faces.render import Renderer
from quantize.faces.track import draw_track

RATE_HZ = 5.0
"""Pictures per second: one per slot of the episode filter."""

SECONDS = 18.0
"""Length of one course: a phrase, a yawn, a smile, or the better part of an episode of pain."""

PER_PERSON = 4
"""Courses of one person: two of pain or partial pain, two of the hard negatives."""

_LAYOUT = "courses-2"
"""Part of the folder's name; changes whenever the films change."""


def kinds_of(number: int) -> tuple[Kind, ...]:
    """The kinds that the person of this number goes through; the hard negatives take turns."""
    count = len(HARD_NEGATIVES)
    return (
        Kind.PAIN,
        (Kind.PAIN, Kind.PARTIAL_PAIN)[number % 2],
        HARD_NEGATIVES[(2 * number) % count],
        HARD_NEGATIVES[(2 * number + 1) % count],
    )


def person_films(renderer: Renderer, seed: int, identity: int, number: int, *, seconds: float = SECONDS) -> list[Faces]:
    """All films of one identity of `quantize.faces.dataset`, each with `REST_FRAMES` resting pictures first."""
    person = make_person(renderer.head, np.random.default_rng([seed, identity]))
    films = []
    for place, kind in enumerate(kinds_of(number)):
        rng = np.random.default_rng([seed, identity, 1 + place])
        rest = [as_seen(symmetric(Kind.NEUTRAL, {}), person)] * REST_FRAMES
        course = draw_track(rng, kind, seconds, RATE_HZ, person=person)
        films.append(film(renderer, person, [*rest, *course], identity, rng))
    return films


_worker: list[Renderer] = []


def _start_worker(cache: str) -> None:
    cv2.setNumThreads(1)
    _worker.append(Renderer(load_head(shared_folder(), Path(cache))))


def _make(job: tuple[int, int, int, str]) -> None:
    seed, identity, number, path = job
    films = person_films(_worker[0], seed, identity, number)
    temporary = Path(path).with_suffix(".part.npz")
    np.savez(temporary, crops=np.stack([one.crops for one in films]), rows=np.stack([one.rows for one in films]))
    temporary.replace(path)


def render_courses(cache: Path, identities: Sequence[int], *, seed: int, processes: int) -> list[tuple[Kind, Faces]]:
    """Films of these identities, going on where an earlier run was interrupted.

    Args:
        cache: folder for the films.
        identities: numbers of people of the same seed.
        seed: the films depend on nothing else.
        processes: how many to draw with.

    Returns:
        Kind and film of every course.
    """
    from tqdm import tqdm

    folder = cache / f"{_LAYOUT}-seed{seed}"
    folder.mkdir(parents=True, exist_ok=True)
    load_head(shared_folder(), cache)
    paths = {identity: folder / f"{identity:06d}.npz" for identity in identities}
    jobs = [
        (seed, identity, number, str(paths[identity]))
        for number, identity in enumerate(identities)
        if not paths[identity].exists()
    ]
    if jobs:
        with multiprocessing.get_context("spawn").Pool(processes, _start_worker, (str(cache),)) as pool:
            for _ in tqdm(pool.imap_unordered(_make, jobs), total=len(jobs), desc="films", unit="person"):
                pass
    films: list[tuple[Kind, Faces]] = []
    for number, identity in enumerate(identities):
        with np.load(paths[identity]) as stored:
            crops, rows = stored["crops"], stored["rows"]
        if rows.dtype != ROW:
            raise ValueError(f"{paths[identity]} holds films of another layout: delete its folder and film again")
        films += [(kind, Faces(crops[k], rows[k])) for k, kind in enumerate(kinds_of(number))]
    return films
