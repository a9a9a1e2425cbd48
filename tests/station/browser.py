"""A station that runs, and a browser without a screen: what the page's scripts send and hear, over real sockets."""

from __future__ import annotations

import asyncio
import http.client
import json
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TypeAlias

from edge.clock import Clock, SystemClock
from edge.config import Mqtt, Station
from edge.publish.embedded import free_port
from edge.station.accounts import Accounts, Role
from edge.station.serve import Server
from tests.peers.broker import until

PASSWORD = "correct horse"  # noqa: S105 - of stations that live for a test
PIN = "482915"

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"


@dataclass(frozen=True, slots=True)
class Got:
    """An answer."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> dict[str, Json]:
        """The body as an object."""
        found = json.loads(self.body)
        assert isinstance(found, dict)
        return found


@dataclass(slots=True)
class Browser:
    """One browser.

    Attributes:
        port: of the station.
        origin: what it says of where its requests come from; None says nothing.
        host: the name that it asks for.
        extra: further headers of every request.
    """

    port: int
    origin: str | None = ""
    host: str = ""
    extra: dict[str, str] = field(default_factory=dict)
    cookie: str = ""
    csrf: str = ""

    def __post_init__(self) -> None:
        self.host = self.host or f"127.0.0.1:{self.port}"
        self.origin = f"http://{self.host}" if self.origin == "" else self.origin

    async def ask(self, method: str, path: str, body: object = None, **headers: str) -> Got:
        """One request."""
        return await asyncio.to_thread(self._ask, method, path, body, headers)

    async def sign_in(self, name: str = "ruth", password: str = PASSWORD) -> Got:
        """Sign in and learn the token."""
        got = await self.ask("POST", "/api/session", {"name": name, "password": password})
        if got.status == 200:
            self.cookie = got.headers["set-cookie"].partition(";")[0]
            self.csrf = str((await self.ask("GET", "/api/session")).json["csrf"])
        return got

    async def command(self, place: str, **wish: object) -> Got:
        """Ask something of a box."""
        return await self.ask("POST", f"/api/beds/{place}/command", wish)

    def _ask(self, method: str, path: str, body: object, more: dict[str, str]) -> Got:
        headers = {"Host": self.host, "Cookie": self.cookie, "X-Anodyne-Csrf": self.csrf, **self.extra}
        if self.origin is not None and method != "GET":
            headers["Origin"] = self.origin
        headers |= {key.replace("_", "-"): value for key, value in more.items()}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            data = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
            connection.request(method, path, data, headers)
            answer = connection.getresponse()
            return Got(answer.status, {key.lower(): value for key, value in answer.getheaders()}, answer.read())
        finally:
            connection.close()

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[Screen]:
        """An open stream of beds."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, limit=2**24)
        writer.write(f"GET /stream HTTP/1.1\r\nHost: {self.host}\r\nCookie: {self.cookie}\r\n\r\n".encode())
        screen = Screen()
        task = asyncio.create_task(screen.listen(reader))
        try:
            yield screen
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            writer.close()


class Screen:
    """What a screen has heard so far; `rings`: what each bed sounded like, in turn."""

    def __init__(self) -> None:
        """Nothing yet."""
        self.beds: dict[str, dict[str, Json]] = {}
        self.order: list[str] = []
        self.status: dict[str, Json] = {}
        self.events: list[str] = []
        self.rings: dict[str, list[str]] = {}
        self.ended = False

    async def listen(self, reader: asyncio.StreamReader) -> None:
        """Take in events until the stream ends."""
        name = ""
        while line := await reader.readline():
            text = line.decode().rstrip("\r\n")
            if text.startswith("event: "):
                name = text.removeprefix("event: ")
                self.events.append(name)
            elif text.startswith("data: ") and name == "beds":
                self._take(json.loads(text.removeprefix("data: ")))
        self.ended = True

    def look(self, place: str) -> str:
        """How a bed looks; "" where it is not on the screen."""
        return str(self.beds[place]["look"]) if place in self.beds else ""

    def alarms(self, place: str) -> list[dict[str, Json]]:
        """Alarms of a bed that are not over."""
        found = self.beds[place]["alarms"] if place in self.beds else []
        assert isinstance(found, list)
        return [one for one in found if isinstance(one, dict)]

    def _take(self, message: dict[str, Json]) -> None:
        beds, order, status = message["beds"], message["order"], message["status"]
        assert isinstance(beds, dict)
        assert isinstance(order, list)
        assert isinstance(status, dict)
        self.beds |= {place: bed for place, bed in beds.items() if isinstance(bed, dict)}
        for place, bed in self.beds.items():
            heard = self.rings.setdefault(place, [""])
            if bed["ring"] != heard[-1]:
                heard.append(str(bed["ring"]))
        self.order = [str(place) for place in order]
        self.status = status


def section(folder: Path, **more: object) -> Station:
    """`[station]` on loopback with two accounts: ruth, a nurse, and wall, a display."""
    path = folder / "accounts.json"
    if not path.exists():
        path.touch(0o600)
        path.write_bytes(_accounts())
    what = {"port": free_port(), "state_dir": folder / "station", "accounts_file": path}
    return Station.model_validate(what | more)


@cache
def _accounts() -> bytes:
    """The file of accounts: hashing is slow by design, so it is made once."""
    with tempfile.TemporaryDirectory() as folder:
        accounts = Accounts(Path(folder) / "accounts.json")
        accounts.put("ruth", PASSWORD, "Sister Ruth", Role.NURSE)
        accounts.put("wall", PIN, "Wall of ward 3", Role.DISPLAY)
        return accounts.path.read_bytes()


@asynccontextmanager
async def serving(station: Station, mqtt: Mqtt, clock: Clock | None = None) -> AsyncIterator[Server]:
    """A station that runs for the time of the block."""
    server = Server(station, mqtt, clock or SystemClock())
    task = asyncio.create_task(server.run())
    try:
        await until(lambda: server.started)
        yield server
    finally:
        server.stop()
        await task
