"""What the command says when it cannot begin."""

from __future__ import annotations

import argparse
import importlib.machinery
import importlib.util
from pathlib import Path

import pytest

from quantize.biosignal import command


def arguments(*given: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    command.add_parser(parser.add_subparsers())
    return parser.parse_args(["biosignal", *given])


def test_missing_packages_are_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    assert command.run(arguments()) == 1
    assert "pip install 'anodyne[quantize]'" in capsys.readouterr().err


def test_missing_data_are_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: importlib.machinery.ModuleSpec(name, None))
    monkeypatch.setenv("ANODYNE_SHARED", str(tmp_path))
    assert command.run(arguments()) == 1
    assert "set ANODYNE_SHARED" in capsys.readouterr().err
