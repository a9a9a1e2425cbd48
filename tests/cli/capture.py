"""Run one sub-command in this process and keep what it printed."""

from __future__ import annotations

import argparse
import contextlib
import io
from collections.abc import Callable
from dataclasses import dataclass

from edge.cli import config, doctor, models, scan, sensors


@dataclass(frozen=True)
class Outcome:
    """Exit code and standard output of a command."""

    code: int
    out: str


def anodyne(*arguments: str) -> Outcome:
    """Run a sub-command of this room ("config", "models", "doctor", "scan", "sensors") as the command line would.

    Raises:
        AnodyneError: as the command does; `edge.cli.main` turns it into exit code 2.
    """
    parser = argparse.ArgumentParser()
    subparsers = parser.add_subparsers(required=True)
    for command in (config, models, doctor, scan, sensors):
        command.add_parser(subparsers)
    parsed = parser.parse_args(arguments)
    handler: Callable[[argparse.Namespace], int] = parsed.handler
    with contextlib.redirect_stdout(io.StringIO()) as out:
        code = handler(parsed)
    return Outcome(code, out.getvalue())
