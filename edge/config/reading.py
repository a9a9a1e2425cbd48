"""Read a configuration file: text to `Config`, or one `ConfigError` with every problem."""

from __future__ import annotations

import tomllib
from pathlib import Path

from pydantic import ValidationError

from edge.config.sections import Config
from edge.errors import ConfigError


def load(path: Path) -> Config:
    """Read and check a configuration file. Relative paths in it start at its folder.

    Raises:
        ConfigError: the file cannot be read or used.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}") from error
    return loads(text, str(path), folder=path.parent)


def loads(text: str, name: str = "configuration", *, folder: Path | None = None) -> Config:
    """Check the text of a configuration file.

    Args:
        text: TOML.
        name: what to call it in messages.
        folder: where relative paths start; None leaves them relative.

    Raises:
        ConfigError: it cannot be used; the message names line, key and remedy of every problem.
    """
    try:
        return Config.model_validate(tomllib.loads(text), context=folder)
    except (ValueError, ValidationError) as error:
        raise ConfigError(f"{name}: {error}") from error
