"""`anodyne doctor`: is this machine fit to be a box, and what is missing?"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from pathlib import Path

from edge.health.doctor import examine
from edge.health.findings import Finding, Grade, row


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command and its options."""
    parser = subparsers.add_parser(
        "doctor",
        help="check this machine",
        description="Check this machine and, with --config, everything that the configuration names. "
        "Safe to run beside the daemon: sensors are not opened, the broker is visited under another name. "
        "Exit code: 0 nothing worse than a warning, 1 at least one error, 2 the doctor itself could not run.",
    )
    parser.add_argument("--config", type=Path, help="the box's TOML file")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(handler=run)


def run(arguments: argparse.Namespace) -> int:
    """Look at everything and print what was found.

    Returns:
        0 where nothing is worse than a warning, else 1.
    """
    findings: list[Finding] = []
    for finding in examine(arguments.config):
        findings.append(finding)
        if not arguments.json:
            sys.stdout.write(row(finding) + "\n")
            sys.stdout.flush()
    fit = all(finding.grade is not Grade.ERROR for finding in findings)
    if arguments.json:
        rows = [dataclasses.asdict(finding) for finding in findings]
        sys.stdout.write(json.dumps({"fit": fit, "findings": rows}, ensure_ascii=False) + "\n")
    return 0 if fit else 1
