"""`anodyne explain`: why an alarm came, in sentences, and the minute around it as a picture."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from edge.bundle import Bundle
from edge.cli.reading import note_read
from edge.errors import ConfigError
from edge.fusion import Calibration
from edge.recorder.head import bundle_in_use


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command and its options."""
    parser = subparsers.add_parser(
        "explain",
        help="say why an alarm came",
        description="Say why an alarm of a recorded session came: its reasons in words, the score with its interval, "
        "what each signal added, without which of them there would have been no alarm, and what was missing. With -o "
        "the minute around it is drawn as well (needs matplotlib: pip install 'anodyne[plot]').",
    )
    parser.add_argument("event", help="id of an alert, a condition (its newest alarm), or last")
    parser.add_argument(
        "sessions",
        type=Path,
        nargs="?",
        help="a session's file, or the folder of sessions; default: the recorder's folder in --config",
    )
    parser.add_argument("--config", type=Path, help="the box's configuration; default: what `anodyne run` reads")
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="draw into this .png, .svg or .html")
    parser.set_defaults(handler=run)


def run(arguments: argparse.Namespace) -> int:
    """Explain, and say where the picture lies."""
    from edge.plot.explain import explain, find

    path, alert = find(_place(arguments), arguments.event)
    note_read(path, "explain")
    explanation = explain(path, alert, _calibration(path))
    sys.stdout.write("".join(f"{line}\n" for line in explanation.lines))
    if arguments.output is not None:
        explanation.write(arguments.output)
        sys.stdout.write(f"{arguments.output}: {path.name}\n")
    if explanation.story.damage:
        sys.stderr.write(f"anodyne: {explanation.story.damage}\n")
    return 1 if explanation.story.damage else 0


def _place(arguments: argparse.Namespace) -> Path:
    """The file or folder to look in.

    Raises:
        ConfigError: there is no configuration, or it records nothing.
    """
    from edge.cli.run import DEFAULT_CONFIG
    from edge.config import load

    if arguments.sessions is not None:
        return Path(arguments.sessions)
    path = arguments.config or DEFAULT_CONFIG
    folder = load(path).recorder.folder
    if folder is None:
        raise ConfigError(f"{path}: [recorder] has no folder, so nothing is kept: name a session's file")
    return folder


def _calibration(path: Path) -> Calibration | None:
    """The installed thresholds, where they are those that judged the session."""
    from edge.recorder.session import Session

    bundle = Bundle.load()
    with Session.open(path) as session:
        return Calibration(bundle) if session.facts.bundle == bundle_in_use(bundle) else None
