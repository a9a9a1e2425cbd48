"""Reading head assets: OBJ polygons and sparse morph targets."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from quantize.faces.assets import BASE_VERTICES, SOURCES, AssetsError, Source, read_obj, read_target, shared_folder


def test_a_target_moves_only_what_it_names(tmp_path: Path) -> None:
    path = tmp_path / "smile.target"
    path.write_text("# comment\n3 0.1 -0.2 0.3\n\n5 1 2 3\n")
    moves = read_target(path)
    assert (moves.shape, moves[5].tolist(), np.flatnonzero(moves.any(axis=1)).tolist()) == (
        (BASE_VERTICES, 3),
        [1.0, 2.0, 3.0],
        [3, 5],
    )


def test_compressed_targets_are_read_too(tmp_path: Path) -> None:
    path = tmp_path / "smile.target.gz"
    path.write_bytes(gzip.compress(b"7 0 0 1\n"))
    assert read_target(path)[7, 2] == 1


def test_an_empty_target_moves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "average.target"
    path.write_text("# nothing\n")
    assert not read_target(path).any()


def test_vertices_beyond_the_head_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "tail.target"
    path.write_text(f"{BASE_VERTICES} 1 1 1\n")
    assert not read_target(path).any()


def test_obj_faces_keep_their_group(tmp_path: Path) -> None:
    path = tmp_path / "base.obj"
    path.write_text("v 0 0 0\nv 1 0 0\nv 0 1 0\nvt 0 0\nvt 1 0\nvt 0 1\ng body\nf 1/1 2/2 3/3\n")
    assert read_obj(path).groups == {"body": [[(0, 0), (1, 1), (2, 2)]]}


def test_a_missing_asset_folder_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANODYNE_SHARED", str(tmp_path))
    with pytest.raises(AssetsError, match="ANODYNE_SHARED"):
        shared_folder()


@pytest.mark.parametrize("source", SOURCES, ids=[source.folder for source in SOURCES])
def test_every_source_is_found_in_the_shared_folder(shared: Path, source: Source) -> None:
    assert len(source.files(shared)) >= 20
