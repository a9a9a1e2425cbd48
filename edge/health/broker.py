"""The way to the nurse, stage by stage: name, TCP, TLS, session, publishing, and the answer of a station.

Asked with the daemon's own connection code, but under a name of its own: with the daemon's, the broker would throw the
running daemon out.
"""

from __future__ import annotations

import asyncio
import secrets
import socket
import ssl
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from edge.clock import SystemClock
from edge.config import Box, Mqtt
from edge.errors import PublishError, PublishReason
from edge.health.findings import Finding, Grade, error, ok, warning
from edge.publish.link import VERSION_NAMES, Handlers, Incoming, Link, Version, tls_context
from edge.publish.payload import BLIND_MODE, ReceiptMessage, ReplyMessage, decode, head
from edge.publish.subscriber import PROBE
from edge.publish.topics import RECEIPT, REPLY, Topics

TCP_S = 5.0
"""Longest wait for a connection, seconds."""

STATION_S = 4.0
"""Longest wait for a station's answer, seconds: it answers at once, over two radio links in a second."""

EXPIRES_DAYS = 30
"""A certificate that ends within this time is a warning, days."""

_OTHER_VERSION = (PublishReason.PROTOCOL, PublishReason.SILENT)
"""Reasons after which the daemon, too, asks again in MQTT 3.1.1."""

_NUMBERS = 10**11
"""Probes are numbered from here on: no box counts that far."""


def broker_stages(config: Mqtt, box: Box) -> Iterator[Finding]:
    """Every stage on the way to one broker and beyond it; the first that fails is the last.

    Args:
        config: the broker.
        box: whose topics are used.
    """
    for finding in way_to(config):
        yield finding
        if finding.grade is Grade.ERROR:
            return
    yield from asyncio.run(_visit(config, box))


def way_to(config: Mqtt) -> Iterator[Finding]:
    """The stages before a session: name, connection, encryption; an error is the last."""
    for stage in (_name, _tcp, _tls):
        finding = stage(config)
        if finding is not None:
            yield finding
            if finding.grade is Grade.ERROR:
                return


def _name(config: Mqtt) -> Finding | None:
    try:
        found = socket.getaddrinfo(config.host, config.port, type=socket.SOCK_STREAM)
    except OSError as failure:
        return error(
            "broker name",
            f"{config.host} has no address ({failure.strerror})",
            "check [mqtt] host, and the network's name server (`resolvectl status`); or write the broker's IP address",
        )
    addresses = dict.fromkeys(str(row[4][0]) for row in found)
    return ok("broker name", f"{config.host} is {', '.join(addresses)}")


def _tcp(config: Mqtt) -> Finding | None:
    where = f"{config.host}:{config.port}"
    try:
        with closing(socket.create_connection((config.host, config.port), timeout=TCP_S)):
            return ok("broker tcp", f"{where} takes connections")
    except ConnectionRefusedError:
        remedy = "start the broker; check [mqtt] port, and its `listener`: by default it hears its own machine only"
        return error("broker tcp", f"{where} refuses connections: nobody listens there", remedy)
    except OSError as failure:
        remedy = "check cable or Wi-Fi (`ip route`), the ward's firewall, and that the broker's machine is on"
        return error("broker tcp", f"{where} cannot be reached: {failure}", remedy)


def _tls(config: Mqtt) -> Finding | None:
    if config.tls is None:
        return None
    try:
        context = tls_context(config.tls)
    except OSError as failure:
        return error(
            "broker tls", f"a certificate of [mqtt.tls] cannot be used: {failure}", "check its path and rights"
        )
    try:
        with (
            closing(socket.create_connection((config.host, config.port), timeout=TCP_S)) as plain,
            context.wrap_socket(plain, server_hostname=config.host) as secured,
        ):
            return _certificate(secured)
    except ssl.SSLCertVerificationError as failure:
        return error(
            "broker tls",
            f"the broker does not prove who it is: {failure.verify_message}",
            "check [mqtt.tls] ca_file, the name in the broker's certificate, and this box's clock",
        )
    except OSError as failure:
        return error(
            "broker tls",
            f"no encryption is agreed on: {failure}",
            "check that the port is the encrypted one, and [mqtt.tls] cert_file and key_file",
        )


def _certificate(secured: ssl.SSLSocket) -> Finding:
    ends = (secured.getpeercert() or {}).get("notAfter")
    text = f"{secured.version()}, {(secured.cipher() or ('?',))[0]}"
    if not isinstance(ends, str):
        return ok("broker tls", text)
    left = datetime.fromtimestamp(ssl.cert_time_to_seconds(ends), UTC) - datetime.now(UTC)
    if left.days < EXPIRES_DAYS:
        return warning("broker tls", f"{text}; the broker's certificate ends in {left.days} days", "renew it now")
    return ok("broker tls", f"{text}, certificate good for {left.days} days")


