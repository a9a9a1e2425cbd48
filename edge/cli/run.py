"""`anodyne run`: the daemon of a bedside box."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from edge import clock
from edge.bundles.shelf import Shelf
from edge.config import Config, load
from edge.daemon import Daemon
from edge.fitness import check_fitness
from edge.health.systemd import Notifier

log = logging.getLogger(__name__)

LEAVE_S = 3.0
"""Time for the rest once the daemon has ended and its state is closed; the service manager kills after 15 s in all."""

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
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    notifier = Notifier.from_environment(os.environ)
    shelf = Shelf.of(config.box.state_dir, config.models.keys, check_fitness, system)
    await serve(lambda: Daemon(config, system, notifier=notifier, shelf=shelf), stop)
    leave_within(LEAVE_S)


async def serve(build: Callable[[], Daemon], stop: asyncio.Event) -> None:
    """Run the box until it is to stop; where another bundle is to run, it is built anew.

    Args:
        build: makes a daemon.
        stop: set from outside.

    Raises:
        ExceptionGroup: a room has failed; nothing has ended cleanly.
    """
    while not stop.is_set():
        daemon = build()
        task = asyncio.create_task(daemon.run(), name="daemon")
        events = [stop] if daemon.updates is None else [stop, daemon.updates.changed]
        waiting = [asyncio.create_task(event.wait()) for event in events]
        await asyncio.wait([task, *waiting], return_when=asyncio.FIRST_COMPLETED)
        for one in (task, *waiting):
            one.cancel()
        with suppress(asyncio.CancelledError):
            await task


def leave_within(seconds: float) -> None:
    """End the process even if a thread hangs in a library; Python itself would wait for that thread without end."""
    timer = threading.Timer(seconds, _leave)
    timer.daemon = True
    timer.start()


def _leave() -> None:
    log.warning("something hangs in a device; the state is safe, leaving without it")
    logging.shutdown()
    os._exit(0)
