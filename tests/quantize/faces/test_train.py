"""What training is shown how often; training itself is run by `make test-train`."""

from __future__ import annotations

import numpy as np

from quantize.faces.collection import ROW, Faces
from quantize.faces.train import REPEATED, _order, hard


def faces(count: int = 300) -> Faces:
    """Three people's faces: a dark, a middling and a light one; every tenth picture in infrared."""
    rows = np.zeros(count, ROW)
    rows["identity"] = np.arange(count) % 3
    rows["skin"] = 0.2 + 0.2 * rows["identity"]
    rows["face"], rows["light"] = True, "room"
    rows["light"][::10] = "infrared"
    return Faces(np.zeros((count, 1, 1), np.uint8), rows)


def test_dark_and_infrared_faces_are_the_hard_ones() -> None:
    found = hard(faces())
    assert found[faces().rows["skin"] < 0.3].all()
    assert found[faces().rows["light"] == "infrared"].all()
    assert found.mean() < 0.5


def test_an_epoch_shows_every_face_and_some_hard_ones_twice() -> None:
    again = hard(faces())
    times = np.bincount(_order(faces().identity, again, np.random.default_rng(1)), minlength=len(again))
    assert (times[~again].min(), times[~again].max(), times.max()) == (1, 1, 2)
    assert abs(times[again].mean() - 1 - REPEATED) < 0.1


def test_one_person_comes_a_few_times_together() -> None:
    identity = faces().identity
    order = _order(identity, np.zeros(len(identity), bool), np.random.default_rng(1))
    assert (np.diff(identity[order]) == 0).mean() > 0.6