async def _visit(config: Mqtt, box: Box) -> list[Finding]:
    visit = _Visit(config, box)
    try:
        version = await visit.enter()
    except PublishError as failure:
        return [error("broker session", failure.message)]
    try:
        text = f"{config.host}:{config.port} accepts a session over {VERSION_NAMES[version]}"
        if version is Version.V311:
            entered = warning("broker session", f"{text} only: alerts will not expire on the broker", "update it")
        else:
            entered = ok("broker session", text + (", encrypted" if config.tls else ", not encrypted"))
        return [entered, *await visit.probe()]
    finally:
        await visit.leave()


@dataclass(eq=False)
class _Visit:
    """One short session."""

    config: Mqtt
    box: Box
    link: Link | None = None
    refusal: str | None = None
    taken: asyncio.Event = field(default_factory=asyncio.Event)
    stations: list[str] = field(default_factory=list[str])
    answered: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self._topics = Topics(self.box.site, self.box.bed)
        clock = SystemClock()
        number = _NUMBERS + secrets.randbelow(_NUMBERS)
        self._probe = ReplyMessage.model_validate(
            {
                **head(clock.instant(), number, self.box.validity, BLIND_MODE),
                "to": f"{PROBE}{secrets.token_hex(4)}",
                "ok": True,
                "detail": "the box asks whether a station listens",
            }
        )

    async def enter(self) -> Version:
        """Open the session as the daemon does, MQTT 5 first."""
        try:
            await self._open(Version.V5)
        except PublishError as failure:
            if failure.reason not in _OTHER_VERSION:
                raise
            await self._open(Version.V311)
            return Version.V311
        return Version.V5

    async def _open(self, version: Version) -> None:
        await self.leave()
        self.link = Link(
            self.config,
            f"anodyne-doctor-{secrets.token_hex(4)}",
            version,
            Handlers(self._acknowledged, self._arrived),
            subscriptions=(self._topics.of(RECEIPT),),
            lasting=False,
        )
        await asyncio.to_thread(self.link.open)

    async def leave(self) -> None:
        """End the session in order."""
        if self.link is not None:
            await asyncio.to_thread(self.link.close)
            self.link = None

    async def probe(self) -> list[Finding]:
        """Publish one message that nobody keeps, and wait for a station's receipt."""
        assert self.link is not None  # noqa: S101  # entered before
        topic = self._topics.of(REPLY)
        self.link.publish(topic, self._probe.encode(), retain=False, expiry_s=10)
        acl = (
            f"check the broker's access list: {self.config.username or 'this box'} must write anodyne/{self.box.site}/"
        )
        try:
            await asyncio.wait_for(self.taken.wait(), TCP_S)
        except TimeoutError:
            return [error("broker publish", f"no acknowledgement for {topic}", "look into the broker's log")]
        if self.refusal is not None:
            return [error("broker publish", f"{topic} is refused: {self.refusal}", f"{acl}{self.box.bed}/#")]
        findings = [ok("broker publish", f"{topic} is taken")]
        try:
            await asyncio.wait_for(self.answered.wait(), STATION_S)
        except TimeoutError:
            remedy = "start `anodyne station` with this broker, and let it read and write this ward's topics"
            if self.config.station_within_s <= 0:
                return [*findings, ok("station", "none answers, and [mqtt] station_within_s = 0 expects none")]
            return [*findings, warning("station", "none answers: alarms will sound at the bed", remedy)]
        return [*findings, ok("station", f"{', '.join(self.stations)} answers")]

    def _acknowledged(self, _mid: int, refusal: str | None) -> None:
        self.refusal = refusal
        self.taken.set()

    def _arrived(self, incoming: Incoming) -> None:
        receipt = decode(ReceiptMessage, incoming.payload)
        if receipt is not None and receipt.id == self._probe.id:
            self.stations.append(receipt.by)
            self.answered.set()


def password_file(path: Path) -> Finding:
    """Whether the password is kept from other users."""
    try:
        mode = path.stat().st_mode & 0o777
    except OSError as failure:
        return error("password", f"{path} cannot be read: {failure.strerror}", "make it, or ask as root or as anodyne")
    if mode & 0o077:
        return warning("password", f"{path} can be read by others (mode {mode:04o})", f"chmod 600 {path}")
    return ok("password", f"{path}, mode {mode:04o}")
