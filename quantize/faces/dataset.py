"""Rendered training faces on disk: chunks that can be interrupted and resumed, split by identity."""

from __future__ import annotations

import multiprocessing
import os
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.face.align import SIDE_PX, FaceBox, crop, place
from edge.face.units import LABELS
from quantize.faces.assets import shared_folder
from quantize.faces.collection import ROW, Faces, join
from quantize.faces.expression import Expression, deform, draw_expression
from quantize.faces.head import ANCESTRIES, load_head
from quantize.faces.kinds import Kind, Units
from quantize.faces.person import Person, make_person
from quantize.faces.render import Camera, Renderer, compose
from quantize.faces.sculpt import Sculpt, draw_sculpt, has_facs
from quantize.faces.shot import Shot, draw_background, draw_shot, expose, shadowed, with_shadow
from quantize.faces.wear import Wear, draw_wear, put_on, visible_share

PER_PERSON = 14
"""Pictures of one identity; drawing a person costs as much as three pictures."""

NEUTRAL_PER_PERSON = 3
"""How many of them are neutral: a held-out identity's own resting level is their mean."""

UNSEEN_PER_PERSON = 10
"""Further pictures of each test identity in FACSHuman's sculpt, which no training picture has, where its targets are
at hand; they are measured on and nothing else."""

PERSONS_PER_CHUNK = 20
"""Identities per file on disk: about ten seconds of work is lost by an interruption."""

TEST_PART = 22
"""Identities with `number % 25` from here on are the test identities (`quantize.faces.collection.split`)."""

FRAME_PX, BOX_PX = 152, 104.0
"""Side of the rendered pictures and of the face's box in them, pixels."""

_FOLLOWED_SHARE = 0.7
"""Share of crops cut as the box does while it follows a face; the others as after a first sight of it."""

_FOLLOWED = (0.02, 0.04, 4.0)
_FIRST_SIGHT = (0.08, 0.12, 12.0)
"""Standard deviations of centre (sides of the box), log size and roll (degrees): those of a followed face were measured
on the box, those of a first sight are three times the detector's own errors."""

_SHADOWED_SHARE = 0.12
"""Share of pictures over which something outside throws a shadow: a blind, the rail of the bed, somebody's back."""

_MOST_OFF = 0.28
_LAYOUT = "faces-6"
"""Part of the folder's name; changes whenever the pictures change."""


def aimed_at(box: FaceBox, rng: np.random.Generator) -> tuple[FaceBox, NDArray[np.float32]]:
    """Where a crop aims that should show the face in `box`, and the offset of the face in it (`OFFSETS`)."""
    centre, log_size, roll = _FOLLOWED if rng.random() < _FOLLOWED_SHARE else _FIRST_SIGHT
    right, down = np.clip(rng.normal(0, centre, 2), -_MOST_OFF, _MOST_OFF)
    size = float(np.clip(rng.normal(0, log_size), -0.35, 0.35))
    turn = float(np.clip(rng.normal(0, roll), -30, 30))
    side = box.side * float(np.exp(-size))
    roll_deg = box.roll_deg - turn
    angle = np.deg2rad(roll_deg)
    x = box.x - side * (right * np.cos(angle) - down * np.sin(angle))
    y = box.y - side * (right * np.sin(angle) + down * np.cos(angle))
    return FaceBox(float(x), float(y), side, roll_deg), np.array([right, down, size, turn], np.float32)


def facts(person: Person, expression: Expression, sculpt: Sculpt, shot: Shot, wear: Wear) -> NDArray[np.void]:
    """The row of `ROW` of a picture, as far as it does not depend on where the crop aims; identity 0."""
    row = np.zeros((), ROW)
    row["face"], row["kind"], row["sculpt"] = True, str(expression.kind), str(sculpt)
    row["left"], row["right"] = _units(expression.left), _units(expression.right)
    row["pose"] = (shot.pose.yaw_deg, shot.pose.pitch_deg, shot.pose.roll_deg)
    row["age"], row["male"], row["skin"] = person.age, person.male, float(person.skin.mean())
    row["ancestry"] = [person.ancestry[name] for name in ANCESTRIES]
    row["light"], row["worn"], row["trait"] = shot.light.name, wear.name, person.trait
    return np.asarray(row)


def camera() -> Camera:
    """The camera of all training pictures: the face's box in their middle."""
    return Camera(FRAME_PX, FRAME_PX, FRAME_PX / 2, FRAME_PX / 2, BOX_PX)


def _units(side: Units) -> NDArray[np.float32]:
    return np.array([side.get(name, 0.0) for name in LABELS], np.float32)


def picture(
    renderer: Renderer, person: Person, expression: Expression, sculpt: Sculpt, rng: np.random.Generator
) -> tuple[NDArray[np.uint8], NDArray[np.void]]:
    """One random picture of a person: the (SIDE_PX, SIDE_PX) uint8 crop, and its row of `ROW` without the identity."""
    shot = with_shadow(draw_shot(rng), rng)
    moved = deform(renderer.head, person, expression, rng, sculpt)
    drawing = renderer.draw(person, moved, expression, shot, camera())
    frame = compose(drawing, draw_background(rng, FRAME_PX, FRAME_PX), person)
    wear = draw_wear(rng)
    frame, cover = put_on(frame, drawing, wear, rng)
    if rng.random() < _SHADOWED_SHARE:
        frame = shadowed(frame, rng)
    box, offset = aimed_at(drawing.box, rng)
    row = facts(person, expression, sculpt, shot, wear)
    row["visible"] = visible_share(drawing, cover)
    row["points"], row["offset"] = place(drawing.points, box), offset
    row["moves"] = renderer.moves(person, moved)
    return crop(expose(frame, rng, shot.light), box), row


