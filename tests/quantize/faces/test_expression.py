"""Expressions on two sides of a face, and what drooping lids and a palsy make of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("numba")

from edge.face.units import LABELS
from quantize.faces.expression import MIDLINE, Expression, as_seen, deform, draw_expression, symmetric
from quantize.faces.head import Head, Material
from quantize.faces.kinds import Kind
from quantize.faces.person import Person, make_person
from quantize.faces.sculpt import Sculpt, draw_sculpt

OPEN = (Sculpt.MPFB, Sculpt.OWN)
ALL = (*OPEN, Sculpt.FACS)


@pytest.fixture(scope="module")
def person(head: Head) -> Person:
    drawn = make_person(head, np.random.default_rng([3, 1]))
    return replace(drawn, ptosis=(0.0, 0.0), weak_side=0, weakness=0.0)


def moved(
    head: Head, person: Person, expression: Expression, sculpt: Sculpt
) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    """How far every vertex of the skin moves, dm."""
    shape = deform(head, person, expression, np.random.default_rng(1), sculpt)
    return np.asarray(np.linalg.norm(shape - person.vertices, axis=1), dtype=np.float32)


@pytest.mark.parametrize("sculpt", ALL)
@pytest.mark.parametrize("name", LABELS)
def test_every_unit_moves_the_face_in_every_sculpt(head: Head, person: Person, name: str, sculpt: Sculpt) -> None:
    assert moved(head, person, symmetric(Kind.RANDOM, {name: 5.0}), sculpt).max() > 0.01


@pytest.mark.parametrize("sculpt", ALL)
@pytest.mark.parametrize("name", [name for name in LABELS if name not in MIDLINE])
def test_what_pulls_on_the_left_leaves_the_right_alone(head: Head, person: Person, name: str, sculpt: Sculpt) -> None:
    far = moved(head, person, Expression(Kind.RANDOM, {name: 5.0}, {}), sculpt)
    left, right = head.base[:, 0] > 0.1, head.base[:, 0] < -0.1
    assert far[left].max() > 5 * far[right].max()


@pytest.mark.parametrize("sculpt", ALL)
def test_the_jaw_drops_further_in_a_stretched_mouth(head: Head, person: Person, sculpt: Sculpt) -> None:
    drop, stretch = (
        moved(head, person, symmetric(Kind.RANDOM, {name: 5.0}), sculpt).max() for name in ("AU26", "AU27")
    )
    assert stretch > 1.4 * drop


@pytest.mark.parametrize("sculpt", ALL)
def test_more_intensity_moves_more(head: Head, person: Person, sculpt: Sculpt) -> None:
    little, much = (moved(head, person, symmetric(Kind.RANDOM, {"AU26": x}), sculpt).max() for x in (2.0, 5.0))
    assert much > 1.5 * little


def test_our_cheek_raiser_lifts_the_cheek(head: Head, person: Person) -> None:
    shape = deform(head, person, symmetric(Kind.RANDOM, {"AU6": 5.0}), np.random.default_rng(1), Sculpt.OWN)
    x, y, z = head.base.T
    cheek = (np.abs(x - 0.4) < 0.08) & (np.abs(y - 6.98) < 0.08) & (z > 1.2)
    assert (shape - person.vertices)[cheek, 1].mean() > 0.03


@pytest.mark.parametrize("sculpt", ALL)
def test_the_upper_lid_comes_down_over_the_eye(head: Head, person: Person, sculpt: Sculpt) -> None:
    shape = deform(head, person, symmetric(Kind.SLEEP, {"AU43": 5.0}), np.random.default_rng(1), sculpt)
    centre = head.base[head.eye(Material.EYE_LEFT)].mean(axis=0)
    above = (np.abs(head.base[:, 0] - centre[0]) < 0.05) & (np.abs(head.base[:, 1] - centre[1] - 0.05) < 0.03)
    lid = above & (head.base[:, 2] > centre[2] + 0.1)
    assert (shape - person.vertices)[lid, 1].min() < -0.06


def test_open_sculpts_are_drawn_unless_others_are_asked_for() -> None:
    rng = np.random.default_rng(1)
    assert Sculpt.FACS not in {draw_sculpt(rng) for _ in range(200)}
    assert Sculpt.FACS in {draw_sculpt(rng, open_only=False) for _ in range(50)}


def test_open_sculpts_need_none_of_facshumans_targets(head: Head, person: Person) -> None:
    bare = replace(head, targets={k: v for k, v in head.targets.items() if not k.startswith("facs/")})
    expression = symmetric(Kind.RANDOM, dict.fromkeys(LABELS, 3.0))
    for sculpt in (*OPEN, Sculpt.MIXED):
        assert np.isfinite(deform(bare, person, expression, np.random.default_rng(2), sculpt)).all()


def test_a_drooping_lid_is_labelled_as_far_as_it_hangs(person: Person) -> None:
    seen = as_seen(symmetric(Kind.NEUTRAL, {}), replace(person, ptosis=(0.4, 0.0)))
    assert (seen.left.get("AU43", 0), seen.right.get("AU43", 0)) == (2.0, 0)


def test_a_palsied_side_does_not_move_and_is_labelled_so(person: Person) -> None:
    seen = as_seen(symmetric(Kind.SMILE, {"AU12": 4.0, "AU25": 3.0}), replace(person, weak_side=1, weakness=1.0))
    assert (seen.left["AU12"], seen.right["AU12"], seen.left["AU25"]) == (0.0, 4.0, 3.0)


def test_the_stronger_side_counts() -> None:
    assert Expression(Kind.SMILE, {"AU12": 1.0}, {"AU12": 4.0, "AU6": 2.0}).both == {"AU12": 4.0, "AU6": 2.0}


def test_the_same_seed_draws_the_same(person: Person) -> None:
    first, second = (draw_expression(np.random.default_rng([1, 2]), person=person) for _ in range(2))
    assert first == second
