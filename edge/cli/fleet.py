"""`anodyne fleet`: how many beds a broker serves, and how late an alert arrives."""

from __future__ import annotations

import argparse
import json
import sys

from edge import clock
from edge.cli.asking import add_broker, broker
from edge.fleet.client import Access
from edge.fleet.run import Fleet, Plan


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command and its options."""
    parser = subparsers.add_parser(
        "fleet",
        help="load a broker with simulated beds and time their alerts",
        description="Simulate beds as MQTT clients of their own: each is there, publishes a state every 10 s, and some "
        "alarm; then a storm. Prints the time from an alert's making to its being read at a station. Everything is "
        "marked `test` and cleared from the broker afterwards, under a site of its own: still, do not load the broker "
        "of a ward that is in use (docs/hospital.md).",
    )
    add_broker(parser)
    parser.add_argument(
        "--also", type=_node, nargs="+", default=[], metavar="HOST:PORT", help="further nodes of a clustered broker"
    )
    parser.add_argument("--beds", type=_count, nargs="+", default=[100], help="how many; several are played in turn")
    parser.add_argument("--rest-s", type=float, default=20.0, help="length of the rest, seconds (%(default)s)")
    parser.add_argument("--alerts-per-s", type=float, default=10.0, help="alerts during the rest (%(default)s)")
    parser.add_argument("--storm-share", type=_share, default=0.05, help="beds that alarm in the storm (%(default)s)")
    parser.add_argument("--storm-s", type=float, default=10.0, help="… within this time, seconds (%(default)s)")
    parser.add_argument("--stations", type=_count, default=1, help="clients that share the reading (%(default)s)")
    parser.add_argument("--site", default="fleet", help="first level of the topics (%(default)s)")
    parser.add_argument("--json", action="store_true", help="one JSON line for each phase")
    parser.set_defaults(handler=run)


def run(arguments: argparse.Namespace) -> int:
    """Play every number of beds.

    Returns:
        0; 1 where an alert was lost.

    Raises:
        PublishError: the broker cannot be used.
        ConfigError: the configuration cannot be used.
    """
    access = Access.of(broker(arguments), tuple(arguments.also))
    lost = 0
    for beds in arguments.beds:
        plan = Plan(
            beds,
            arguments.rest_s,
            arguments.alerts_per_s,
            arguments.storm_share,
            arguments.storm_s,
            arguments.stations,
            arguments.site,
        )
        system = clock.SystemClock()
        figures, load = clock.run(system, Fleet(plan, access, system, _tell).run())
        for one in figures:
            lost += one["lost"]
            if arguments.json:
                sys.stdout.write(json.dumps({**one, **load.printed()}) + "\n")
            else:
                sys.stdout.write(
                    f"{one['beds']:6} beds  {one['phase']:6} {one['arrived']}/{one['raised']} alerts, "
                    f"p50 {one['p50_ms']} ms, p99 {one['p99_ms']} ms, worst {one['worst_ms']} ms, "
                    f"{one['messages_per_s']:.0f} messages/s (own loop late by {load.loop_late_p99_ms:.0f} ms at p99)\n"
                )
            sys.stdout.flush()
    return 1 if lost else 0


def _tell(line: str) -> None:
    sys.stderr.write(f"{line}\n")


def _node(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit():
        raise argparse.ArgumentTypeError("write HOST:PORT")
    return host.strip("[]"), int(port)


def _count(text: str) -> int:
    value = int(text)
    if not 1 <= value <= 60_000:
        raise argparse.ArgumentTypeError("must be from 1 to 60000")
    return value


def _share(text: str) -> float:
    value = float(text)
    if not 0.0 < value <= 1.0:
        raise argparse.ArgumentTypeError("must be above 0 and at most 1")
    return value
