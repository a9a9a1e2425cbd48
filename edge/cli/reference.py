"""`anodyne reference`: what a nurse says of the patient's resting face."""

from __future__ import annotations

import argparse
import asyncio
import getpass
import sys

from edge.cli.asking import add_broker, ask, broker, new_id
from edge.publish.payload import ReferenceCommand


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command and its options."""
    parser = subparsers.add_parser(
        "reference",
        help="set or reset the resting face and the wristband's past that a bed compares with",
        description="The box compares a face with the same person's resting face, and pulse and skin with the same "
        "person's past. reset: another patient lies here, or the light or the camera has changed; the box learns anew, "
        "and without --camera the wristbands too. set: the face as it is now is at rest, take it. "
        "Exit code: 0 done, 1 refused by the box or not answered.",
    )
    parser.add_argument("place", metavar="SITE/BED", help="which bed")
    parser.add_argument("do", choices=("set", "reset"), help="what to do")
    parser.add_argument("--camera", help="only this camera of the bed (its name in the configuration)")
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
    if not all(arguments.place.rpartition("/")):
        sys.stderr.write("anodyne: name the bed as SITE/BED\n")
        return 1
    by = (arguments.by or getpass.getuser())[:64]
    what = {"id": new_id(), "do": f"{arguments.do}_reference", "camera": arguments.camera, "by": by}
    command = ReferenceCommand.model_validate(what)
    reply = asyncio.run(ask(broker(arguments), arguments.place, command))
    if reply is None:
        return 1
    sys.stdout.write(f"{arguments.place}: {reply.detail or ('done' if reply.ok else reply.reason)}\n")
    return 0 if reply.ok else 1
