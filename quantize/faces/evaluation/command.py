"""`python -m quantize evaluate face`: measures the shipped network and writes the report."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path

from quantize.evaluation.data import DataError, kind_and_folder
from quantize.evaluation.options import add_options
from quantize.faces.evaluation.data import disfa, table, unbc
from quantize.faces.evaluation.data.coded import Reader

RENDERS = 25_200
"""Faces of the shipped model, of which the test identities are measured on."""

EVERY = 5
"""Neighbouring frames of a film show the same face: one in five is read unless asked otherwise."""


READERS: Mapping[str, Reader] = {"unbc": unbc.READER, "disfa": disfa.READER, "table": table.READER}
"""Layouts that can be read."""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the job and its options."""
    parser = subparsers.add_parser("face", help="the action unit network")
    add_options(parser, READERS, "measure on coded pictures instead of rendered ones")
    parser.add_argument("--every", type=int, default=EVERY, help="of films, one frame in so many (%(default)s)")
    parser.add_argument("--before", type=Path, metavar="JSON", help="figures of an earlier network to compare with")
    parser.add_argument("--renders", type=int, default=RENDERS, help="rendered faces to take (%(default)s)")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Measure on every data set, and write one report each."""
    from quantize.faces.evaluation.run import evaluate

    try:
        named = [kind_and_folder(text, READERS) for text in arguments.data]
        evaluate(arguments, [(kind, READERS[kind], folder) for kind, folder in named])
    except DataError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0
