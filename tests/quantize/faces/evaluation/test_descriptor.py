"""The descriptor's figures: own films beside other people's."""

from __future__ import annotations

import numpy as np
import pytest

from quantize.faces.collection import ROW
from quantize.faces.evaluation.descriptor import descriptor
from quantize.faces.evaluation.tracks import Track
from quantize.faces.heads import HEADS, Outputs

LENGTH = 10
COMMON = np.full(HEADS["identity"], 3.0, np.float32)


def film(person: int, noise: float) -> Track:
    """Ten readings of a person whose descriptor is an axis of its own, beside what all people share."""
    rng = np.random.default_rng([person, round(noise * 100)])
    said = {name: np.zeros((LENGTH, width), np.float32) for name, width in HEADS.items()}
    said["identity"] = (
        COMMON
        + np.eye(HEADS["identity"], dtype=np.float32)[person]
        + rng.normal(0, noise, (LENGTH, HEADS["identity"])).astype(np.float32)
    )
    row = np.zeros((), ROW)
    row["identity"] = person
    return Track(np.asarray(row), np.arange(LENGTH) / 5.0, Outputs(**said), np.zeros(17, np.float32), 0.0)


def test_people_who_differ_are_told_apart_once_the_mean_is_out() -> None:
    tracks = [film(person, noise) for person in range(4) for noise in (0.05, 0.06)]
    found = descriptor(tracks, COMMON + 1 / HEADS["identity"])
    assert found is not None
    assert (found.own.count, found.others.count, found.same_film.count) == (8, 48, 8)
    assert found.auc == 1.0
    assert found.own.low > 0.8 > 0.2 > found.others.high


def test_with_the_mean_in_everybody_is_alike() -> None:
    tracks = [film(person, noise) for person in range(4) for noise in (0.05, 0.06)]
    found = descriptor(tracks, np.zeros(HEADS["identity"], np.float32))
    assert found is not None
    assert found.others.alike == pytest.approx(1.0)


def test_one_person_alone_cannot_be_told_from_others() -> None:
    assert descriptor([film(1, 0.05), film(1, 0.06)], COMMON) is None
