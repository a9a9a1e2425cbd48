"""The command says what is wrong with what it was given."""

from __future__ import annotations

from pathlib import Path

import pytest

from quantize.__main__ import main


def test_a_folder_that_is_not_the_data_set_ends_with_status_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "Pictures").mkdir()
    assert main(["evaluate", "face", "--data", f"unbc:{tmp_path}", "--out", str(tmp_path / "out")]) == 1
    assert "Images is missing" in capsys.readouterr().err


def test_an_unknown_layout_is_refused_with_the_known_ones(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", "face", "--data", "bp4d:/data"]) == 1
    assert "unbc, disfa, table" in capsys.readouterr().err
