"""`anodyne alarm`: acknowledge, pause, care, quiet and camera, from a terminal."""

from __future__ import annotations

import argparse
import asyncio
import getpass
import sys

from edge.cli.asking import add_broker, ask, broker, new_id
from edge.publish.payload import Acknowledge, Command, ControlCommand, LocateCommand, ProofCommand
from edge.types import Condition

VERBS = (
    "pause-audio",
    "pause-alarms",
    "resume",
    "care-on",
    "care-off",
    "quiet-on",
    "quiet-off",
    "camera-off",
    "camera-on",
    "locate",
)
"""What can be done beside acknowledging."""

LONGEST_LOCATE_S = 60
"""As the command takes it, seconds."""

ENDLESS = ("resume", "care-off", "quiet-off", "camera-off", "camera-on")
"""Verbs that take no length."""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command and its options."""
    parser = subparsers.add_parser(
        "alarm",
        help="acknowledge and pause alarms, care mode, quiet, camera off, proof of delivery",
        description="Ask one bed. Everything but camera-off ends by itself. Exit code: 0 done, 1 refused by the box or "
        "not answered.",
    )
    parser.add_argument("place", metavar="SITE/BED", help="which bed")
    parser.add_argument("do", choices=("acknowledge", "proof", *VERBS), help="what to do")
    parser.add_argument(
        "what", nargs="?", help="of acknowledge: the condition, or the number of an episode; of proof: that number"
    )
    parser.add_argument("--seconds", type=int, help="how long (default: as the box is configured)")
    parser.add_argument("--by", default=None, help="who asks (default: the login name)")
    add_broker(parser)
    parser.set_defaults(handler=run)


def run(arguments: argparse.Namespace) -> int:
    """Ask once.

    Returns:
        0, or 1 where it was not carried out.

    Raises:
        ConfigError: the configuration file cannot be used.
        PublishError: there is no broker.
    """
    command = _command(arguments)
    if isinstance(command, str):
        sys.stderr.write(f"anodyne: {command}\n")
        return 1
    reply = asyncio.run(ask(broker(arguments), arguments.place, command))
    if reply is None:
        return 1
    said = reply.detail or ("done" if reply.ok else reply.reason or "")
    lines = said.split("; ") if arguments.do == "proof" else [said]
    sys.stdout.write("".join(f"{arguments.place}: {line}\n" for line in lines))
    return 0 if reply.ok else 1


def _command(arguments: argparse.Namespace) -> Command | str:
    """The command, or what is wrong with the arguments."""
    if not all(arguments.place.rpartition("/")):
        return "name the bed as SITE/BED"
    by = (arguments.by or getpass.getuser())[:64]
    head: dict[str, object] = {"id": new_id(), "by": by}
    if arguments.do == "acknowledge":
        if arguments.what in set(Condition):
            return Acknowledge.model_validate({**head, "do": "acknowledge", "condition": Condition(arguments.what)})
        if arguments.what is None or not arguments.what.isdecimal():
            return f"acknowledge what? One of {', '.join(Condition)}, or the number of an episode"
        return Acknowledge.model_validate({**head, "do": "acknowledge", "episode": int(arguments.what)})
    if arguments.do == "proof" and (arguments.what is None or arguments.what.isdecimal()):
        episode = None if arguments.what is None else int(arguments.what)
        return ProofCommand.model_validate({**head, "do": "proof", "episode": episode})
    if arguments.what is not None:
        return f"{arguments.do} takes no {arguments.what!r}"
    if arguments.seconds is not None and (arguments.do in ENDLESS or not 1 <= arguments.seconds <= 86_400):
        return "--seconds is for pause-audio, pause-alarms, care-on, quiet-on and locate: 1 to 86400"
    if arguments.do == "locate":
        if arguments.seconds is not None and arguments.seconds > LONGEST_LOCATE_S:
            return f"locate takes 1 to {LONGEST_LOCATE_S} seconds"
        return LocateCommand.model_validate({**head, "do": "locate", "seconds": arguments.seconds})
    return ControlCommand.model_validate({**head, "do": arguments.do.replace("-", "_"), "seconds": arguments.seconds})
