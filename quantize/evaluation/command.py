"""`python -m quantize evaluate NETWORK`: measures what is shipped and writes a report."""

from __future__ import annotations

import argparse

from quantize.biosignal.evaluation import command as biosignal
from quantize.faces.evaluation import command as face


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the job, one sub-command per network."""
    parser = subparsers.add_parser("evaluate", help="measure a shipped network and write a report")
    networks = parser.add_subparsers(title="networks", metavar="NETWORK", required=True)
    face.add_parser(networks)
    biosignal.add_parser(networks)
