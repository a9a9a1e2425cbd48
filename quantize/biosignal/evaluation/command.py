"""`python -m quantize evaluate biosignal`: measures the arousal networks and the detectors, and writes the report."""

from __future__ import annotations

import argparse
import sys

from quantize.biosignal.evaluation.data import biovid, painmonit, shocks, table, wesad
from quantize.biosignal.evaluation.data.recordings import ReactionReader, RecordingReader
from quantize.biosignal.evaluation.kinds import MOST
from quantize.evaluation.data import DataError, kind_and_folder
from quantize.evaluation.options import add_options
from quantize.extras import missing_packages

READERS: dict[str, RecordingReader | ReactionReader] = {
    "wesad": wesad.READER,
    "painmonit": painmonit.READER,
    "biovid": biovid.READER,
    "shocks": shocks.READER,
    "table": table.READER,
}
"""Layouts that can be read."""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the job and its options."""
    parser = subparsers.add_parser("biosignal", help="the arousal networks, beats and skin conductance responses")
    add_options(parser, READERS, "measure on recordings of others instead of the training's held-out subjects")
    parser.add_argument("--pages", type=int, default=2, help="sessions to draw, one page each (%(default)s)")
    parser.add_argument(
        "--recordings",
        type=int,
        choices=range(1, MOST + 1),
        default=MOST,
        help="of each generated kind (%(default)s)",
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Measure on every data set, and write one report each; 1 with a sentence where one cannot be read."""
    from quantize.biosignal.evaluation.run import evaluate

    if missing_packages("quantize", ("matplotlib",)):
        return 1
    try:
        named = [kind_and_folder(text, READERS) for text in arguments.data]
        evaluate(arguments, [(kind, READERS[kind], folder) for kind, folder in named])
    except DataError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0
