"""One light MQTT client on the event loop: connects, comes back, and repeats what was not acknowledged."""

from __future__ import annotations

import asyncio
import ssl
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from edge.config import Mqtt
from edge.errors import PublishError, PublishReason
from edge.fleet import wire

ANSWER_S = 20.0
"""Longest wait for the broker's CONNACK or SUBACK, seconds: a thousand clients connect at once."""

_AGAIN_S = (0.5, 8.0)
"""First and longest wait before a lost client connects anew, seconds."""


@dataclass(frozen=True, slots=True)
class Access:
    """How the broker is reached, read once for all clients; a clustered one has several nodes."""

    nodes: tuple[tuple[str, int], ...]
    keepalive_s: int
    username: str | None
    password: str | None
    tls: ssl.SSLContext | None

    @classmethod
    def of(cls, mqtt: Mqtt, also: tuple[tuple[str, int], ...] = ()) -> Access:
        """Read the files that `[mqtt]` names; `also` are further nodes of the same broker.

        Raises:
            PublishError: NOT_AUTHORISED: one cannot be read.
        """
        try:
            password = _first_line(mqtt.password_file)
            tls = None
            if mqtt.tls is not None:
                tls = ssl.create_default_context(cafile=mqtt.tls.ca_file)
                if mqtt.tls.cert_file is not None:
                    tls.load_cert_chain(mqtt.tls.cert_file, mqtt.tls.key_file)
        except OSError as error:
            message = f"the password file or a certificate for the broker cannot be read: {error}"
            raise PublishError(PublishReason.NOT_AUTHORISED, message) from error
        nodes = ((mqtt.host, mqtt.port), *also)
        return cls(nodes, mqtt.keepalive_s, mqtt.username, password, tls)

    async def probe(self) -> None:
        """See whether anything listens there.

        Raises:
            PublishError: UNREACHABLE.
        """
        for host, port in self.nodes:
            try:
                _, writer = await asyncio.open_connection(host, port, ssl=self.tls)
            except OSError as error:
                raise PublishError(
                    PublishReason.UNREACHABLE, f"the broker at {host}:{port} cannot be reached: {error}"
                ) from error
            writer.close()


class Client:
    """One connection that comes back.

    Args:
        access: the broker.
        client_id: MQTT identity.
        topics: what to subscribe to; nothing by default.
        hear: called with topic and payload of every message.
        node: which node to try first; the next one after each loss.

    Attributes:
        ready: set while connected (and subscribed).
        reconnects: how often the connection was lost.
    """

    def __init__(
        self,
        access: Access,
        client_id: str,
        topics: str = "",
        hear: Callable[[str, bytes], None] | None = None,
        node: int = 0,
    ) -> None:
        """Nothing is connected before `run`."""
        self._access = access
        self._client_id = client_id
        self._topics = topics
        self._hear = hear
        self._node = node
        self._writer: asyncio.StreamWriter | None = None
        self._owed: OrderedDict[int, tuple[str, bytes, bool]] = OrderedDict()
        self._number = 0
        self.ready = asyncio.Event()
        self.idle = asyncio.Event()
        self.idle.set()
        self.reconnects = 0

    @property
    def owed(self) -> int:
        """Messages that the broker has not acknowledged."""
        return len(self._owed)

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Send at QoS 1, now or when the connection is back."""
        self._number = self._number % 65535 + 1
        while self._number in self._owed:
            self._number = self._number % 65535 + 1
        self._owed[self._number] = topic, payload, retain
        self.idle.clear()
        if self._writer is not None and self.ready.is_set():
            self._writer.write(wire.publish(topic, payload, self._number, retain=retain))

    async def run(self) -> None:
        """Stay connected, until cancelled.

        Raises:
            PublishError: the broker refuses us.
        """
        wait_s = _AGAIN_S[0]
        try:
            while True:
                try:
                    await self._session()
                except (OSError, TimeoutError):
                    wait_s = min(_AGAIN_S[1], wait_s * 2)
                else:
                    wait_s = _AGAIN_S[0]
                self.reconnects += 1
                await asyncio.sleep(wait_s)
        finally:
            self._close()

    async def _session(self) -> None:
        """One connection; returns when it is lost."""
        access = self._access
        host, port = access.nodes[(self._node + self.reconnects) % len(access.nodes)]
        reader, writer = await asyncio.open_connection(host, port, ssl=access.tls, limit=1 << 20)
        self._writer, packets = writer, wire.Reader()
        pinging = asyncio.create_task(self._keep_alive(writer))
        try:
            clean = not self._topics
            writer.write(
                wire.connect(
                    self._client_id,
                    access.keepalive_s,
                    clean=clean,
                    username=access.username,
                    password=access.password,
                )
            )
            async with asyncio.timeout(ANSWER_S):
                while not self.ready.is_set():
                    if not await self._take(reader, packets):
                        return
            while await self._take(reader, packets):
                pass
        finally:
            self.ready.clear()
            pinging.cancel()
            self._close()

    async def _take(self, reader: asyncio.StreamReader, packets: wire.Reader) -> bool:
        data = await reader.read(1 << 16)
        for first, body in packets.feed(data):
            self._packet(first, body)
        return bool(data)

    def _packet(self, first: int, body: bytes) -> None:
        writer = self._writer
        if writer is None:
            return
        match first & 0xF0:
            case wire.CONNACK:
                code = body[1] if len(body) > 1 else -1
                if code == wire.UNAVAILABLE:
                    raise ConnectionError("the broker is not ready")  # a cluster that forms anew: comes back
                if code != 0:
                    raise PublishError(PublishReason.REFUSED, f"the broker refuses {self._client_id} (code {code})")
                if self._topics:
                    writer.write(wire.subscribe(1, self._topics))
                else:
                    self._begin(writer)
            case wire.SUBACK:
                if body[2:3] == b"\x80":
                    raise PublishError(PublishReason.NOT_AUTHORISED, f"the broker refuses to subscribe {self._topics}")
                self._begin(writer)
            case wire.PUBACK:
                self._owed.pop(int.from_bytes(body[:2], "big"), None)
                if not self._owed:
                    self.idle.set()
            case wire.PUBLISH:
                topic, payload, number = wire.published(first, body)
                if self._hear is not None:
                    self._hear(topic, payload)
                if number is not None:
                    writer.write(wire.puback(number))
            case _:
                pass  # PINGRESP: the reader has shown that the connection lives

    def _begin(self, writer: asyncio.StreamWriter) -> None:
        """Connected: repeat what is owed, in order."""
        self.ready.set()
        for number, (topic, payload, retain) in self._owed.items():
            writer.write(wire.publish(topic, payload, number, retain=retain, again=True))

    async def _keep_alive(self, writer: asyncio.StreamWriter) -> None:
        while True:
            await asyncio.sleep(self._access.keepalive_s * 0.8)
            writer.write(wire.PING)

    def _close(self) -> None:
        if self._writer is not None:
            if self.ready.is_set():
                self._writer.write(wire.GOODBYE)
            with suppress(OSError):
                self._writer.close()
            self._writer = None


def _first_line(path: Path | None) -> str | None:
    return None if path is None else path.read_text().partition("\n")[0]
