"""Rendered heads cut out of their background, to be pasted into scenes at any size and roll.

A scene needs a head of a few dozen pixels; drawing one costs as much as a hundred pastes. So heads are drawn once,
upright, with what they wear, and kept with their opacity, landmarks and visibility.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.face.units import REGIONS
from quantize.faces.assets import shared_folder
from quantize.faces.collection import POINTS
from quantize.faces.expression import deform, draw_expression
from quantize.faces.head import load_head
from quantize.faces.person import Person, make_person
from quantize.faces.render import Camera, Drawing, Renderer, compose
from quantize.faces.shot import Picture, Pose, draw_shot
from quantize.faces.wear import CHANCES, Wear, draw_wear, put_on, visible_share

SIZE_PX = 208
"""Side of a cut-out."""

BOX_PX = 92.0
"""Side of the face's box in it."""

CENTRE = (104.0, 88.0)
"""Where its centre lies, x and y."""

PER_PERSON = 8
TURNED_PER_PERSON = 2
"""How many of a person's heads look away from the camera."""

TURNED_FROM_DEG = 75.0
"""Yaw from which a head counts as turned away: one eye and half of the mouth are out of sight."""

GREY = 200.0
"""Luminance 1 in the stored bytes; shine goes above it."""

HEAD = np.dtype(
    [
        ("identity", np.int64),
        ("yaw", np.float32),
        ("pitch", np.float32),
        ("points", np.float32, (len(POINTS), 2)),
        ("visible", np.float32, (len(REGIONS),)),
        ("light", "U12"),
        ("worn", "U24"),
    ]
)
"""What is known of a cut-out: pose in degrees, landmarks in its pixels, uncovered share of each region."""

_LAYOUT = "heads-3"


@dataclass(frozen=True, slots=True, eq=False)
class Cutouts:
    """Heads with their opacity.

    Attributes:
        shade: (n, SIZE_PX, SIZE_PX) uint8 luminance, `GREY` standing for 1.
        opacity: (n, SIZE_PX, SIZE_PX) uint8.
        rows: (n,) of `HEAD`.
    """

    shade: NDArray[np.uint8]
    opacity: NDArray[np.uint8]
    rows: NDArray[np.void]

    def where(self, chosen: NDArray[np.bool_]) -> Cutouts:
        """The heads for which `chosen` is true."""
        return Cutouts(self.shade[chosen], self.opacity[chosen], self.rows[chosen])


def _worn(drawing: Drawing, person: Person, level: float, wear: Wear, seed: int) -> tuple[Picture, Picture]:
    """The head and what it wears before a background of one grey; and the cover."""
    flat = np.full((SIZE_PX, SIZE_PX), level, np.float32)
    return put_on(compose(drawing, flat, person), drawing, wear, np.random.default_rng(seed))


def _head(
    renderer: Renderer, person: Person, rng: np.random.Generator, *, turned: bool
) -> tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.void]]:
    """One head: shade, opacity and a row of `HEAD`."""
    shot = draw_shot(rng, lying=0.0)
    yaw = float(rng.choice([-1, 1]) * rng.uniform(TURNED_FROM_DEG, 180)) if turned else 1.1 * shot.pose.yaw_deg
    shot = replace(shot, pose=Pose(yaw, shot.pose.pitch_deg, 0.0, max(shot.pose.distance_dm, 6.0)))
    expression = draw_expression(rng, person=person)
    camera = Camera(SIZE_PX, SIZE_PX, *CENTRE, BOX_PX)
    drawing = renderer.draw(person, deform(renderer.head, person, expression, rng), expression, shot, camera)
    wear, seed = _draw_wear(rng, turned=turned), int(rng.integers(2**31))
    # Before black and before white: what differs shows through.
    black, cover = _worn(drawing, person, 0.0, wear, seed)
    white, _ = _worn(drawing, person, 1.0, wear, seed)
    opacity = np.clip(1 - (white - black), 0, 1)
    shade = black / np.maximum(opacity, 1e-3) * (opacity > 0)
    row = np.zeros((), HEAD)
    row["yaw"], row["pitch"], row["points"] = yaw, shot.pose.pitch_deg, drawing.points
    row["visible"] = visible_share(drawing, cover)
    row["light"], row["worn"] = shot.light.name, wear.name
    grey = np.clip(shade * GREY, 0, 255).astype(np.uint8)
    return grey, (opacity * 255).astype(np.uint8), row


def _draw_wear(rng: np.random.Generator, *, turned: bool) -> Wear:
    """Half of the heads wear something; a blanket and a pillow are the scene's own."""
    wear = draw_wear(rng)
    if turned or wear.name in ("blanket", "pillow"):
        return Wear("nothing", 0)
    if wear.name == "nothing" and rng.random() < 0.25:
        names = [name for name in CHANCES if name not in ("nothing", "blanket", "pillow")]
        return Wear(str(rng.choice(names)), wear.seed)
    return wear


def draw_cutouts(cache: Path, *, seed: int, persons: int) -> Cutouts:
    """Draw the heads of `persons` people, going on where an earlier run with the same seed was interrupted.

    Args:
        cache: folder for one file per person.
        seed: the heads depend on nothing else.
        persons: how many identities.
    """
    from tqdm import tqdm

    folder = cache / f"{_LAYOUT}-seed{seed}"
    folder.mkdir(parents=True, exist_ok=True)
    renderer: Renderer | None = None
    parts: list[Cutouts] = []
    for identity in tqdm(range(persons), desc="heads", unit="person"):
        path = folder / f"{identity:05d}.npz"
        if not path.exists():
            renderer = renderer or Renderer(load_head(shared_folder(), cache))
            _keep(path, _person(renderer, seed, identity))
        with np.load(path) as stored:
            parts.append(Cutouts(stored["shade"], stored["opacity"], stored["rows"]))
    return Cutouts(
        np.concatenate([part.shade for part in parts]),
        np.concatenate([part.opacity for part in parts]),
        np.concatenate([part.rows for part in parts]),
    )


def _person(renderer: Renderer, seed: int, identity: int) -> Cutouts:
    rng = np.random.default_rng([seed, identity, 3])
    person = make_person(renderer.head, rng)
    made = [_head(renderer, person, rng, turned=k < TURNED_PER_PERSON) for k in range(PER_PERSON)]
    rows = np.stack([row for _, _, row in made])
    rows["identity"] = identity
    return Cutouts(np.stack([shade for shade, _, _ in made]), np.stack([opacity for _, opacity, _ in made]), rows)


def _keep(path: Path, heads: Cutouts) -> None:
    temporary = path.with_suffix(".part.npz")
    np.savez_compressed(temporary, shade=heads.shade, opacity=heads.opacity, rows=heads.rows)
    temporary.replace(path)