def nobody(renderer: Renderer, person: Person, rng: np.random.Generator) -> tuple[NDArray[np.uint8], NDArray[np.void]]:
    """A crop without a face: the room, the back of a head, or the place beside a face."""
    background = draw_background(rng, FRAME_PX, FRAME_PX)
    shot, row = draw_shot(rng), np.zeros((), ROW)
    box = FaceBox(FRAME_PX / 2, FRAME_PX / 2, BOX_PX, float(rng.uniform(-110, 110)))
    what = rng.choice(["room", "back", "beside"])
    row["kind"] = f"no_face_{what}"
    if what != "room":
        yaw = float(rng.choice([-1, 1]) * rng.uniform(110, 180)) if what == "back" else shot.pose.yaw_deg
        turned = replace(shot, pose=replace(shot.pose, yaw_deg=yaw))
        aside = 0.0 if what == "back" else float(rng.uniform(0.75, 1.2)) * BOX_PX
        heading = rng.uniform(0, 2 * np.pi)
        x, y = (FRAME_PX / 2 + aside * float(way(heading)) for way in (np.cos, np.sin))
        seen = Camera(FRAME_PX, FRAME_PX, x, y, BOX_PX)
        drawing = renderer.draw(person, person.vertices, _RESTING, turned, seen)
        background = compose(drawing, background, person)
    return crop(expose(background, rng, shot.light), aimed_at(box, rng)[0]), row


_RESTING = Expression(Kind.NEUTRAL, {}, {}, (0.0, 0.0))


def render_person(renderer: Renderer, seed: int, identity: int, *, unseen_sculpt: bool = False) -> Faces:
    """All pictures of one identity; the same seed and number give the same pictures.

    Args:
        renderer: of the head.
        seed: of everything.
        identity: number of the person.
        unseen_sculpt: whether to add, for a test identity, pictures in FACSHuman's sculpt.
    """
    rng = np.random.default_rng([seed, identity])
    person = make_person(renderer.head, rng)
    made: list[tuple[NDArray[np.uint8], NDArray[np.void]]] = []
    for k in range(PER_PERSON):
        expression = draw_expression(rng, Kind.NEUTRAL if k < NEUTRAL_PER_PERSON else None, person=person)
        made.append(picture(renderer, person, expression, draw_sculpt(rng), rng))
    made.append(nobody(renderer, person, rng))
    measurable = unseen_sculpt and identity % 25 >= TEST_PART and has_facs(renderer.head)
    unseen = range(UNSEEN_PER_PERSON if measurable else 0)
    made += [picture(renderer, person, draw_expression(rng, person=person), Sculpt.FACS, rng) for _ in unseen]
    rows = np.stack([row for _, row in made])
    rows["identity"] = identity
    return Faces(np.stack([pixels for pixels, _ in made]), rows)


_worker: list[Renderer] = []  # one per process: a head is large and the same for all its chunks


def _start_worker(cache: str) -> None:
    cv2.setNumThreads(1)
    os.nice(5)
    _worker.append(Renderer(load_head(shared_folder(), Path(cache))))


def _make_chunk(job: tuple[int, int, int, str, bool]) -> int:
    seed, first, count, path, unseen_sculpt = job
    faces = join([render_person(_worker[0], seed, first + k, unseen_sculpt=unseen_sculpt) for k in range(count)])
    temporary = Path(path).with_suffix(".part.npz")
    np.savez(temporary, crops=faces.crops, rows=faces.rows)
    temporary.replace(path)  # a chunk is there as a whole or not at all
    return count


def render_faces(cache: Path, *, seed: int, renders: int, processes: int, unseen_sculpt: bool = True) -> Faces:
    """Render at least `renders` faces, going on where an earlier run with the same seed was interrupted.

    Args:
        cache: folder for the chunks.
        seed: the pictures depend on nothing else.
        renders: how many pictures in the sculpts that are trained on; rounded up to whole chunks.
        processes: how many to draw with.
        unseen_sculpt: whether to add the test identities' pictures in FACSHuman's sculpt.
    """
    from tqdm import tqdm

    folder = cache / f"{_LAYOUT}-seed{seed}"
    folder.mkdir(parents=True, exist_ok=True)
    load_head(shared_folder(), cache)  # built once here, not in every process
    chunks = -(-renders // (PERSONS_PER_CHUNK * PER_PERSON))
    paths = [folder / f"{k:05d}.npz" for k in range(chunks)]
    jobs = [
        (seed, k * PERSONS_PER_CHUNK, PERSONS_PER_CHUNK, str(path), unseen_sculpt)
        for k, path in enumerate(paths)
        if not path.exists()
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
        faces = Faces(stored["crops"], stored["rows"])
    if faces.crops.shape[1:] != (SIDE_PX, SIDE_PX) or faces.rows.dtype != ROW:
        raise ValueError(f"{path} holds faces of another layout: delete its folder and render again")
    return faces
