"""`anodyne bench`: figures of this machine, each beside its peer in the same run."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator

from edge.benchmarks import Figure

NAMES = ("camera", "face", "biosignal", "timeline", "box")
"""Every benchmark."""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command and its options."""
    parser = subparsers.add_parser(
        "bench",
        help="measure this machine",
        description="Measure this machine: medians of many runs, each beside its peer where one is installed "
        "(extra: [bench]). Absolute times depend on the machine and its load; ratios travel better.",
    )
    parser.add_argument("name", nargs="?", choices=NAMES, help="one benchmark; default: all")
    parser.add_argument("--json", action="store_true", help="one JSON object per line")
    parser.set_defaults(handler=run)


def run(arguments: argparse.Namespace) -> int:
    """Measure and print."""
    for name in (arguments.name,) if arguments.name else NAMES:
        for figure in _figures(name)():
            sys.stdout.write((json_line(figure) if arguments.json else _line(figure)) + "\n")
            sys.stdout.flush()
    return 0


def _figures(name: str) -> Callable[[], Iterator[Figure]]:
    """Imported only when asked for: peers are large."""
    match name:
        case "face":
            from edge.benchmarks import face

            return face.figures
        case "camera":
            from edge.benchmarks import camera

            return camera.figures
        case "biosignal":
            from edge.benchmarks import biosignal

            return biosignal.figures
        case "timeline":
            from edge.benchmarks import timeline

            return timeline.figures
        case _:
            from edge.benchmarks import box

            return box.figures


def json_line(figure: Figure) -> str:
    """The figure as one JSON object."""
    return json.dumps(
        {
            "name": figure.name,
            "value": figure.value,
            "unit": figure.unit,
            "peer": figure.peer,
            "peer_value": figure.peer_value,
            "ratio": figure.ratio,
        }
    )


def _line(figure: Figure) -> str:
    text = f"{figure.name:<44} {figure.value:>10.3f} {figure.unit}"
    if figure.peer_value is None or figure.ratio is None:
        return text
    return f"{text:<66} {figure.peer}: {figure.peer_value:.3f} {figure.unit} ({figure.ratio:.1f}x)"
