"""Runs the station: the desk on MQTT and the page on HTTP, until told to stop."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import socket
import ssl
from collections.abc import Callable, Generator
from contextlib import contextmanager

import uvicorn

from edge.clock import Clock
from edge.config import Mqtt, Station
from edge.errors import StationError, StationReason
from edge.publish.topics import Topics
from edge.software import software
from edge.station.accounts import Accounts
from edge.station.book import Book
from edge.station.desk import Desk
from edge.station.gate import Gate
from edge.station.history import History
from edge.station.keeping import open_hospital
from edge.station.lines import MakeLine, over_mqtt
from edge.station.near import Near
from edge.station.stream import Stream
from edge.station.web import application

logger = logging.getLogger(__name__)

_GRACE_S = 2
"""Time for open requests at the end, seconds; streams end at once."""


class Server:
    """One station.

    Args:
        section: `[station]` of the configuration.
        line: the broker, or what else makes the way to the beds.
        clock: time.
        topics: which beds of the broker; all by default.
        page: file of the page.
        near: whether only addresses of private networks are answered.
        outside: see `Desk`.

    Raises:
        StationError: it would be insecure, nobody could sign in, the address or the certificate cannot be used.
        StoreError: the state folder cannot be used.
    """

    def __init__(
        self,
        section: Station,
        line: Mqtt | MakeLine,
        clock: Clock,
        topics: Topics | None = None,
        *,
        page: str = "station.html",
        near: bool = False,
        outside: Callable[[], str] = str,
    ) -> None:
        """Check everything; nothing listens yet."""
        _check(section)
        accounts = Accounts(section.accounts_file)
        if section.proxy_user_header is None and not accounts.all():
            makes = "pin` sets the PIN" if near else "add NAME` makes the first"
            raise StationError(
                StationReason.ACCOUNTS,
                f"nobody could sign in: {section.accounts_file} has no accounts. `anodyne accounts {makes}",
            )
        self._book = Book(section.state_dir, spooling=section.history is not None, trends=section.history_trends)
        self._hospital = None if section.history is None else open_hospital(section, self._book)
        history: History = self._book if self._hospital is None else self._hospital
        make_line = over_mqtt(line, clock, topics) if isinstance(line, Mqtt) else line
        name = f"{line.host}:{line.port}" if isinstance(line, Mqtt) else "the box"
        self._desk = Desk(section, name, make_line, history, clock, outside)
        self._stream = Stream(self._desk, software())
        gate = Gate(section, accounts, self._book, clock)
        served = application(self._desk, gate, accounts, clock, self._stream, page)
        self._server = _Uvicorn(
            uvicorn.Config(
                Near(served) if near else served,
                host=section.host,
                port=section.port,
                http="h11",
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                proxy_headers=False,
                server_header=False,
                limit_concurrency=400,
                timeout_graceful_shutdown=_GRACE_S,
                ssl_certfile=section.certificate_file,
                ssl_keyfile=section.key_file,
            ),
            self._stream,
        )
        self._socket = _listen(section.host, section.port)
        self.port = int(self._socket.getsockname()[1])
        self.url = section.public_origin or f"{'https' if gate.secure else 'http'}://{section.host}:{self.port}"

    async def run(self) -> None:
        """Serve until `stop` or cancellation."""
        if self._hospital is not None:
            self._hospital.start()
        desk = asyncio.create_task(self._desk.run())
        server = asyncio.create_task(self._server.serve(sockets=[self._socket]))
        try:
            await asyncio.wait({desk, server}, return_when=asyncio.FIRST_COMPLETED)
            if desk.done():
                desk.result()
        finally:
            self.stop()
            desk.cancel()
            await asyncio.gather(desk, server, return_exceptions=True)
            if self._hospital is not None:
                await asyncio.to_thread(self._hospital.stop)
            self._book.close()
            self._socket.close()

    @property
    def started(self) -> bool:
        """Whether it listens."""
        return self._server.started

    def stop(self) -> None:
        """End `run`."""
        self._server.should_exit = True
        self._stream.close()


class _Uvicorn(uvicorn.Server):
    """Uvicorn that leaves signals to the program, and ends the streams instead of waiting for screens to leave."""

    def __init__(self, config: uvicorn.Config, stream: Stream) -> None:
        super().__init__(config)
        self._stream = stream

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._stream.close()
        await super().shutdown(sockets)


def _listen(host: str, port: int) -> socket.socket:
    """A listening socket."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listening = socket.socket(family, kind, protocol)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind(address)
            listening.listen(128)  # who comes before the server has started waits
        except OSError:
            listening.close()
            raise
    except OSError as error:
        raise StationError(
            StationReason.ADDRESS,
            f"the station cannot listen on {host}:{port} ({error.strerror}): choose another station.port, "
            "or end what listens there",
        ) from error
    return listening


def _check(section: Station) -> None:
    """Refuse to send passwords and health data over a network in the clear, unless told to."""
    try:
        local = ipaddress.ip_address(section.host).is_loopback
    except ValueError:
        local = section.host == "localhost"
    if not local and section.certificate_file is None and not section.insecure_http:
        raise StationError(
            StationReason.INSECURE,
            f"station.host is {section.host}, and nothing is encrypted: give certificate_file and key_file, or listen "
            "on 127.0.0.1 behind a reverse proxy, or set insecure_http = true on a network that you trust",
        )
    if section.certificate_file is not None:
        try:
            ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(
                section.certificate_file, section.key_file
            )
        except (OSError, ssl.SSLError) as error:
            raise StationError(
                StationReason.CERTIFICATE, f"{section.certificate_file} and its key cannot be used: {error}"
            ) from error
