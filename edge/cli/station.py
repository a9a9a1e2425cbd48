"""`anodyne station`: the nursing station as a web page."""

from __future__ import annotations

import argparse
import asyncio
import logging
import signal
import sys
from pathlib import Path

from edge import clock
from edge.cli.asking import add_broker, broker
from edge.config import Mqtt, Station, load
from edge.errors import StationError, StationReason
from edge.publish.topics import Topics


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command and its options."""
    parser = subparsers.add_parser(
        "station",
        help="serve the nursing station's page",
        description="Show all beds of a broker as a web page: alarms with sound, trends, notes, acknowledgement. "
        "[station] of --config says where it listens and who may sign in (docs/station.md); `anodyne accounts` makes "
        "the accounts. Needs pip install 'anodyne[station]'.",
    )
    add_broker(parser)
    parser.add_argument("--listen", metavar="ADDRESS:PORT", help="default: [station] of the configuration")
    parser.add_argument("--state-dir", type=Path, help="folder of the record (default: the configuration's)")
    parser.add_argument("--accounts", type=Path, help="file of the accounts (default: the configuration's)")
    parser.add_argument("--site", default="+", help="only this site")
    parser.add_argument("--bed", default="+", help="only this bed: the page of a home, with --site")
    parser.set_defaults(handler=run)


def run(arguments: argparse.Namespace) -> int:
    """Serve until SIGTERM or SIGINT.

    Returns:
        0.

    Raises:
        ConfigError: the configuration cannot be used.
        StationError: the page cannot be served, or its packages are not installed.
    """
    section, mqtt = section_of(arguments), broker(arguments)
    # Paho and uvicorn speak of every connection.
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
    clock.run(system := clock.SystemClock(), _serve(section, mqtt, Topics(arguments.site, arguments.bed), system))
    return 0


def section_of(arguments: argparse.Namespace) -> Station:
    """`[station]` of the configuration, with what the command line says instead.

    Raises:
        ConfigError: the configuration file cannot be used.
        StationError: `--listen` is no address and port.
    """
    base = load(arguments.config).station if arguments.config else Station()
    update: dict[str, object] = {}
    if arguments.listen is not None:
        host, _, port = str(arguments.listen).rpartition(":")
        if not host or not port.isdigit() or int(port) > 65535:
            raise StationError(StationReason.ADDRESS, f"--listen {arguments.listen}: write ADDRESS:PORT")
        update |= {"host": host.strip("[]"), "port": int(port)}
    for name, value in (("state_dir", arguments.state_dir), ("accounts_file", arguments.accounts)):
        if value is not None:
            update[name] = value
    return base.model_copy(update=update)


async def _serve(section: Station, mqtt: Mqtt, topics: Topics, system: clock.Clock) -> None:
    try:
        from edge.station.serve import Server
    except ModuleNotFoundError as error:
        raise StationError(
            StationReason.NOT_INSTALLED, f"{error.name} is not installed: pip install 'anodyne[station]'"
        ) from error
    server = Server(section, mqtt, system, topics)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, server.stop)
    sys.stdout.write(f"{server.url}\n")
    sys.stdout.flush()
    await server.run()
