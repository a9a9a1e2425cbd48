"""One command to one bed, and its reply: what `anodyne watch --ack` and `anodyne reference` share."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from pathlib import Path

from edge.config import Mqtt, load
from edge.config import Tls as TlsSection
from edge.errors import PublishError, PublishReason
from edge.publish.payload import Command, ReplyMessage
from edge.publish.subscriber import Received, Subscriber
from edge.publish.topics import Topics

ANSWER_S = 10.0
"""Longest wait for the connection and for a box's reply to a command, seconds."""


def add_broker(parser: argparse.ArgumentParser) -> None:
    """Declare the options that name the broker."""
    parser.add_argument("--config", type=Path, help="take [mqtt] from this TOML file")
    parser.add_argument("--host", help="broker (default: localhost, or the configuration's)")
    parser.add_argument("--port", type=int, help="TCP port (default: 1883, or the configuration's)")
    parser.add_argument("--username", help="user name at the broker")
    parser.add_argument("--password-file", type=Path, help="file whose first line is the password")
    parser.add_argument("--tls", action="store_true", help="encrypt, trusting the system's authorities")


def broker(arguments: argparse.Namespace) -> Mqtt:
    """The configuration's broker, with what the command line says instead.

    Raises:
        ConfigError: the configuration file cannot be used.
    """
    base = load(arguments.config).mqtt if arguments.config else Mqtt()
    said = {key: getattr(arguments, key) for key in ("host", "port", "username", "password_file")}
    update: dict[str, object] = {key: value for key, value in said.items() if value is not None}
    if arguments.host is not None:
        update["fallbacks"] = None  # the broker that was named, and no other
    if arguments.tls:
        update["tls"] = base.tls or TlsSection()
    # The client id of the file is the box's: two clients of one name throw each other out.
    return base.model_copy(update=update | {"client_id": None})


def new_id() -> str:
    """An id for a command that no other has."""
    return f"watch-{os.urandom(6).hex()}"


async def ask(mqtt: Mqtt, place: str, command: Command) -> ReplyMessage | None:
    """Send one command to a bed and wait for its reply; None where the box does not answer, which is said.

    Args:
        mqtt: the broker.
        place: SITE/BED.
        command: what to ask.

    Raises:
        PublishError: there is no connection to the broker (UNREACHABLE).
    """
    site, _, bed = place.rpartition("/")
    replies: asyncio.Queue[ReplyMessage] = asyncio.Queue()

    def hear(received: Received) -> None:
        if isinstance(received.message, ReplyMessage) and received.message.to == command.id:
            replies.put_nowait(received.message)

    subscriber = Subscriber(mqtt, hear, topics=Topics(site, bed))
    task = asyncio.create_task(subscriber.run())
    try:
        await asyncio.wait_for(subscriber.ready.wait(), ANSWER_S)
        subscriber.send(site, bed, command)
        return await asyncio.wait_for(replies.get(), ANSWER_S)
    except TimeoutError:
        if not subscriber.connected:
            raise PublishError(PublishReason.UNREACHABLE, "no connection to the broker; nothing was sent") from None
        sys.stderr.write(f"anodyne: {place} did not answer within {ANSWER_S:.0f} s\n")
        return None
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
