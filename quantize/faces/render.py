"""Draw a face: project the mesh, shade what each pixel sees, and say where the detector's box would be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.face.align import FaceBox
from edge.face.units import REGIONS
from quantize.faces.collection import MARKS, MIDDLE_MARKS
from quantize.faces.expression import Expression
from quantize.faces.head import Head, Material
from quantize.faces.person import Person
from quantize.faces.raster import blend, rasterise, surface
from quantize.faces.shade import SKULL, Pixels, hair_cover, shade
from quantize.faces.shadow import reached
from quantize.faces.shot import Picture, Shot

BOX_DM = 1.69
"""Side of a face's box, dm, for eyes 0.615 dm apart: what OpenCV's frontal cascade draws, the median over 136 of 160
random renders on which it fired (its size varies by 8 %, its centre by 2 % of a side)."""

BOX_DOWN_DM = 0.21
"""How far below the eyes its centre lies, dm, on the same head."""

PATCHES = {
    "brows": (0.0, 7.50, 0.55, 0.14),
    "left_eye": (0.31, 7.27, 0.22, 0.13),
    "right_eye": (-0.31, 7.27, 0.22, 0.13),
    "nose": (0.0, 7.08, 0.19, 0.26),
    "mouth": (0.0, 6.60, 0.36, 0.22),
}
"""Ellipses on the resting base mesh, dm: middle (x, y) and half axes of each region."""

_FRONT_Z = 0.9
_FACING = 0.15
"""Least z of a unit normal for skin that the camera sees: beyond about 80 degrees it is a sliver."""

EYES_DM = 0.615
"""Distance between the eyes of the base mesh, dm."""


@dataclass(frozen=True, slots=True)
class Camera:
    """A picture of `width` x `height` pixels; the face's box is centred at (x, y) and `box_px` wide."""

    width: int
    height: int
    x: float
    y: float
    box_px: float


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """From the person's own coordinates to the picture: turned, brought near, projected."""

    turn: NDArray[np.float32]
    centre: NDArray[np.float32]
    scale: float
    distance: float
    x: float
    y: float

    def place(self, points: NDArray[np.float32]) -> NDArray[np.float32]:
        """(n, 3) points, dm, to (n, 3): x right and y down in pixels, z towards the viewer in dm."""
        seen = (points - self.centre) @ self.turn.T
        factor = self.distance / (self.distance - seen[:, 2]) * self.scale
        placed = np.stack([self.x + seen[:, 0] * factor, self.y - seen[:, 1] * factor, seen[:, 2]], axis=1)
        return np.asarray(placed, dtype=np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Drawing:
    """A rendered face.

    Attributes:
        luminance: (height, width) float32; meaningful where `inside`.
        inside: (height, width) bool, where the head is.
        box: the square around the face, turned as it is.
        skull: centre of the skull in the picture, pixels, for hair behind the head.
        points: (5, 2) landmarks, pixels, in the order of `collection.POINTS`.
        patches: for each of `edge.face.units.REGIONS` the (k, 2) pixels of its skin, and the share of it that faces the
            camera, 1 in a frontal view.
        head, vertices, view: what was drawn, for things that lie on the face.
    """

    luminance: Picture
    inside: NDArray[np.bool_]
    box: FaceBox
    skull: tuple[float, float]
    points: NDArray[np.float32]
    patches: tuple[tuple[NDArray[np.float32], float], ...]
    head: Head
    vertices: NDArray[np.float32]
    view: View

    def on_face(self, points: Sequence[tuple[float, float, float]]) -> NDArray[np.float32]:
        """Where points of the resting base mesh (dm) lie in the picture, carried by the skin next to them: (k, 2)."""
        wanted = np.array(points, np.float32)
        nearest = np.argmin(np.square(self.head.base[None, :, :] - wanted[:, None, :]).sum(axis=2), axis=1)
        moved = wanted + self.vertices[nearest] - self.head.base[nearest]
        return self.view.place(moved)[:, :2]


class Renderer:
    """Draws faces of one head."""

    def __init__(self, head: Head) -> None:
        """Prepare what does not depend on the person."""
        self.head = head
        self._eyes = [head.eye(kind) for kind in (Material.EYE_LEFT, Material.EYE_RIGHT)]
        self._eye_centres = np.stack([head.base[index].mean(axis=0) for index in self._eyes])
        self._eye_fronts = tuple(index[head.base[index, 2] > head.base[index, 2].mean()] for index in self._eyes)
        from_skull = head.base - SKULL
        self._rims = self._lid_rims()
        self._outwards = (from_skull / np.linalg.norm(from_skull, axis=1, keepdims=True)).astype(np.float32)
        self._corners = self._mouth_corners()
        self._nose = self._nearest((0.0, 6.93, 1.68))
        self._mark_vertices = self._marks()
        self._patches = tuple(self._patch(*PATCHES[name]) for name in REGIONS)

    def _nearest(self, point: tuple[float, float, float]) -> int:
        return int(np.argmin(np.square(self.head.base - np.array(point, np.float32)).sum(axis=1)))

    def _mouth_corners(self) -> tuple[int, int]:
        """Vertices of the left and the right corner of the mouth."""
        return self._nearest((0.245, 6.61, 1.44)), self._nearest((-0.245, 6.61, 1.44))

    def _marks(self) -> NDArray[np.int64]:
        """Vertices of the skin's front under `MARKS` on the left, on the right, and under `MIDDLE_MARKS`."""
        skin = np.unique(self.head.triangles[self.head.material == Material.SKIN])
        normals, _ = surface(self.head.base, self.head.triangles)
        front = skin[(self.head.base[skin, 2] > _FRONT_Z) & (normals[skin, 2] > _FACING)]
        places = [(side * x, y) for side in (1, -1) for x, y in MARKS.values()] + list(MIDDLE_MARKS.values())
        away = self.head.base[None, front, :2] - np.array(places, np.float32)[:, None, :]
        return np.asarray(front[np.argmin(np.square(away).sum(axis=2), axis=1)], dtype=np.int64)

    def moves(self, person: Person, vertices: NDArray[np.float32]) -> NDArray[np.float32]:
        """(MOVES, 3) how far the marks of a moved shape (n, 3) are from where they rest, dm along the head's axes."""
        return np.asarray(vertices[self._mark_vertices] - person.vertices[self._mark_vertices], dtype=np.float32)

    def _patch(self, x: float, y: float, rx: float, ry: float) -> NDArray[np.int64]:
        """Front vertices of the skin within an ellipse."""
        skin = np.unique(self.head.triangles[self.head.material == Material.SKIN])
        place = self.head.base[skin]
        near = ((place[:, 0] - x) / rx) ** 2 + ((place[:, 1] - y) / ry) ** 2 < 1
        normals, _ = surface(self.head.base, self.head.triangles)
        chosen = skin[near & (place[:, 2] > _FRONT_Z) & (normals[skin, 2] > _FACING)]
        return np.asarray(chosen, dtype=np.int64)

    def _lid_rims(self) -> NDArray[np.float32]:
        """(n, 1) nearness of the skin's vertices to the rim of an eyelid, where lashes grow: 1 on the upper rim.

        The rims lie 0.163 to 0.173 dm from the eyeball's centre on the base mesh; the skin before and behind them is
        further away or behind the eyeball's front.
        """
        rims = np.zeros((len(self.head.base), 1), np.float32)
        skin = np.unique(self.head.triangles[self.head.material == Material.SKIN])
        for centre in self._eye_centres:
            away = self.head.base[skin] - centre
            radius = np.linalg.norm(away, axis=1)
            on_rim = (radius > 0.163) & (radius < 0.1735) & (away[:, 2] > -0.03)
            rims[skin[on_rim], 0] = np.where(away[on_rim, 1] > -0.01, 1.0, 0.35)
        return rims

    def draw(
        self, person: Person, vertices: NDArray[np.float32], expression: Expression, shot: Shot, camera: Camera
    ) -> Drawing:
        """Draw one face.

        Args:
            person: whose face.
            vertices: (n, 3) its moved shape, dm (`expression.deform`).
            expression: what it does, for its wrinkles and its gaze.
            shot: pose and light.
            camera: size of the picture and place of the face.
        """
        base = self.head.base
        bare = vertices
        if not person.hair.bald:
            vertices = vertices + (hair_cover(base, person.hair) * person.hair.volume)[:, None] * self._outwards
        normals, crease = surface(vertices, self.head.triangles)
        turn = shot.pose.matrix()
        view = self._view(person, turn, shot, camera)
        depth = np.full((camera.height, camera.width), -1e9, np.float32)
        owner = np.full((camera.height, camera.width), -1, np.int32)
        share = np.zeros((camera.height, camera.width, 2), np.float32)
        screen = view.place(vertices)
        rasterise(screen, self.head.triangles, self.head.material, depth, owner, share)
        inside = owner >= 0
        turned = normals @ turn.T
        shape = np.asarray(vertices @ turn.T, dtype=np.float32)
        lit = reached(shape, self.head.triangles, self.head.material, shot.light.key)
        pixels = self._pixels(owner[inside], share[inside], turned, np.column_stack([crease, lit]))
        luminance = np.zeros((camera.height, camera.width), np.float32)
        luminance[inside] = shade(pixels, person, expression, shot, self._eye_centres)
        skull = view.place(SKULL[None, :])[0]
        return Drawing(
            luminance,
            inside,
            FaceBox(camera.x, camera.y, camera.box_px, shot.pose.roll_deg),
            (float(skull[0]), float(skull[1])),
            self._points(screen),
            tuple((screen[patch, :2], float((turned[patch, 2] > _FACING).mean())) for patch in self._patches),
            self.head,
            bare,
            view,
        )

    def _points(self, screen: NDArray[np.float32]) -> NDArray[np.float32]:
        left, right = self._eye_fronts
        corners = [screen[corner, :2] for corner in self._corners]
        eyes = [screen[front, :2].mean(axis=0) for front in (left, right)]
        return np.stack([*eyes, screen[self._nose, :2], *corners]).astype(np.float32)

    def _view(self, person: Person, turn: NDArray[np.float32], shot: Shot, camera: Camera) -> View:
        """Placed so that the box of the resting face lies where the camera wants it."""
        left, right = (person.vertices[index].mean(axis=0) for index in self._eyes)
        between = float(np.linalg.norm(left - right))
        size = between / EYES_DM
        centre = (left + right) / 2 + np.array([0, -BOX_DOWN_DM * size, 0.05], np.float32)
        scale = camera.box_px / (BOX_DM * size)
        return View(turn, centre.astype(np.float32), scale, shot.pose.distance_dm, camera.x, camera.y)

    def _pixels(
        self,
        owner: NDArray[np.int32],
        share: NDArray[np.float32],
        normals: NDArray[np.float32],
        crease_and_light: NDArray[np.float32],
    ) -> Pixels:
        """What each covered pixel shows, interpolated from its triangle's corners."""
        corners = self.head.triangles[owner]
        values = np.column_stack([self.head.base, normals, crease_and_light, self._rims]).astype(np.float32)
        mixed = blend(values, corners, share)
        normal = mixed[:, 3:6] / (np.linalg.norm(mixed[:, 3:6], axis=1, keepdims=True) + 1e-6)
        return Pixels(
            material=self.head.material[owner],
            rest=mixed[:, 0:3],
            normal=normal,
            crease=mixed[:, 6],
            reached=mixed[:, 7],
            lash=mixed[:, 8],
            texture=blend(self.head.texture, self.head.corners[owner], share),
        )


def compose(drawing: Drawing, background: Picture, person: Person) -> Picture:
    """Set a drawn head before a background, with long hair behind it where the person has it."""
    picture = background
    if person.hair.long and not person.hair.bald:
        height, width = background.shape
        side = drawing.box.side
        x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
        angle = np.deg2rad(drawing.box.roll_deg)
        right, down = x - drawing.skull[0], y - drawing.skull[1]
        right, down = right * np.cos(angle) + down * np.sin(angle), down * np.cos(angle) - right * np.sin(angle)
        dx, dy = right / (0.56 * side), (down - 0.3 * side) / (0.8 * side)
        cover = np.clip((1 - np.hypot(dx, dy)) * 12, 0, 1)
        locks = np.sin(x * 40 / side + person.hair.line_deg) + np.sin((x + 0.2 * y) * 67 / side + person.hair.seed % 7)
        strands = np.clip(person.hair.shade + 0.5 * person.hair.grey, 0, 0.7) * (0.6 + 0.12 * locks)
        picture = picture * (1 - cover) + cover * strands
    return np.asarray(np.where(drawing.inside, drawing.luminance, picture), dtype=np.float32)
