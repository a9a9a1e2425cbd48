"""A real Mosquitto on a free loopback port, with the faults that brokers have: refusing, dying, freezing."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from edge.config import Mqtt
from edge.publish.embedded import EmbeddedBroker, find_mosquitto, free_port
from edge.publish.payload import AlertMessage, Head
from edge.publish.subscriber import Received, Subscriber
from edge.publish.topics import Topics

_READY_S = 5.0


class Mosquitto:
    """One broker that can be started, ended and frozen; the port stays the same.

    Args:
        folder: for its configuration.
        users: user name to password; anybody may connect where it is empty.
        acl: lines of an ACL file.
        more: further lines of its configuration, below the listener.
    """

    def __init__(
        self,
        folder: Path,
        users: dict[str, str] | None = None,
        acl: str | None = None,
        more: tuple[str, ...] = ("persistence false",),
    ) -> None:
        """Write the configuration; `start` starts it."""
        program = find_mosquitto()
        if program is None:
            pytest.skip("mosquitto is not installed (Debian: apt install mosquitto)")
        self._program = program
        self._process: subprocess.Popen[bytes] | None = None
        self._folder = folder
        self.port = free_port()
        lines = [
            f"listener {self.port} 127.0.0.1",
            f"allow_anonymous {'false' if users else 'true'}",
            *more,
            "log_type error",
        ]
        if os.geteuid() == 0:
            lines.append("user root")  # else it gives up its rights and cannot read the files of the test
        if users:
            lines.append(f"password_file {self._passwords(users)}")
        if acl is not None:
            (folder / "acl").write_text(acl)
            (folder / "acl").chmod(0o600)
            lines.append(f"acl_file {folder / 'acl'}")
        (folder / "mosquitto.conf").write_text("\n".join(lines) + "\n")

    def mqtt(self, **more: object) -> Mqtt:
        """The configuration of a client."""
        return Mqtt.model_validate({"host": "127.0.0.1", "port": self.port, "keepalive_s": 5} | more)

    def start(self) -> None:
        """Start and wait until it listens."""
        self._process = subprocess.Popen([self._program, "-c", self._folder / "mosquitto.conf"])
        deadline = time.monotonic() + _READY_S
        while time.monotonic() < deadline:
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return
            time.sleep(0.01)
        raise AssertionError("mosquitto did not start")

    def stop(self) -> None:
        """End it in order."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it as a power cut does."""
        self._end(signal.SIGKILL)

    def freeze(self) -> None:
        """Keep its connections open and say nothing."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Go on."""
        self._signal(signal.SIGCONT)

    def _signal(self, how: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(how)

    def _end(self, how: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(5)
            self._process = None

    def _passwords(self, users: dict[str, str]) -> Path:
        path = self._folder / "passwords"
        path.touch(mode=0o600)
        for name, password in users.items():
            subprocess.run(["mosquitto_passwd", "-b", path, name, password], check=True, capture_output=True)
        return path


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Mosquitto]:
    """A running broker that takes anybody."""
    folder = tmp_path / "broker"
    folder.mkdir()
    broker = Mosquitto(folder)
    broker.start()
    yield broker
    with suppress(ProcessLookupError, AssertionError):
        broker.thaw()
    broker.kill()


@pytest.fixture
def amqtt() -> Iterator[EmbeddedBroker]:
    """A running broker that knows MQTT 3.1.1 only."""
    with EmbeddedBroker("amqtt") as broker:
        yield broker


class Station:
    """A subscriber that keeps what it hears.

    Attributes:
        heard: all messages, in order.
        subscriber: the real one.
    """

    def __init__(self, mqtt: Mqtt, topics: Topics | None = None) -> None:
        """Nothing is connected yet."""
        self.heard: list[Received] = []
        self.subscriber = Subscriber(mqtt, self.heard.append, topics=topics)

    def alerts(self, leaf: str = "event") -> list[AlertMessage]:
        """The alerts heard on a leaf."""
        mine = (one.message for one in self.heard if one.address.leaf == leaf)
        return [message for message in mine if isinstance(message, AlertMessage)]

    def messages(self, leaf: str) -> list[Head]:
        """The messages heard on a leaf."""
        return [one.message for one in self.heard if one.address.leaf == leaf]


@asynccontextmanager
async def station(mqtt: Mqtt, topics: Topics | None = None) -> AsyncIterator[Station]:
    """A station that listens for the time of the block."""
    one = Station(mqtt, topics)
    task = asyncio.create_task(one.subscriber.run())
    try:
        await asyncio.wait_for(one.subscriber.ready.wait(), 10)
        yield one
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(condition: Callable[[], object], seconds: float = 20.0) -> None:
    """Wait until something holds.

    Raises:
        AssertionError: it did not within `seconds`.
    """
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError("what was waited for did not come")
        await asyncio.sleep(0.01)
