"""Rendered training faces on disk: chunks that can be interrupted and resumed, split by identity."""

from __future__ import annotations

import multiprocessing
import os
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.face.align import SIDE_PX, FaceBox, crop
from quantize.faces.assets import shared_folder
from quantize.faces.collection import Faces, join
from quantize.faces.expression import Kind, Units, deform, draw_expression, label
from quantize.faces.head import load_head
from quantize.faces.person import Person, make_person
from quantize.faces.render import Camera, Renderer, compose
from quantize.faces.shot import draw_background, draw_shot, expose, occlude

PER_PERSON = 14
"""Pictures of one identity; drawing a person costs as much as three pictures."""

NEUTRAL_PER_PERSON = 3
"""How many of them are neutral: a held-out identity's own resting level is their mean."""

PERSONS_PER_CHUNK = 20
"""Identities per file on disk: about ten seconds of work is lost by an interruption."""

_FRAME_PX = 150
_BOX_PX = 124.0
_BOX_CENTRE_SPREAD = 0.022
_BOX_SIZE_SPREAD = 0.08
_OCCLUDED = 0.1

_LAYOUT = "faces-2"
"""Part of the folder's name; changes whenever the pictures change."""


def _jittered(box: FaceBox, rng: np.random.Generator) -> FaceBox:
    """The box as the cascade would draw it: off by its own measured spread."""
    dx, dy = rng.normal(0, _BOX_CENTRE_SPREAD, 2) * box.side
    return replace(box, x=box.x + dx, y=box.y + dy, side=box.side * float(np.exp(rng.normal(0, _BOX_SIZE_SPREAD))))


def picture(renderer: Renderer, person: Person, units: Units, rng: np.random.Generator) -> NDArray[np.uint8]:
    """One random picture of a person, cut as the box would cut it: (SIDE_PX, SIDE_PX) uint8."""
    shot = draw_shot(rng)
    camera = Camera(_FRAME_PX, _FRAME_PX, _FRAME_PX / 2, _FRAME_PX / 2, _BOX_PX)
    drawing = renderer.draw(person, deform(renderer.head, person, units, rng), units, shot, camera)
    frame = compose(drawing, draw_background(rng, _FRAME_PX, _FRAME_PX), person)
    if rng.random() < _OCCLUDED:
        frame = occlude(frame, rng, drawing.box.x, drawing.box.y, drawing.box.side)
    return crop(expose(frame, rng), _jittered(drawing.box, rng))


def render_person(renderer: Renderer, seed: int, identity: int) -> Faces:
    """All pictures of one identity; the same seed and number give the same pictures."""
    rng = np.random.default_rng([seed, identity])
    person = make_person(renderer.head, rng)
    drawn = [draw_expression(rng, Kind.NEUTRAL if k < NEUTRAL_PER_PERSON else None) for k in range(PER_PERSON)]
    return Faces(
        np.stack([picture(renderer, person, units, rng) for _, units in drawn]),
        np.stack([label(units) for _, units in drawn]),
        np.full(PER_PERSON, identity, np.int64),
        np.array([str(kind) for kind, _ in drawn]),
    )


_worker: list[Renderer] = []  # one per process: a head is large and the same for all its chunks


def _start_worker(cache: str) -> None:
    cv2.setNumThreads(1)
    os.nice(5)
    _worker.append(Renderer(load_head(shared_folder(), Path(cache))))


def _make_chunk(job: tuple[int, int, int, str]) -> int:
    seed, first, count, path = job
    faces = join([render_person(_worker[0], seed, first + k) for k in range(count)])
    temporary = Path(path).with_suffix(".part.npz")
    np.savez(temporary, crops=faces.crops, units=faces.units, identity=faces.identity, kind=faces.kind)
    temporary.replace(path)  # a chunk is there as a whole or not at all
    return count


def render_faces(cache: Path, *, seed: int, renders: int, processes: int) -> Faces:
    """Render at least `renders` faces, going on where an earlier run with the same seed was interrupted.

    Args:
        cache: folder for the chunks.
        seed: the pictures depend on nothing else.
        renders: how many pictures; rounded up to whole chunks.
        processes: how many to draw with.
    """
    from tqdm import tqdm

    folder = cache / f"{_LAYOUT}-seed{seed}"
    folder.mkdir(parents=True, exist_ok=True)
    load_head(shared_folder(), cache)  # built once here, not in every process
    chunks = -(-renders // (PERSONS_PER_CHUNK * PER_PERSON))
    paths = [folder / f"{k:05d}.npz" for k in range(chunks)]
    jobs = [
        (seed, k * PERSONS_PER_CHUNK, PERSONS_PER_CHUNK, str(path)) for k, path in enumerate(paths) if not path.exists()
    ]
    done = (chunks - len(jobs)) * PERSONS_PER_CHUNK * PER_PERSON
    with tqdm(total=chunks * PERSONS_PER_CHUNK * PER_PERSON, initial=done, desc="render", unit="face") as bar:
        if jobs:
            with multiprocessing.get_context("spawn").Pool(processes, _start_worker, (str(cache),)) as pool:
                for persons in pool.imap_unordered(_make_chunk, jobs):
                    bar.update(persons * PER_PERSON)
    return join([_read_chunk(path) for path in paths])


def _read_chunk(path: Path) -> Faces:
    with np.load(path) as stored:
        faces = Faces(stored["crops"], stored["units"], stored["identity"], stored["kind"])
    if faces.crops.shape[1:] != (SIDE_PX, SIDE_PX):
        raise ValueError(f"{path} holds crops of another size: delete its folder and render again")
    return faces
