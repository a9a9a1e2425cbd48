"""`anodyne burden`: how many alarms the beds raised, how fast they were acknowledged, how long they were blind."""

from __future__ import annotations

import argparse
import asyncio
import getpass
import json
import sys
from contextlib import suppress

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from edge.cli.asking import add_broker, broker, new_id
from edge.config import Mqtt
from edge.errors import PublishError, PublishReason
from edge.publish.payload import BurdenCommand, BurdenMessage
from edge.publish.subscriber import Received, Subscriber
from edge.publish.topics import Topics

CONNECT_S = 10.0
LISTEN_S = 2.0
"""Retained messages come at once after the subscription; the answers of boxes that are asked, within a second."""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command and its options."""
    parser = subparsers.add_parser(
        "burden",
        help="alarms per bed and day",
        description="Show what each box counted: the last 30 days that the broker holds, and today so far of a bed "
        "that is named. Exit code: 0 shown, 1 nothing was there.",
    )
    parser.add_argument("place", nargs="?", metavar="SITE/BED", help="only this bed, today included")
    parser.add_argument("--json", action="store_true", help="one JSON object per bed and day")
    add_broker(parser)
    parser.set_defaults(handler=run)


def run(arguments: argparse.Namespace) -> int:
    """Ask, listen, show.

    Returns:
        0, or 1 where no box has counted anything.

    Raises:
        ConfigError: the configuration file cannot be used.
        PublishError: there is no broker.
    """
    site, _, bed = (arguments.place or "+/+").rpartition("/")
    if not (site and bed):
        sys.stderr.write("anodyne: name the bed as SITE/BED\n")
        return 1
    days = asyncio.run(collect(broker(arguments), Topics(site, bed)))
    if not days:
        sys.stderr.write("anodyne: no box has published its alarm burden here yet\n")
        return 1
    if arguments.json:
        for (place, _), message in sorted(days.items()):
            sys.stdout.write(json.dumps({"bed": place, **message.model_dump(mode="json")}) + "\n")
    else:
        Console().print(_table(days))
    return 0


async def collect(mqtt: Mqtt, topics: Topics, listen_s: float = LISTEN_S) -> dict[tuple[str, str], BurdenMessage]:
    """The newest message of every bed and day.

    Args:
        mqtt: the broker.
        topics: which beds; one that is named is asked for today.
        listen_s: how long to wait for answers, seconds.

    Raises:
        PublishError: UNREACHABLE.
    """
    days: dict[tuple[str, str], BurdenMessage] = {}

    def hear(received: Received) -> None:
        if isinstance(received.message, BurdenMessage):
            days[f"{received.address.site}/{received.address.bed}", received.message.day] = received.message

    subscriber = Subscriber(mqtt, hear, topics=topics)
    task = asyncio.create_task(subscriber.run())
    try:
        await asyncio.wait_for(subscriber.ready.wait(), CONNECT_S)
        if "+" not in (topics.site, topics.bed):
            subscriber.send(topics.site, topics.bed, BurdenCommand(id=new_id(), do="burden", by=getpass.getuser()[:64]))
        await asyncio.sleep(listen_s)
    except TimeoutError:
        raise PublishError(PublishReason.UNREACHABLE, "no connection to the broker") from None
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    return days


def _table(days: dict[tuple[str, str], BurdenMessage]) -> Table:
    table = Table(box=SIMPLE_HEAD, caption="Ack: acknowledged; wait: median and longest time until then; …: not over")
    for name in ("Bed", "Day", "Pain", "Tech", "Ack", "Wait", "Again", "Calls", "Blind"):
        table.add_column(name, no_wrap=name in ("Bed", "Day"))
    for (place, day), one in sorted(days.items()):
        table.add_row(
            place,
            day if one.complete else f"{day}…",
            str(one.physiological),
            str(one.technical),
            str(one.acknowledged),
            f"{_seconds(one.median_acknowledge_s)}, {_seconds(one.longest_acknowledge_s)}",
            str(one.repeated),
            str(one.escalated),
            f"{one.minutes_blind:.0f} of {one.minutes_watched:.0f} min",
        )
    return table


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.0f} s"
