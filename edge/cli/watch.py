"""`anodyne watch`: a nursing station in the terminal."""

from __future__ import annotations

import argparse
import asyncio
import getpass
import json
import os
import sys
import termios
import time
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from rich.console import Console
from rich.live import Live

from edge.cli.asking import add_broker, ask, broker, new_id
from edge.cli.last_warning import LastWarning, only_handler
from edge.clock import Clock, SystemClock
from edge.config import Mqtt
from edge.publish.payload import Acknowledge, ReplyMessage
from edge.publish.subscriber import Received, Subscriber, is_probe
from edge.publish.topics import Topics
from edge.station.terminal import render
from edge.station.ward import Line, Ward
from edge.types import Condition

REFRESH_S = 0.5
"""Time between two pictures, seconds: ages are shown in whole seconds."""

_HELP = "a NUMBER Enter: acknowledge that alarm   q: quit"


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command and its options."""
    parser = subparsers.add_parser(
        "watch",
        help="show beds and alarms, and acknowledge",
        description="Subscribe to the broker and show every bed. Keys: a, the alarm's number and Enter acknowledge it; "
        "q ends. Exit code of --ack: 0 acknowledged, 1 refused by the box or not answered.",
    )
    add_broker(parser)
    parser.add_argument("--site", default="+", help="only this site")
    parser.add_argument("--by", default=None, help="who acknowledges (default: the login name)")
    parser.add_argument("--for", dest="seconds", type=float, metavar="SECONDS", help="end after this time")
    parser.add_argument("--json", action="store_true", help="print one JSON object per message instead of the table")
    parser.add_argument(
        "--ack",
        nargs=2,
        metavar=("SITE/BED", "CONDITION"),
        help=f"acknowledge once and end; CONDITION: {', '.join(Condition)}, or the number of an episode",
    )
    parser.set_defaults(handler=run)


def run(arguments: argparse.Namespace) -> int:
    """Watch until `q`, Ctrl-C or the end of `--for`; or acknowledge once.

    Returns:
        0, or 1 where `--ack` was not carried out.

    Raises:
        ConfigError: the configuration file cannot be used.
        PublishError: `--ack` found no broker.
    """
    mqtt = broker(arguments)
    by = arguments.by or getpass.getuser()
    if arguments.ack is not None:
        place, target = arguments.ack
        return asyncio.run(_acknowledge_once(mqtt, place, target, by))
    topics = Topics(arguments.site, "+")
    if arguments.json or not sys.stdout.isatty():
        asyncio.run(_print_lines(mqtt, topics, arguments.seconds))
    else:
        asyncio.run(_show(mqtt, topics, by, arguments.seconds))
    return 0


async def _for(seconds: float | None) -> None:
    if seconds is None:
        await asyncio.Event().wait()
    else:
        await asyncio.sleep(seconds)


async def _print_lines(mqtt: Mqtt, topics: Topics, seconds: float | None) -> None:
    """One JSON object per message."""

    def show(received: Received) -> None:
        where = received.address
        head = {"site": where.site, "bed": where.bed, "topic": where.leaf, "retained": received.retained}
        message: object = json.loads(received.message.encode())
        sys.stdout.write(json.dumps(head | {"message": message}, ensure_ascii=False) + "\n")
        sys.stdout.flush()

    await _until_done(Subscriber(mqtt, show, topics=topics), asyncio.create_task(_for(seconds)))


async def _until_done(subscriber: Subscriber, done: asyncio.Task[None]) -> None:
    """Run the subscriber until `done` ends; hand on whatever ended either of them."""
    task = asyncio.create_task(subscriber.run())
    try:
        await asyncio.wait({task, done}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            task.result()
    finally:
        for one in (task, done):
            one.cancel()
        await asyncio.gather(task, done, return_exceptions=True)


async def _acknowledge_once(mqtt: Mqtt, place: str, target: str, by: str) -> int:
    """Send one command and wait for its reply."""
    command = acknowledge(target, by)
    if command is None or not place.rpartition("/")[0]:
        sys.stderr.write(
            f"anodyne: name the bed as SITE/BED and the alarm as one of {', '.join(Condition)}, or by its number\n"
        )
        return 1
    reply = await ask(mqtt, place, command)
    if reply is None:
        return 1
    sys.stdout.write(f"{place}: {'acknowledged' if reply.ok else reply.detail or reply.reason}\n")
    return 0 if reply.ok else 1


def acknowledge(target: str, by: str) -> Acknowledge | None:
    """The command that acknowledges a condition or the episode of this number; None where it is neither."""
    command_id = new_id()
    if target.isdigit():
        return Acknowledge(id=command_id, do="acknowledge", episode=int(target), by=by[:64])
    if target not in list(Condition):
        return None
    return Acknowledge(id=command_id, do="acknowledge", condition=Condition(target), by=by[:64])


class Keys:
    """What is typed, taken apart into commands.

    Args:
        acknowledge: called with the number of an alarm.
        leave: called for `q`.
    """

    def __init__(self, acknowledge: Callable[[int], None], leave: Callable[[], None]) -> None:
        """Nothing is typed yet."""
        self._acknowledge = acknowledge
        self._leave = leave
        self.typed = ""

    def press(self, key: str) -> None:
        """Take one key."""
        if key in ("q", "Q"):
            self._leave()
        elif key in ("a", "A"):
            self.typed = "a"
        elif key.isdigit() and self.typed:
            self.typed += key
        elif key in ("\r", "\n") and len(self.typed) > 1:
            self._acknowledge(int(self.typed[1:]))
            self.typed = ""
        else:
            self.typed = ""


class _Station:
    """The table on the screen."""

    def __init__(self, mqtt: Mqtt, topics: Topics, by: str, clock: Clock) -> None:
        self._by = by
        self._clock = clock
        self._ward = Ward()
        self._warning = LastWarning()
        self._shown: list[Line] = []
        self._said = ""
        self._left = asyncio.Event()
        self.subscriber = Subscriber(mqtt, self._hear, topics=topics, clock=clock, on_connected=self._connected)
        self.keys = Keys(self._acknowledge, self._left.set)

    async def show(self, seconds: float | None) -> None:
        """Draw until `q` or the end of the time."""
        deadline_ns = None if seconds is None else self._clock.now_ns() + round(seconds * 1e9)
        with only_handler(self._warning), Live(console=Console(), screen=True, auto_refresh=False) as live:
            while not self._left.is_set() and (deadline_ns is None or self._clock.now_ns() < deadline_ns):
                if not self.keys.typed:  # the numbers must not move while somebody types one
                    self._shown = self._ward.active()
                picture = render(self._ward, self._shown, self._clock.now_ns(), self._status())
                live.update(picture, refresh=True)
                await self._clock.sleep(REFRESH_S if not self.keys.typed else 0.1)

    def _status(self) -> str:
        said = self._said if self._ward.connected else self._warning.text
        typed = f"\nacknowledge alarm {self.keys.typed[1:]}_ (Enter)" if self.keys.typed else ""
        return f"{_HELP}{typed}" + (f"\n{said}" if said else "")

    def _connected(self, connected: bool) -> None:
        if connected:
            self._ward.connected = True
            self._warning.text = ""
        else:
            self._ward.lose()

    def _hear(self, received: Received) -> None:
        if is_probe(received.message):
            return  # it is meant for stations that show alarms to a ward
        self._ward.hear(received, time.time_ns() // 1_000_000)
        if isinstance(received.message, ReplyMessage):
            reply = received.message
            self._said = "acknowledged" if reply.ok else f"not acknowledged: {reply.detail or reply.reason}"

    def _acknowledge(self, number: int) -> None:
        """Acknowledge the alarm that has this number on the screen; by episode, so that it is that one or none."""
        if not 1 <= number <= len(self._shown):
            self._said = f"there is no alarm {number}"
            return
        line = self._shown[number - 1]
        command = acknowledge(str(line.alert.episode), self._by)
        if command is None or not self.subscriber.send(line.place.site, line.place.bed, command):
            self._said = "not sent: no connection to the broker"
        else:
            self._said = f"acknowledging {line.place} {line.alert.condition} …"


async def _show(mqtt: Mqtt, topics: Topics, by: str, seconds: float | None) -> None:
    station = _Station(mqtt, topics, by, SystemClock())
    with _raw_keys(station.keys.press):
        await _until_done(station.subscriber, asyncio.create_task(station.show(seconds)))


@contextmanager
def _raw_keys(press: Callable[[str], None]) -> Iterator[None]:
    """Deliver single key presses from the terminal; none where standard input is not one."""
    if not sys.stdin.isatty():
        yield
        return
    loop = asyncio.get_running_loop()
    descriptor = sys.stdin.fileno()
    before = termios.tcgetattr(descriptor)

    def read() -> None:
        typed = b""
        with suppress(OSError):
            typed = os.read(descriptor, 64)
        if not typed:  # the terminal is gone, and would be said to be readable for ever
            loop.remove_reader(descriptor)
            press("q")
        for key in typed.decode(errors="replace"):
            press(key)

    tty.setcbreak(descriptor)
    loop.add_reader(descriptor, read)
    try:
        yield
    finally:
        loop.remove_reader(descriptor)
        with suppress(termios.error):  # of a terminal that is gone
            termios.tcsetattr(descriptor, termios.TCSADRAIN, before)
