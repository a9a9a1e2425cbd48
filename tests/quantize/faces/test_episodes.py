"""Weights of the episode filter: fitted to what the network reads of courses in time."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("numba")

from edge.face.episode import FEATURES, START_WEIGHTS
from edge.face.units import LABELS, REGIONS
from quantize.faces.collection import ROW, Faces
from quantize.faces.episodes import Moments, fit, moments
from quantize.faces.evaluation.courses import PER_PERSON, RATE_HZ, SECONDS, kinds_of, person_films
from quantize.faces.evaluation.film import REST_FRAMES
from quantize.faces.evaluation.pairs import HARD_NEGATIVES
from quantize.faces.evaluation.tracks import Track
from quantize.faces.head import Head
from quantize.faces.heads import HEADS, Outputs
from quantize.faces.kinds import Kind, Units
from quantize.faces.render import Renderer

PAIN: Units = {"AU4": 4.0, "AU7": 4.0, "AU10": 3.0}
SMILE: Units = {"AU12": 4.0, "AU6": 3.0}
LENGTH = round(SECONDS * RATE_HZ)


def course(units: Units, kind: Kind) -> tuple[tuple[Kind, Faces], Track]:
    """A face that rests and then does one thing for as long as a course lasts, read without any error."""
    rows = np.zeros(REST_FRAMES + LENGTH, ROW)
    rows["left"][REST_FRAMES:] = rows["right"][REST_FRAMES:] = [units.get(name, 0.0) for name in LABELS]
    said = {name: np.zeros((LENGTH, width), np.float32) for name, width in HEADS.items()}
    said["au"][:] = rows["left"][REST_FRAMES:]
    said["visible"] = np.full((LENGTH, len(REGIONS)), 8.0, np.float32)
    film = Faces(np.zeros((len(rows), 1, 1), np.uint8), rows)
    track = Track(rows[-1], np.arange(LENGTH) / RATE_HZ, Outputs(**said), np.zeros(len(LABELS), np.float32), 0.0)
    return (kind, film), track


def both(*courses: tuple[tuple[Kind, Faces], Track]) -> Moments:
    return moments([film for film, _ in courses], [track for _, track in courses])


def test_moments_of_pain_hurt_and_those_of_smiles_do_not() -> None:
    found = both(course(PAIN, Kind.PAIN), course(SMILE, Kind.SMILE))
    assert found.hurts.mean() == pytest.approx(0.5)
    assert found.figures.shape == (len(found.hurts), len(FEATURES))


def test_a_course_of_pain_that_shows_none_yet_counts_for_nothing() -> None:
    assert not both(course({"AU4": 1.0}, Kind.PAIN), course(SMILE, Kind.SMILE)).hurts.any()


def test_no_moment_at_all_is_told() -> None:
    with pytest.raises(ValueError, match="film more people"):
        moments([], [])


def test_the_fit_parts_what_the_figures_part() -> None:
    rng = np.random.default_rng(1)
    hurts = np.arange(400) < 200
    figures = rng.random((400, len(FEATURES))) + hurts[:, None] * np.eye(len(FEATURES))[0] * 3
    weights = np.array(fit(Moments(figures, hurts)))
    log_odds = weights[0] + figures @ weights[1:]
    assert ((log_odds > 0) == hurts).mean() > 0.95


def test_without_evidence_the_weights_stay_where_they_began() -> None:
    nothing = Moments(np.zeros((2, len(FEATURES))), np.array([True, False]))
    assert fit(nothing)[1:] == pytest.approx(START_WEIGHTS[1:], abs=1e-6)


def test_every_hard_negative_has_its_turn() -> None:
    shown = {kind for number in range(len(HARD_NEGATIVES)) for kind in kinds_of(number)}
    assert shown == {Kind.PAIN, Kind.PARTIAL_PAIN, *HARD_NEGATIVES}


def test_films_begin_at_rest_and_are_the_same_for_the_same_seed(head: Head) -> None:
    first, second = (person_films(Renderer(head), 5, 3, 0, seconds=2.0) for _ in range(2))
    assert len(first) == PER_PERSON
    assert all(film.units[:REST_FRAMES, :-1].max() == 0 for film in first)
    assert all((one.crops == two.crops).all() for one, two in zip(first, second, strict=True))
