"""`anodyne ingest`: keeps the record without a page; several workers share the messages."""

from __future__ import annotations

import argparse
import asyncio
import logging
import re
import signal
import socket
import sys
from contextlib import suppress
from pathlib import Path

from edge import clock
from edge.cli.asking import add_broker, broker
from edge.config import Metrics, Mqtt, Station, load
from edge.errors import ConfigError
from edge.health.findings import Grade, row
from edge.ingest.check import examine
from edge.ingest.figures import IngestMetrics
from edge.ingest.worker import Worker
from edge.publish.topics import Topics

GROUP = "record"
"""Workers share the messages with those of the same group."""

_NAME = re.compile(r"^[A-Za-z0-9_.-]{1,32}$")


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command and its options."""
    parser = subparsers.add_parser(
        "ingest",
        help="keep a hospital's record; several workers share the load",
        description="Write alarms, commands, notes and trends of all beds into the record of [station] (history: a "
        "hospital's PostgreSQL database; without it station.db in state_dir), without a page. Workers of one --group "
        "share the messages (MQTT 5 shared subscription), each is acknowledged when it is on the disk, and no worker "
        "confirms an alert to a box: that is for a station with a page (docs/hospital.md). Needs pip install "
        "'anodyne[hospital]' for PostgreSQL.",
    )
    add_broker(parser)
    parser.add_argument(
        "--name",
        default=socket.gethostname().partition(".")[0][:32],
        help="which worker this is: the broker keeps its share under this name while it is away (default: the host's)",
    )
    parser.add_argument("--group", default=GROUP, help=f"workers of one group share the messages (default: {GROUP})")
    parser.add_argument("--state-dir", type=Path, help="folder of the spool (default: the configuration's)")
    parser.add_argument("--site", default="+", help="only this site")
    parser.add_argument("--leave", action="store_true", help="write what the broker holds for this worker, give up its "
                        "place in the group, and end: before there are fewer workers for good")  # fmt: skip
    parser.add_argument(
        "--metrics-port", type=int, help="port of the figures (default: [metrics] of the configuration)"
    )
    parser.add_argument("--check", action="store_true", help="look at broker, folder and database, and end")
    parser.set_defaults(handler=run)


def run(arguments: argparse.Namespace) -> int:
    """Work until SIGTERM or SIGINT.

    Returns:
        0; with `--check` 1 where something keeps a worker from its work.

    Raises:
        ConfigError: the configuration, or a name, cannot be used.
        PublishError: the broker shares no subscriptions.
        StoreError, StationError: the record cannot be opened.
        MetricsError: the figures cannot be served.
    """
    for option in ("name", "group"):
        if not _NAME.match(getattr(arguments, option)):
            raise ConfigError(f"--{option} {getattr(arguments, option)}: write 1 to 32 letters, digits or _ . -")
    config = load(arguments.config) if arguments.config else None
    section = Station() if config is None else config.station
    if arguments.state_dir is not None:
        section = section.model_copy(update={"state_dir": arguments.state_dir})
    mqtt, topics = broker(arguments), Topics(arguments.site, "+")
    if arguments.check:
        return _check(section, mqtt, topics, arguments.name)
    settings = Metrics() if config is None else config.metrics
    if arguments.metrics_port is not None:
        settings = settings.model_copy(update={"port": arguments.metrics_port})
    system = clock.SystemClock()
    clock.run(system, _work(section, mqtt, topics, system, settings, arguments))
    return 0


def _check(section: Station, mqtt: Mqtt, topics: Topics, name: str) -> int:
    worst = 0
    for finding in examine(section, mqtt, topics, name):
        sys.stdout.write(row(finding) + "\n")
        sys.stdout.flush()
        worst = max(worst, int(finding.grade is Grade.ERROR))
    return worst


async def _work(
    section: Station, mqtt: Mqtt, topics: Topics, system: clock.Clock, settings: Metrics, arguments: argparse.Namespace
) -> None:
    name, group = arguments.name, arguments.group
    metrics = None if settings.port is None else IngestMetrics(name, group)
    worker = Worker(section, mqtt, system, name, group, topics, metrics)
    if metrics is not None:
        metrics.watch(worker)
        metrics.serve(settings)
    into = section.history or str(worker.folder)
    logging.getLogger(__name__).info("worker %s of group %s writes into %s", name, group, into)
    work = asyncio.ensure_future(worker.run(leave=arguments.leave, on_ready=lambda: _say(f"{name} takes its share")))
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, work.cancel)
    try:
        with suppress(asyncio.CancelledError):
            await work
            _say(f"{name} has left the group")
    finally:
        if metrics is not None:
            metrics.close()


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
