"""What the command line and the readers say of folders."""

from __future__ import annotations

from pathlib import Path

import pytest

from quantize.evaluation.data import DataError, folder_of, kind_and_folder


def test_a_missing_folder_is_named_with_what_lies_there(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    with pytest.raises(DataError, match=r"raw-data is missing .* holds: other"):
        folder_of(tmp_path, "raw-data")


def test_kind_and_folder_are_parted_at_the_first_colon() -> None:
    assert kind_and_folder("table:C:/data", ("table",)) == ("table", Path("C:/data"))


@pytest.mark.parametrize("text", ["table", "table:", "other:/data", ":/data"])
def test_what_is_not_kind_and_folder_is_refused(text: str) -> None:
    with pytest.raises(DataError, match="KIND:FOLDER"):
        kind_and_folder(text, ("table",))
