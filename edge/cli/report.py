"""`anodyne report`: what a patient, a relative or a nurse says of the pain."""

from __future__ import annotations

import argparse
import asyncio
import getpass
import sys

from edge.cli.asking import add_broker, ask, broker, new_id
from edge.publish.payload import ReportCommand


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command and its options."""
    parser = subparsers.add_parser(
        "report",
        help="note an NRS or PAINAD of a bed",
        description="Keep a report beside the box's own assessment. Where both disagree, the box's pain threshold "
        "moves a little towards the report; the limit of high priority never moves. Exit code: 0 noted, 1 not.",
    )
    parser.add_argument("place", metavar="SITE/BED", help="which bed")
    scale = parser.add_mutually_exclusive_group(required=True)
    levels = range(11)
    scale.add_argument("--nrs", type=int, choices=levels, metavar="0-10", help="said by the patient or a relative")
    scale.add_argument("--painad", type=int, choices=levels, metavar="0-10", help="observed by a nurse")
    parser.add_argument("--by", default=None, help="who says so (default: the login name)")
    add_broker(parser)
    parser.set_defaults(handler=run)


def run(arguments: argparse.Namespace) -> int:
    """Send one report.

    Returns:
        0, or 1 where it was not noted.

    Raises:
        ConfigError: the configuration file cannot be used.
        PublishError: there is no broker.
    """
    if not all(arguments.place.rpartition("/")):
        sys.stderr.write("anodyne: name the bed as SITE/BED\n")
        return 1
    scale, value = ("nrs", arguments.nrs) if arguments.nrs is not None else ("painad", arguments.painad)
    by = (arguments.by or getpass.getuser())[:64]
    said = {"id": new_id(), "do": "report", "scale": scale, "value": value, "by": by}
    reply = asyncio.run(ask(broker(arguments), arguments.place, ReportCommand.model_validate(said)))
    if reply is None:
        return 1
    sys.stdout.write(f"{arguments.place}: {reply.detail or reply.reason}\n")
    return 0 if reply.ok else 1
