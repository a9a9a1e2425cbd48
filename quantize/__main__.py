"""`python -m quantize <job>`: trains the models that the box ships, and renders the clip of its demonstration."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from quantize.biosignal import command as biosignal_command
from quantize.detector import command as detector_command
from quantize.evaluation import command as evaluation_command
from quantize.faces import clip_command, command
from quantize.fusion import command as fusion_command


def build_parser() -> argparse.ArgumentParser:
    """The command line with one sub-command per job."""
    parser = argparse.ArgumentParser(prog="python -m quantize", description="Train and export the models of the box.")
    jobs = parser.add_subparsers(title="jobs", metavar="JOB", required=True)
    command.add_parser(jobs)
    detector_command.add_parser(jobs)
    clip_command.add_parser(jobs)
    biosignal_command.add_parser(jobs)
    fusion_command.add_parser(jobs)
    evaluation_command.add_parser(jobs)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one job; returns its exit status."""
    chosen = build_parser().parse_args(arguments)
    return int(chosen.run(chosen))


if __name__ == "__main__":
    sys.exit(main())
