"""The renderer, where its packages and the head assets are present."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

pytest.importorskip("numba")

from edge.face.align import FaceBox, place
from edge.face.units import LABELS
from quantize.faces.collection import MARKS, MOVES
from quantize.faces.dataset import TEST_PART, UNSEEN_PER_PERSON, aimed_at, render_person
from quantize.faces.expression import deform, symmetric
from quantize.faces.head import Head, Material
from quantize.faces.kinds import Kind, Units
from quantize.faces.person import make_person
from quantize.faces.raster import surface
from quantize.faces.render import Camera, Drawing, Renderer, compose
from quantize.faces.sculpt import Sculpt
from quantize.faces.shade import hair_shade
from quantize.faces.shadow import reached
from quantize.faces.shot import LIGHTS, Light, Pose, Shot, expose, streamed


def draw(head: Head, units: Units, sculpt: Sculpt, pose: Pose | None = None, side: int = 200) -> Drawing:
    person = make_person(head, np.random.default_rng([3, 1]))
    expression = symmetric(Kind.RANDOM, units)
    moved = deform(head, person, expression, np.random.default_rng(1), sculpt)
    camera = Camera(side, side, side / 2, side / 2, 0.6 * side)
    return Renderer(head).draw(person, moved, expression, Shot(pose or Pose()), camera)


def test_the_head_holds_both_sculpts(head: Head) -> None:
    assert {"facs/43", "mpfb/asian/eye-left-closure", "macro/african-female-old"} <= set(head.targets)


def test_eyes_are_beside_each_other(head: Head) -> None:
    left, right = (head.base[head.eye(kind)].mean(axis=0) for kind in (Material.EYE_LEFT, Material.EYE_RIGHT))
    assert (left[1], left[0]) == (pytest.approx(right[1], abs=1e-3), pytest.approx(-right[0], abs=1e-3))


@pytest.mark.parametrize("sculpt", [Sculpt.MPFB, Sculpt.OWN, Sculpt.FACS])
def test_closed_eyes_cover_the_iris(head: Head, sculpt: Sculpt) -> None:
    open_eyes, shut = (draw(head, units, sculpt).luminance for units in ({}, {"AU43": 5.0}))
    eyes = (slice(70, 95), slice(55, 145))
    assert np.abs(open_eyes[eyes] - shut[eyes]).mean() > 2 * np.abs(open_eyes[130:150] - shut[130:150]).mean()


@pytest.mark.parametrize("name", LABELS)
def test_every_unit_changes_the_picture(head: Head, name: str) -> None:
    assert np.abs(draw(head, {name: 5.0}, Sculpt.OWN).luminance - draw(head, {}, Sculpt.OWN).luminance).max() > 0.05


def test_another_detector_draws_its_box_where_we_do(head: Head) -> None:
    person = make_person(head, np.random.default_rng([3, 1]))
    drawing = draw(head, {}, Sculpt.OWN, side=300)
    picture = compose(drawing, np.full((300, 300), 0.6, np.float32), person)
    grey: NDArray[np.uint8] = np.asarray(np.clip(picture * 0.8, 0, 1) * 255, dtype=np.uint8)
    cascade = cv2.CascadeClassifier(str(Path(cv2.__file__).parent / "data/haarcascade_frontalface_default.xml"))
    ((x, y, side, _),) = cascade.detectMultiScale(grey, 1.1, 5, minSize=(100, 100))
    assert (x + side / 2, y + side / 2, side) == pytest.approx(
        (drawing.box.x, drawing.box.y, drawing.box.side), rel=0.2
    )


def test_a_turned_head_stays_in_its_box(head: Head) -> None:
    drawing = draw(head, {}, Sculpt.OWN, Pose(yaw_deg=30, roll_deg=20))
    assert drawing.inside[60:140, 60:140].mean() > 0.8


@pytest.mark.parametrize("roll_deg", [-90.0, 0.0, 60.0])
def test_the_landmarks_turn_with_the_head(head: Head, roll_deg: float) -> None:
    drawing = draw(head, {}, Sculpt.OWN, Pose(roll_deg=roll_deg))
    upright = place(drawing.points, drawing.box)
    left, right, nose, left_mouth, right_mouth = upright
    assert drawing.box.roll_deg == roll_deg
    assert (left[0] > nose[0] > right[0], left[1] < nose[1] < left_mouth[1]) == (True, True)
    assert (left_mouth[0] > right_mouth[0], abs(left[1] - right[1]) < 4) == (True, True)


def test_an_offset_leads_back_to_the_face() -> None:
    face = FaceBox(70, 80, 50, 35)
    aimed, (right, down, log_size, roll) = aimed_at(face, np.random.default_rng(4))
    angle = np.deg2rad(aimed.roll_deg)
    x = aimed.x + aimed.side * (right * np.cos(angle) - down * np.sin(angle))
    y = aimed.y + aimed.side * (right * np.sin(angle) + down * np.cos(angle))
    found = (x, y, aimed.side * np.exp(log_size), aimed.roll_deg + roll)
    assert found == pytest.approx((face.x, face.y, face.side, face.roll_deg), abs=1e-3)


def test_an_infrared_lamp_makes_dark_skin_light(head: Head) -> None:
    person = make_person(head, np.random.default_rng([3, 1]))
    person = replace(person, skin=np.full_like(person.skin, 0.1))
    rest, camera = symmetric(Kind.NEUTRAL, {}), Camera(120, 120, 60, 60, 80)
    day, night = (
        Renderer(head).draw(person, person.vertices, rest, Shot(light=Light(infrared=infrared)), camera).luminance
        for infrared in (False, True)
    )
    assert night[70:80, 50:70].mean() > 2 * day[70:80, 50:70].mean()


@pytest.mark.parametrize("name", list(LIGHTS))
def test_a_camera_makes_bytes_of_every_light(name: str) -> None:
    scene = np.linspace(0, 1, 96 * 96, dtype=np.float32).reshape(96, 96)
    pixels = expose(scene, np.random.default_rng(1), Light(name=name))
    assert (pixels.shape, str(pixels.dtype)) == ((96, 96), "uint8")


def test_a_person_has_one_crop_without_a_face(head: Head) -> None:
    faces = render_person(Renderer(head), 9, 4)
    assert list(faces.rows["face"]).count(False) == 1


def test_test_identities_also_have_faces_in_the_unseen_sculpt(head: Head) -> None:
    rendered = {number: render_person(Renderer(head), 9, number, unseen_sculpt=True) for number in (4, TEST_PART)}
    assert {number: int((faces.rows["sculpt"] == "facs").sum()) for number, faces in rendered.items()} == {
        4: 0,
        TEST_PART: UNSEEN_PER_PERSON,
    }


def test_the_same_seed_renders_the_same_pixels(head: Head) -> None:
    first, second = (render_person(Renderer(head), 9, 4) for _ in range(2))
    assert (first.crops == second.crops).all()
    assert (first.units == second.units).all()


def test_two_identities_differ(head: Head) -> None:
    first, second = (render_person(Renderer(head), 9, number) for number in (4, 5))
    assert np.abs(first.crops.astype(int) - second.crops.astype(int)).mean() > 10


def test_marks_rest_where_nothing_pulls_and_follow_what_pulls(head: Head) -> None:
    renderer, person = Renderer(head), make_person(head, np.random.default_rng([3, 1]))
    smile = deform(head, person, symmetric(Kind.SMILE, {"AU12": 5.0}), np.random.default_rng(1), Sculpt.OWN)
    moves = renderer.moves(person, smile)
    names = list(MARKS)
    corner, brow = names.index("mouth_corner"), names.index("brow_outer")
    assert not renderer.moves(person, person.vertices).any()
    assert moves.shape == (MOVES, 3)
    assert moves[corner, 0] > 0.02  # the left corner goes to the left, the right one to the right
    assert moves[len(names) + corner] == pytest.approx(moves[corner] * (-1, 1, 1), abs=0.02)
    assert np.abs(moves[corner]).max() > 5 * np.abs(moves[brow]).max()


def open_mouth(head: Head, *, toothless: tuple[bool, bool]) -> float:
    person = replace(make_person(head, np.random.default_rng([3, 1])), toothless=toothless, teeth=1.0)
    expression = symmetric(Kind.RANDOM, {"AU25": 5.0, "AU10": 4.0})
    moved = deform(head, person, expression, np.random.default_rng(1), Sculpt.OWN)
    drawing = Renderer(head).draw(person, moved, expression, Shot(), Camera(200, 200, 100, 100, 120))
    return float(drawing.luminance.sum())


def test_missing_teeth_leave_a_dark_mouth(head: Head) -> None:
    assert open_mouth(head, toothless=(True, True)) < open_mouth(head, toothless=(False, False)) - 5


def test_the_skull_shows_through_thin_hair(head: Head) -> None:
    hair = replace(make_person(head, np.random.default_rng([3, 1])).hair, bald=False, grey=0.0, density=1.0)
    top = head.base[(head.base[:, 1] > 8.0) & (head.base[:, 2] > -0.5)]
    thick, thin = (float(hair_shade(top, replace(hair, density=density))[0].mean()) for density in (1.0, 0.4))
    assert thin < 0.8 * thick


def test_grey_strands_are_lighter(head: Head) -> None:
    hair = replace(make_person(head, np.random.default_rng([3, 1])).hair, shade=0.05, grey=0.0)
    top = head.base[head.base[:, 1] > 8.0]
    dark, grey = (float(hair_shade(top, replace(hair, grey=share))[1].mean()) for share in (0.0, 0.9))
    assert grey > 3 * dark


def test_a_video_stream_costs_detail_and_keeps_the_face() -> None:
    rough = np.random.default_rng(1).integers(0, 255, (96, 97), np.uint8)
    scene = np.asarray(cv2.GaussianBlur(rough, (0, 0), 4), dtype=np.uint8)
    first, second = (streamed(scene, np.random.default_rng(2)) for _ in range(2))
    assert (first == second).all()
    assert 0 < np.abs(first.astype(int) - scene).mean() < 8


def test_a_lamp_from_the_side_leaves_the_far_side_of_the_nose_in_shadow(head: Head) -> None:
    person = make_person(head, np.random.default_rng([3, 1]))
    camera = Camera(200, 200, 100, 100, 120)
    resting = symmetric(Kind.NEUTRAL, {})

    def lit(shadow: float) -> Drawing:
        light = Light(ambient=0.2, key=(0.8, 0.0, 0.6), fill_strength=0.0, shadow=shadow)
        return Renderer(head).draw(person, person.vertices, resting, Shot(light=light), camera)

    with_shadow, without = lit(1.0), lit(0.0)
    kept = with_shadow.luminance - without.luminance
    nose = with_shadow.points[2]
    far, near = (kept[int(nose[1]) - 6, int(nose[0] + side * 14)] for side in (-1, 1))
    assert far < -0.05
    assert near == pytest.approx(0.0, abs=0.02)


def test_a_lamp_at_the_lens_throws_no_shadow_that_the_lens_sees(head: Head) -> None:
    person = make_person(head, np.random.default_rng([3, 1]))
    shape = person.vertices.astype(np.float32)
    seen = reached(shape, head.triangles, head.material, (0.0, 0.0, 1.0))
    normals, _ = surface(shape, head.triangles)
    front = np.unique(head.triangles[head.material == Material.SKIN])
    front = front[(shape[front, 2] > 1.2) & (normals[front, 2] > 0.5)]
    assert (seen[front] > 0.9).mean() > 0.97
