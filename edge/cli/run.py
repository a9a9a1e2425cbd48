"""`anodyne run`: the daemon of a bedside box."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
from pathlib import Path

from edge import clock
from edge.config import Config, load
from edge.daemon import Daemon
from edge.health.systemd import Notifier

DEFAULT_CONFIG = Path("/etc/anodyne/anodyne.toml")
"""Where the systemd unit keeps the configuration."""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command and its options."""
    parser = subparsers.add_parser("run", help="run the box", description="Run the box until it is told to stop.")
    parser.add_argument("--config", type=Path, default=DEFAULT_CONFIG, help="the box's TOML file (%(default)s)")
    parser.set_defaults(handler=run)


def run(arguments: argparse.Namespace) -> int:
    """Run until SIGTERM or SIGINT."""
    clock.run(system := clock.SystemClock(), _serve(load(arguments.config), system))
    return 0


async def _serve(config: Config, system: clock.Clock) -> None:
    daemon = Daemon(config, system, notifier=Notifier.from_environment(os.environ))
    task = asyncio.create_task(daemon.run(), name="daemon")
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, task.cancel)
    try:
        await task
    except asyncio.CancelledError:
        if not task.cancelled():
            raise
