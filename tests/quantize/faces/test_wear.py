"""What lies over a face, and how much of it still shows."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("numba")

from edge.face.units import REGIONS
from quantize.faces.expression import symmetric
from quantize.faces.head import Head
from quantize.faces.kinds import Kind
from quantize.faces.person import make_person
from quantize.faces.render import Camera, Drawing, Renderer
from quantize.faces.shot import Picture, Pose, Shot
from quantize.faces.wear import CHANCES, Wear, draw_wear, put_on, visible_share

SIDE = 160


def drawn(head: Head, pose: Pose) -> Drawing:
    person = make_person(head, np.random.default_rng([3, 1]))
    camera = Camera(SIDE, SIDE, SIDE / 2, SIDE / 2, 0.6 * SIDE)
    return Renderer(head).draw(person, person.vertices, symmetric(Kind.NEUTRAL, {}), Shot(pose), camera)


@pytest.fixture(scope="module")
def frontal(head: Head) -> Drawing:
    return drawn(head, Pose())


def worn(drawing: Drawing, name: str, seed: int = 1) -> tuple[Picture, Picture]:
    return put_on(drawing.luminance, drawing, Wear(name, seed), np.random.default_rng(2))


def shares(drawing: Drawing, name: str, seed: int = 1) -> dict[str, float]:
    return dict(zip(REGIONS, visible_share(drawing, worn(drawing, name, seed)[1]), strict=True))


@pytest.mark.parametrize("name", list(CHANCES))
def test_a_cover_is_a_share_and_the_picture_stays_one(frontal: Drawing, name: str) -> None:
    picture, cover = worn(frontal, name)
    assert (picture.shape, cover.shape, cover.min() >= 0, cover.max() <= 1) == ((SIDE, SIDE), (SIDE, SIDE), True, True)
    assert np.isfinite(picture).all()


def test_a_bare_frontal_face_shows_all_of_itself(frontal: Drawing) -> None:
    assert min(shares(frontal, "nothing").values()) > 0.9


def test_an_oxygen_mask_lies_over_the_mouth_and_not_over_the_brows(frontal: Drawing) -> None:
    found = shares(frontal, "mask")
    assert (found["mouth"] < found["brows"] - 0.05, found["brows"] > 0.85) == (True, True)


def test_an_eye_patch_hides_one_eye(frontal: Drawing) -> None:
    found = shares(frontal, "patch")
    assert sorted((found["left_eye"] > 0.9, found["right_eye"] > 0.9)) == [False, True]


def test_a_blanket_never_hides_the_brows_first(frontal: Drawing) -> None:
    for seed in range(10):
        found = shares(frontal, "blanket", seed)
        assert found["mouth"] <= found["brows"] + 0.05


def test_a_face_in_profile_shows_one_eye_less_than_the_other(head: Head) -> None:
    found = shares(drawn(head, Pose(yaw_deg=60)), "nothing")
    assert abs(found["left_eye"] - found["right_eye"]) > 0.3


def test_the_back_of_a_head_shows_nothing(head: Head) -> None:
    assert max(shares(drawn(head, Pose(yaw_deg=180)), "nothing").values()) < 0.1


def test_things_are_drawn_as_often_as_stated() -> None:
    rng = np.random.default_rng(3)
    names = [draw_wear(rng).name for _ in range(2000)]
    assert names.count("nothing") / 2000 == pytest.approx(CHANCES["nothing"], abs=0.04)


def test_the_same_seed_paints_the_same(frontal: Drawing) -> None:
    assert (worn(frontal, "hand")[0] == worn(frontal, "hand")[0]).all()
