"""The command line without the training packages."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from quantize.__main__ import main
from quantize.extras import missing_packages


def test_help_lists_the_jobs(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--help"])
    assert caught.value.code == 0
    assert {"faces", "demo-clip", "biosignal", "fusion", "evaluate"} <= set(capsys.readouterr().out.split())


def test_missing_packages_are_named_with_the_remedy(capsys: pytest.CaptureFixture[str]) -> None:
    assert missing_packages("quantize", ("json", "no_such_package")) == ["no_such_package"]
    assert "no_such_package: pip install 'anodyne[quantize]'" in capsys.readouterr().err


@pytest.mark.skipif(importlib.util.find_spec("torch") is not None, reason="the training packages are installed here")
def test_training_without_its_packages_ends_with_status_one(tmp_path: Path) -> None:
    assert main(["faces", "--cache", str(tmp_path), "--out", str(tmp_path)]) == 1
