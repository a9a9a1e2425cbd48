"""Coded pictures of others: what is read, and what is said of a folder that is damaged."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from edge.bundle import Bundle
from edge.face.units import LABELS
from quantize.evaluation.data import DataError
from quantize.faces.evaluation.data import disfa, table, unbc
from quantize.faces.evaluation.data.coded import Coded, Cut, Reader, gather
from quantize.faces.evaluation.data.cut import Cutter
from tests.quantize.faces.evaluation.data import folders

AU43 = LABELS.index("AU43")


@pytest.fixture(scope="module")
def cut() -> Cut:
    """The shipped box's way of cutting faces."""
    return Cutter(Bundle.load()).cut


def test_unbc_gives_units_and_pspi_of_every_frame(tmp_path: Path) -> None:
    calm, hurt = list(unbc.read(folders.unbc(tmp_path), 1))[:2]
    assert (calm.subject, calm.pspi, set(calm.units.values())) == ("042-ll042", 0, {0})
    assert (hurt.pspi, hurt.units["AU4"], hurt.units["AU43"], hurt.units["AU6"]) == (4, 3, 5, 0)


def test_disfa_counts_frames_from_one(tmp_path: Path) -> None:
    found = list(disfa.read(folders.disfa(tmp_path), 1))
    assert [picture.units["AU12"] for picture in found] == [0, 1, 2, 3]


def test_of_a_film_one_frame_in_so_many_is_read(tmp_path: Path) -> None:
    assert [picture.units["AU12"] for picture in disfa.read(folders.disfa(tmp_path), 3)] == [0, 3]


def test_a_table_leaves_open_what_is_not_in_it(tmp_path: Path) -> None:
    calm, hurt, smile = table.read(folders.table(tmp_path), 1)
    assert (calm.kind, hurt.pspi, smile.units) == ("neutral", 5, {})
    assert (calm.groups, smile.groups) == ({"male": 0.0}, {"male": 1.0})


def test_faces_are_found_and_cut_by_the_boxs_own_finder(tmp_path: Path, cut: Cut) -> None:
    cases = gather("made up", table.read(folders.table(tmp_path), 1), cut)
    assert cases.faces.crops.shape == (3, 80, 80)
    assert cases.faces.identity.tolist() == [0, 0, 1]
    assert cases.notes == ("The finder found a face in 3 of 3 pictures; the others are in no figure.",)


def test_the_stated_pspi_counts_before_the_computed_one(tmp_path: Path, cut: Cut) -> None:
    truth = gather("made up", table.read(folders.table(tmp_path), 1), cut).truth
    assert truth[:2].tolist() == [0, 5]
    assert np.isnan(truth[2])


def test_a_frame_on_which_nothing_moves_is_the_subjects_reference(tmp_path: Path, cut: Cut) -> None:
    cases = gather("UNBC", unbc.read(folders.unbc(tmp_path), 1), cut)
    assert cases.faces.kind.tolist() == ["neutral", "", "neutral", ""]
    assert cases.faces.units[1, AU43] == 5


def test_pictures_without_a_face_are_counted_and_not_measured(cut: Cut) -> None:
    blank = Coded("Ann", "blank", np.full((240, 320), 128, np.uint8), {"AU4": 0.0})
    with pytest.raises(DataError, match="no face was found in any of 1 pictures"):
        gather("blank", [blank], cut)


Damage = Callable[[Path], object]


@pytest.mark.parametrize(
    ("reader", "made", "damage", "message"),
    [
        (unbc.READER, folders.unbc, lambda at: (at / "Images").rename(at / "Bilder"), "Images is missing .* Bilder"),
        (
            unbc.READER,
            folders.unbc,
            lambda at: next(at.glob("Images/*/*/*002.png")).unlink(),
            "ll042t1aaaff002.png is missing, although it has labels",
        ),
        (
            unbc.READER,
            folders.unbc,
            lambda at: next(at.glob("Frame_Labels/FACS/*/*/*002_facs.txt")).write_text("4 nine 0 0"),
            'line 1: "nine" is no intensity of AU4',
        ),
        (
            unbc.READER,
            folders.unbc,
            lambda at: next(at.glob("Frame_Labels/PSPI/*/*/*001_facs.txt")).write_text(""),
            "holds no single number",
        ),
        (
            unbc.READER,
            folders.unbc,
            lambda at: next(at.glob("Images/*/*/*001.png")).write_bytes(b"\x89PNG"),
            "holds no picture",
        ),
        (
            disfa.READER,
            folders.disfa,
            lambda at: (at / "ActionUnit_Labels/SN001/SN001_au9.txt").unlink(),
            "SN001_au9.txt is missing",
        ),
        (
            disfa.READER,
            folders.disfa,
            lambda at: next(at.glob("Videos*/*")).unlink(),
            "no video of SN001",
        ),
        (
            disfa.READER,
            folders.disfa,
            lambda at: next(at.glob("Videos*/*")).write_bytes(b"RIFF"),
            "cannot be read as a video",
        ),
        (table.READER, folders.table, lambda at: (at / "labels.csv").unlink(), "labels.csv is missing"),
        (
            table.READER,
            folders.table,
            lambda at: (at / "labels.csv").write_text("file,AU4\n"),
            "has no column subject",
        ),
        (
            table.READER,
            folders.table,
            lambda at: (at / "labels.csv").write_text("file,subject,AU4\na.png,Ann,7\n"),
            'line 2: "7" is no intensity of AU4',
        ),
        (
            table.READER,
            folders.table,
            lambda at: (at / "labels.csv").write_text("file,subject,AU4,kind\na.png,Ann,3,grin\n"),
            '"grin" is no kind',
        ),
    ],
)
def test_a_damaged_folder_is_named_with_what_is_missing(
    tmp_path: Path, reader: Reader, made: Callable[[Path], Path], damage: Damage, message: str
) -> None:
    root = made(tmp_path)
    damage(root)
    with pytest.raises(DataError, match=message):
        list(reader.read(root, 1))
