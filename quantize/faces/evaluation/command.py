"""`python -m quantize evaluate face`: measures the shipped network and writes the report."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path

from quantize.faces.evaluation.data import disfa, table, unbc
from quantize.faces.evaluation.data.coded import DataError, Reader

RENDERS = 25_200
"""Faces of the shipped model, of which the test identities are measured on."""

EVERY = 5
"""Neighbouring frames of a film show the same face: one in five is read unless asked otherwise."""


READERS: Mapping[str, Reader] = {"unbc": unbc.READER, "disfa": disfa.READER, "table": table.READER}
"""Layouts that can be read."""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the job and its options."""
    parser = subparsers.add_parser("evaluate", help="measure a shipped network and write a report")
    parser.add_argument("network", choices=("face",), help="which one")
    parser.add_argument("--json", action="store_true", help="print the figures of the last data set as JSON")
    parser.add_argument("--out", type=Path, default=Path("build/evaluation"), help="folder to write to (%(default)s)")
    parser.add_argument("--bundle", type=Path, default=Path("models"), help="the shipped networks (%(default)s)")
    parser.add_argument(
        "--data",
        action="append",
        metavar="KIND:FOLDER",
        default=[],
        help=f"measure on coded pictures instead of rendered ones; KIND is {', '.join(READERS)}",
    )
    parser.add_argument("--every", type=int, default=EVERY, help="of films, one frame in so many (%(default)s)")
    parser.add_argument("--before", type=Path, metavar="JSON", help="figures of an earlier network to compare with")
    parser.add_argument("--seed", type=int, default=1, help="of the faces and the bootstrap (%(default)s)")
    parser.add_argument("--renders", type=int, default=RENDERS, help="rendered faces to take (%(default)s)")
    parser.add_argument("--cache", type=Path, default=Path(".cache/quantize"), help="of the faces (%(default)s)")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Measure on every data set, and write one report each."""
    from quantize.faces.evaluation.run import evaluate

    try:
        wanted = [_parse(text) for text in arguments.data]
        evaluate(arguments, wanted)
    except DataError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _parse(text: str) -> tuple[str, Reader, Path]:
    kind, _, folder = text.partition(":")
    if kind not in READERS or not folder:
        raise DataError(f'"{text}" is not KIND:FOLDER with a KIND of {", ".join(READERS)}')
    return kind, READERS[kind], Path(folder)
