"""`anodyne plot`: a recorded session as a picture or a page."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from edge.cli.reading import note_read


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command and its options."""
    parser = subparsers.add_parser(
        "plot",
        help="draw a recorded session",
        description="Draw a recorded session on one time axis: score and alerts, face, pulse with detected beats, "
        "heart rate, skin conductance with its responses, movement, gaps, and the states of the sensors. Needs "
        "matplotlib (pip install 'anodyne[plot]').",
    )
    parser.add_argument("session", type=Path, help="the session's file (docs/sessions.md)")
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help=".png, .svg or .html; default: SESSION.png")
    parser.add_argument("--from", dest="from_s", type=_seconds, default=0.0, metavar="S", help="first second")
    parser.add_argument("--to", dest="to_s", type=_seconds, metavar="S", help="last second; default: the end")
    parser.set_defaults(handler=run)


def run(arguments: argparse.Namespace) -> int:
    """Draw, and say where."""
    from edge.plot.draw import write
    from edge.plot.series import tell

    output: Path = arguments.output or Path(f"{arguments.session.stem}.png")
    note_read(arguments.session, "plot")
    story = tell(arguments.session, arguments.from_s, arguments.to_s)
    write(story, output)
    sys.stdout.write(f"{output}: {story.to_s - story.from_s:.0f} s, {len(story.alerts)} alerts\n")
    if story.damage:
        sys.stderr.write(f"anodyne: {story.damage}\n")
    return 1 if story.damage else 0


def _seconds(text: str) -> float:
    """Seconds, or m:ss, or h:mm:ss, as the picture's axis says them."""
    total = 0.0
    for part in text.split(":"):
        number = float(part)
        if not 0.0 <= number < 1e9:
            raise ValueError(text)
        total = total * 60 + number
    return total
