"""The head: mesh, shape targets, the two sculpts of the action units, and the skins, loaded once and cached."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from quantize.faces.assets import FACS, HEAD, SKINS, Mesh, read_obj, read_target

ANCESTRIES = ("african", "asian", "caucasian")
"""Ancestry names of the macro targets and skins."""

SEXES = ("female", "male")
"""Sex names of the macro targets and skins."""

AGES = ("young", "old")
"""Age names of the macro targets (the skins have "middleage" as well)."""

WEIGHTS = ("minweight", "averageweight", "maxweight")
"""Body weight names of the macro targets."""

_DETAIL_FOLDERS = ("head", "nose", "eyes", "mouth", "chin", "cheek", "forehead", "eyebrows", "asym")
_LOWEST_Y = 5.55
_WIDEST_X = 1.6


class Material(IntEnum):
    """What a triangle is made of."""

    SKIN = 0
    EYE_LEFT = 1
    EYE_RIGHT = 2
    TEETH = 3
    TONGUE = 4
    LOWER_TEETH = 5


_GROUPS = (
    ("body", Material.SKIN),
    ("helper-l-eye", Material.EYE_LEFT),
    ("helper-r-eye", Material.EYE_RIGHT),
    ("helper-upper-teeth", Material.TEETH),
    ("helper-lower-teeth", Material.LOWER_TEETH),
    ("helper-tongue", Material.TONGUE),
)


@dataclass(frozen=True, slots=True, eq=False)
class Head:
    """Everything that a face is drawn from. Vertices are those of the head and neck only (n of them), dm.

    Attributes:
        base: (n, 3) float32 resting mesh; also the coordinates that painted details are placed in.
        triangles: (t, 3) int32 vertex indices.
        corners: (t, 3) int32 indices into `texture`.
        material: (t,) int32, `Material`.
        texture: (c, 2) float32 texture coordinates.
        targets: name to (n, 3) float32 moves: "macro/…", "weight/…", "detail/…", "mpfb/<ancestry>/…", "facs/…".
        skins: name ("old_asian_female", …) to (512, 512) float32 reflectances of three colour planes each.
    """

    base: NDArray[np.float32]
    triangles: NDArray[np.int32]
    corners: NDArray[np.int32]
    material: NDArray[np.int32]
    texture: NDArray[np.float32]
    targets: dict[str, NDArray[np.float32]]
    skins: dict[str, list[NDArray[np.float32]]]

    def eye(self, which: Material) -> NDArray[np.int64]:
        """Indices of the vertices of one eyeball."""
        return np.unique(self.triangles[self.material == which]).astype(np.int64)

    @property
    def details(self) -> list[str]:
        """Names of the shape details that may be drawn at random."""
        return [name for name in self.targets if name.startswith("detail/")]


def _triangles(mesh: Mesh) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Vertex triples, texture triples and materials of the head."""
    vertices: list[tuple[int, int, int]] = []
    corners: list[tuple[int, int, int]] = []
    material: list[int] = []
    for group, kind in _GROUPS:
        for face in mesh.groups[group]:
            place = mesh.vertices[[vertex for vertex, _ in face]]
            if kind is Material.SKIN and (place[:, 1].min() <= _LOWEST_Y or np.abs(place[:, 0]).max() >= _WIDEST_X):
                continue
            for k in range(1, len(face) - 1):
                fan = (face[0], face[k], face[k + 1])
                vertices.append((fan[0][0], fan[1][0], fan[2][0]))
                corners.append((fan[0][1], fan[1][1], fan[2][1]))
                material.append(kind)
    return np.array(vertices), np.array(corners), np.array(material)


