"""Rendered faces over time: one person in one light, under one thing worn, going through one course of expressions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from edge.face.align import FaceBox, crop
from edge.face.units import INTENSITY_MAX, pspi
from edge.inference import Interpreter
from quantize.faces.collection import Faces
from quantize.faces.dataset import FRAME_PX, camera, facts
from quantize.faces.evaluate import read_outputs
from quantize.faces.evaluation.tracks import Track, held
from quantize.faces.expression import Expression, deform
from quantize.faces.person import Person
from quantize.faces.render import Renderer, compose
from quantize.faces.sculpt import draw_sculpt
from quantize.faces.shot import draw_background, draw_shot, expose
from quantize.faces.wear import draw_wear, put_on, visible_share

REST_FRAMES = 5
"""Resting frames before the course, of which the person's own reference is the mean."""


def film(
    renderer: Renderer, person: Person, course: Sequence[Expression], identity: int, rng: np.random.Generator
) -> Faces:
    """Crops of a course of expressions, one per picture, in their order."""
    shot, wear, sculpt = draw_shot(rng), draw_wear(rng), draw_sculpt(rng)
    background = draw_background(rng, FRAME_PX, FRAME_PX)
    sculptor, crops, rows = int(rng.integers(2**31)), [], []
    for expression in course:
        # The same draws for every picture: an action unit is sculpted alike all along.
        shape = deform(renderer.head, person, expression, np.random.default_rng(sculptor), sculpt)
        drawing = renderer.draw(person, shape, expression, shot, camera())
        frame, cover = put_on(compose(drawing, background, person), drawing, wear, rng)
        faults = np.random.default_rng(sculptor + 1)  # one camera: the same blur and brightness all along
        crops.append(crop(expose(frame, faults, shot.light), _shaken(drawing.box, rng)))
        row = facts(person, expression, sculpt, shot, wear)
        row["identity"], row["visible"] = identity, visible_share(drawing, cover)
        rows.append(row)
    return Faces(np.stack(crops), np.stack(rows))


def _shaken(box: FaceBox, rng: np.random.Generator) -> FaceBox:
    """The box of a followed face: off by as much as training assumes of one (`quantize.faces.dataset`)."""
    right, down = rng.normal(0, 0.02 * box.side, 2)
    side = box.side * float(np.exp(rng.normal(0, 0.04)))
    return FaceBox(box.x + float(right), box.y + float(down), side, box.roll_deg + float(rng.normal(0, 4)))


def read_track(network: Interpreter, faces: Faces, rate_hz: float, kind: str) -> Track:
    """What the exported network reads of a film whose first `REST_FRAMES` pictures are at rest."""
    outputs = read_outputs(network, faces)
    rest: NDArray[np.float32] = np.clip(outputs.au[:REST_FRAMES], 0, INTENSITY_MAX).mean(axis=0).astype(np.float32)
    after = np.arange(len(faces.rows)) >= REST_FRAMES
    row = faces.rows[-1].copy()
    row["kind"] = kind
    stood = held(pspi(faces.units[after]), rate_hz)
    return Track(row, np.arange(int(after.sum())) / rate_hz, outputs.where(after), rest, stood)
