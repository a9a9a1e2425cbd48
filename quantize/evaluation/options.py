"""Options that every evaluation has."""

from __future__ import annotations

import argparse
from collections.abc import Collection
from pathlib import Path


def add_options(parser: argparse.ArgumentParser, kinds: Collection[str], data_help: str) -> None:
    """Declare them.

    Args:
        parser: of one network's evaluation.
        kinds: layouts of data that can be read.
        data_help: what `--data` is for.
    """
    parser.add_argument("--json", action="store_true", help="print the figures of the last data set as JSON")
    parser.add_argument("--out", type=Path, default=Path("build/evaluation"), help="folder to write to (%(default)s)")
    parser.add_argument("--bundle", type=Path, default=Path("models"), help="the shipped networks (%(default)s)")
    parser.add_argument(
        "--data", action="append", metavar="KIND:FOLDER", default=[], help=f"{data_help}; KIND is {', '.join(kinds)}"
    )
    parser.add_argument("--cache", type=Path, default=Path(".cache/quantize"), help="of the training (%(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of data that are made, and the bootstrap (%(default)s)")
