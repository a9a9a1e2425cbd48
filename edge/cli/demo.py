"""`anodyne demo`: three minutes of the true daemon on rendered and simulated input."""

from __future__ import annotations

import argparse
import json
import logging
import re
import sys
from pathlib import Path

from rich.console import Console

from edge import clock
from edge.demo.play import Played, play

INTRODUCTION = (
    "[bold]A demonstration: nobody is at this bed.[/] The true daemon reads a rendered face and a simulated band;\n"
    'its alarms go through a broker on loopback to a nurse who acknowledges. Every message is marked "demo".\n'
    "Calm until 0:40, pain until 1:20; face away 1:10-1:35; wristband silent 1:40-2:25; both gone 2:00-2:25.\n"
)


_WEB_FONT = re.compile(r"@font-face \{.*?\}", re.DOTALL)
"""What rich's pictures of a terminal would fetch from elsewhere; a picture in the documentation fetches nothing."""


_PICTURE_COLUMNS = 116
"""Columns of the picture: the introduction's longest line."""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command and its options."""
    parser = subparsers.add_parser(
        "demo",
        help="play a three-minute scene",
        description="Play a built-in three-minute scene through the true daemon and a broker of its own, and show what "
        "a nurse would get. Exit code 1 if an alert was lost or a blind bed was called calm.",
    )
    parser.add_argument("--fast", action="store_true", help="on a virtual clock, as fast as the machine can")
    parser.add_argument("--json", action="store_true", help="only one JSON line with the figures at the end")
    parser.add_argument("--broker", choices=("mosquitto", "amqtt"), help="default: mosquitto where it is installed")
    parser.add_argument("--svg", type=Path, metavar="FILE", help="also keep what was shown as a picture")
    parser.set_defaults(handler=run)


def run(arguments: argparse.Namespace) -> int:
    """Play the scene and print the figures."""
    if not arguments.verbose:
        logging.getLogger().setLevel(logging.WARNING)  # the scene speaks for itself
    console = None if arguments.json else _console(arguments.svg is not None)
    if console is not None:
        console.print(INTRODUCTION)
    time = clock.VirtualClock() if arguments.fast else clock.SystemClock()
    played = clock.run(time, play(time, console, arguments.broker))
    if console is not None:
        console.print(_summary(played))
        if arguments.svg is not None:
            arguments.svg.write_text(_WEB_FONT.sub("", console.export_svg(title="anodyne demo")))
    else:
        sys.stdout.write(json.dumps(_figures(played)) + "\n")
    return 0 if played.report.lost == 0 and played.report.blind_reported_calm_s == 0 else 1


def _console(recording: bool) -> Console:
    """The terminal; a picture of it is as wide as its longest line."""
    return Console(highlight=False, soft_wrap=True, record=recording, width=_PICTURE_COLUMNS if recording else None)


def _figures(played: Played) -> dict[str, object]:
    return {**played.report.as_dict(), "broker": played.broker, "wall_s": played.wall_s}


def _summary(played: Played) -> str:
    report = played.report
    return (
        f"\n[bold]{report.raised} alarms raised, {report.delivered} delivered, {report.acknowledged} acknowledged, "
        f"{report.lost} lost.[/] Blind for {report.blind_s:.0f} s, told calm while blind for "
        f"{report.blind_reported_calm_s:.0f} s.\nModes: {', '.join(report.modes)}. Broker: {played.broker}. "
        f"Took {played.wall_s:.0f} s."
    )
