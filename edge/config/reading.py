"""Read a configuration file: text to `Config`, or one `ConfigError` with every problem."""

from __future__ import annotations

import tomllib
from pathlib import Path

from pydantic import ValidationError

from edge.config.errors import Problem, explain, explain_syntax, of_the_past, report
from edge.config.sections import Config
from edge.errors import ConfigError


def load(path: Path) -> Config:
    """Read and check a configuration file. Relative paths in it start at its folder.

    Raises:
        ConfigError: the file cannot be read or used.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be read: {error.strerror}. `anodyne config example` prints a file to start from"
        ) from error
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        problem = Problem(line, "", f"byte {data[error.start]:#04x} is no UTF-8: save the file as UTF-8")
        raise ConfigError(report(str(path), [problem])) from error
    return loads(text, str(path), folder=path.absolute().parent)


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
        raw: dict[str, object] = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise ConfigError(report(name, [explain_syntax(text, error)])) from error
    try:
        config = Config.model_validate(raw, context=folder)
    except ValidationError as error:
        raise ConfigError(report(name, explain(text, raw, error))) from error
    past = list(of_the_past(text, config))
    if past:
        raise ConfigError(report(name, past))
    return config
