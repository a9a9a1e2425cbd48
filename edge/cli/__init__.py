"""The command `anodyne`: one module per sub-command.

Exit codes: 0 done, 1 the command ran and found a problem, 2 it could not run (the reason is on standard error).
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Callable, Sequence

from edge.cli import (
    accounts,
    alarm,
    audit,
    bench,
    burden,
    config,
    consent,
    demo,
    doctor,
    explain,
    export,
    fleet,
    ingest,
    models,
    plot,
    reference,
    replay,
    report,
    run,
    scan,
    sensors,
    sessions,
    setup,
    simulate,
    station,
    watch,
)
from edge.errors import AnodyneError
from edge.software import software

COMMANDS = (
    run,
    demo,
    simulate,
    watch,
    station,
    accounts,
    ingest,
    alarm,
    report,
    burden,
    reference,
    setup,
    scan,
    sensors,
    replay,
    plot,
    explain,
    fleet,
    export,
    consent,
    sessions,
    audit,
    doctor,
    config,
    models,
    bench,
)
"""Every sub-command, in the order of the help text."""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="anodyne",
        description="Bedside box for palliative care: notices signs of pain and tells the nursing station over MQTT. "
        "It informs; it is not a medical device and replaces nobody at the bed.",
    )
    parser.add_argument("--version", action="version", version=f"anodyne {software()}")
    parser.add_argument("-v", "--verbose", action="store_true", help="log what every room does")
    subparsers = parser.add_subparsers(required=True, metavar="COMMAND")
    for command in COMMANDS:
        command.add_parser(subparsers)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one sub-command.

    Args:
        argv: arguments without the program's name; default: those of the process.

    Returns:
        The exit code.
    """
    arguments = _parser().parse_args(argv)
    logging.basicConfig(
        level=logging.DEBUG if arguments.verbose else logging.INFO,
        format="%(levelname)s %(name)s: %(message)s",
        stream=sys.stderr,
    )
    handler: Callable[[argparse.Namespace], int] = arguments.handler
    try:
        return handler(arguments)
    except AnodyneError as error:
        sys.stderr.write(f"anodyne: {error.message}\n")
        return 2
    except KeyboardInterrupt:
        return 130
