"""Folders of other people's data."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path


class DataError(Exception):
    """A folder is not what its reader needs; the message says what is missing."""


def folder_of(root: Path, *parts: str) -> Path:
    """A folder that must be there.

    Raises:
        DataError: it is not; the message names it and what lies there instead.
    """
    folder = root.joinpath(*parts)
    if not folder.is_dir():
        nearest = next((one for one in folder.parents if one.is_dir()), Path())
        there = ", ".join(sorted(one.name for one in nearest.iterdir())[:8]) or "nothing"
        raise DataError(f"the folder {folder} is missing ({nearest} holds: {there})")
    return folder


def kind_and_folder(text: str, known: Collection[str]) -> tuple[str, Path]:
    """What `--data KIND:FOLDER` names.

    Raises:
        DataError: it is not written so, or the kind is not known.
    """
    kind, _, folder = text.partition(":")
    if kind not in known or not folder:
        raise DataError(f'"{text}" is not KIND:FOLDER with a KIND of {", ".join(known)}')
    return kind, Path(folder)