def _target_files(shared: Path) -> dict[str, Path]:
    """Name to file of every target that is used."""
    root = shared / "assets" / HEAD.folder / "src/mpfb/data/targets"
    files: dict[str, Path] = {}
    for sex in SEXES:
        for age in AGES:
            for ancestry in ANCESTRIES:
                name = f"{ancestry}-{sex}-{age}"
                files[f"macro/{name}"] = root / f"macrodetails/{name}.target.gz"
            for weight in WEIGHTS:
                name = f"{sex}-{age}-{weight}"
                files[f"weight/{name}"] = root / f"macrodetails/universal-{sex}-{age}-averagemuscle-{weight}.target.gz"
    for folder in _DETAIL_FOLDERS:
        for path in sorted((root / folder).glob("*.target.gz")):
            name = path.name.removesuffix(".target.gz")
            if "ear" not in name.split("-")[:2] and "head-back" not in name:
                files[f"detail/{name}"] = path
    for ancestry in ANCESTRIES:
        for path in sorted((root / "expression/units" / ancestry).glob("*.target.gz")):
            files[f"mpfb/{ancestry}/{path.name.removesuffix('.target.gz')}"] = path
    for path in FACS.files(shared):
        if path.stem[0] not in "LR":
            files[f"facs/{path.stem}"] = path
    return files


def _filled(picture: NDArray[np.uint8]) -> list[NDArray[np.float32]]:
    """Colour planes 0..1 of a skin, with the black gaps between its islands filled from their edges."""
    known = (picture.astype(np.int64).sum(axis=2) > 24).astype(np.uint8)
    known = cv2.erode(known, np.ones((3, 3), np.uint8)).astype(np.float32)
    colour = picture.astype(np.float32) / 255.0 * known[:, :, None]
    kernel = np.ones((3, 3), np.float32)
    for _ in range(6):
        weight = cv2.filter2D(known, -1, kernel)
        total = cv2.filter2D(colour, -1, kernel)
        edge = (known == 0) & (weight > 0)
        colour[edge] = total[edge] / weight[edge][:, None]
        known[edge] = 1.0
    return [np.ascontiguousarray(colour[:, :, plane]) for plane in range(3)]


def _skins(shared: Path) -> dict[str, list[NDArray[np.float32]]]:
    skins: dict[str, list[NDArray[np.float32]]] = {}
    for path in SKINS.files(shared):
        picture = np.asarray(cv2.imread(str(path), cv2.IMREAD_COLOR), dtype=np.uint8)
        skins.setdefault(path.parent.parent.name, []).extend(_filled(picture))
    return skins


def _key(shared: Path) -> str:
    """Short digest of everything that the cached head depends on."""
    parts = [HEAD.digest(shared), FACS.digest(shared), "layout 2"]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def _build(shared: Path, path: Path) -> None:
    mesh = read_obj(shared / "assets" / HEAD.folder / "src/mpfb/data/3dobjs/base.obj")
    vertices, corners, material = _triangles(mesh)
    used = np.unique(vertices)
    renumber = np.full(len(mesh.vertices), -1)
    renumber[used] = np.arange(len(used))
    moves = {name: read_target(path)[used] for name, path in _target_files(shared).items()}
    kept = {name: move for name, move in moves.items() if name.split("/")[0] != "detail" or np.abs(move).max() > 1e-4}
    np.savez(
        path,
        base=mesh.vertices[used].astype(np.float32),
        triangles=renumber[vertices].astype(np.int32),
        corners=corners.astype(np.int32),
        material=material.astype(np.int32),
        texture=mesh.texture.astype(np.float32),
        names=np.array(list(kept)),
        moves=np.stack(list(kept.values())).astype(np.float32),
    )


def load_head(shared: Path, cache: Path) -> Head:
    """Load the head, from `cache` where it was built before (reading all targets as text takes half a minute)."""
    path = cache / f"head-{_key(shared)}.npz"
    if not path.exists():
        cache.mkdir(parents=True, exist_ok=True)
        _build(shared, path)
    with np.load(path) as stored:
        names = [str(name) for name in stored["names"]]
        targets = dict(zip(names, stored["moves"], strict=True))
        return Head(
            base=stored["base"],
            triangles=stored["triangles"],
            corners=stored["corners"],
            material=stored["material"],
            texture=stored["texture"],
            targets=targets,
            skins=_skins(shared),
        )
