"""`anodyne models shadow`: a bundle beside the one in use, and the report of how far they agree."""

from __future__ import annotations

import argparse
import json
import sys

from edge.bundles import steps
from edge.bundles.pointer import report_file
from edge.bundles.shelf import Shelf
from edge.cli.box import add_config, hours, shelf_of
from edge.errors import BundleError, BundleReason
from edge.shadow.report import figures, text
from edge.shadow.tally import Tally

SHADOW_H = 72.0
"""Default length of a shadow run, hours: three days and nights."""


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the step and its options."""
    parser = commands.add_parser("shadow", help="run a bundle beside the one in use; report how far they agree")
    parser.add_argument("bundle", nargs="?", help="its id or version (with --report: default the last one)")
    parser.add_argument(
        "--hours", type=hours, default=SHADOW_H, help="declared time in which the box runs (%(default)s)"
    )
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--report", action="store_true", help="what has come of it so far")
    what.add_argument("--stop", action="store_true", help="end it before its time")
    parser.add_argument("--json", action="store_true", help="with --report: print one JSON object")
    add_config(parser)
    parser.set_defaults(handler=run)


def run(arguments: argparse.Namespace) -> int:
    """Begin, end, or report."""
    if arguments.report:
        return _report(shelf_of(arguments, change=False), arguments.bundle, as_json=arguments.json)
    shelf = shelf_of(arguments, change=True)
    if arguments.stop:
        sys.stdout.write(f"{steps.stop_shadow(shelf)} runs beside no longer\n")
        return 0
    if arguments.bundle is None:
        raise BundleError(BundleReason.STATE, "which bundle? `anodyne models list` has their names")
    name = steps.shadow(shelf, arguments.bundle, arguments.hours * 3600.0)
    sys.stdout.write(f"{name} is to run beside {steps.in_use(shelf.pointer())} for {arguments.hours:g} hours\n")
    return 0


def _report(shelf: Shelf, word: str | None, *, as_json: bool) -> int:
    declared = shelf.pointer().shadow
    if word is None and declared is None:
        raise BundleError(BundleReason.STATE, "no bundle has run beside another on this box")
    name = declared.id if word is None and declared is not None else shelf.find(str(word))
    tally = Tally.read(report_file(shelf.folder, name))
    asked = declared if declared is not None and declared.id == name else None
    if as_json:
        sys.stdout.write(json.dumps(figures(tally, asked), ensure_ascii=False) + "\n")
    else:
        sys.stdout.writelines(f"{line}\n" for line in text(tally, asked))
    return 0
