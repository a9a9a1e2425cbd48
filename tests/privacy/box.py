"""The true daemon as a process with everything switched on, and everything that it could leak to, kept for a search."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from edge.publish.embedded import free_port
from edge.station.accounts import HOME, Accounts, Role
from tests.peers.broker import Mosquitto
from tests.peers.sniffer import Sniffer

PIN = "4711-canary"

CONFIG = """
[box]
site = "ward"
bed = "bed1"
state_dir = "{folder}/state"
validity = "test"

[[sensor]]
name = "camera"
driver = "video_file"
path = "{clip}"
width_px = 320
height_px = 240
repeat = true

[[sensor]]
name = "band"
driver = "simulated_band"

[alarm]
blind_delay_s = 0.0
pain_on_score = 1.0
pain_off_score = 0.5
pain_delay_s = 1.0
sensor_delay_s = 0.0

[recorder]
folder = "{folder}/state/sessions"

[annunciator]
file = "{folder}/state/bursts.jsonl"

[mqtt]
host = "127.0.0.1"
port = {broker}
cbor = true
home_assistant = true
{mqtt}

[home]
pin_file = "{folder}/pin.json"
host = "127.0.0.1"
port = {page}

[metrics]
port = {metrics}
{more}"""

PROGRAM = ("-m", "edge.cli")

PAGES = ("/", "/healthz", "/api/session", "/static/main.js", "/api/log", "/api/burden", "/api/trends")


@dataclass
class Spoils:
    """What could be got hold of, by where it was.

    Attributes:
        places: name to content.
        assessed_face: whether a state rested on the face: the picture has been looked at.
        strangers: network sockets beside those to the broker, the page and the metrics.
    """

    places: dict[str, bytes] = field(default_factory=dict[str, bytes])
    assessed_face: bool = False
    strangers: set[str] = field(default_factory=set[str])


@contextmanager
def box(
    folder: Path, clip: Path, ports: dict[str, int], *, program: Sequence[str] = PROGRAM, mqtt: str = "", more: str = ""
) -> Iterator[subprocess.Popen[bytes]]:
    """`anodyne -v run` with temporary, run and home folders of its own, all below `folder`."""
    for name in ("state", "tmp", "run", "home"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    Accounts(folder / "pin.json").put(HOME, PIN, "Anna", Role.NURSE)
    (folder / "box.toml").write_text(CONFIG.format(folder=folder, clip=clip, mqtt=mqtt, more=more, **ports))
    places = {"TMPDIR": folder / "tmp", "RUNTIME_DIRECTORY": folder / "run", "HOME": folder / "home"}
    environment = os.environ | {name: str(path) for name, path in places.items()}
    environment["PYTHONPATH"] = str(Path(__file__).parents[2])
    command = [sys.executable, *program, "-v", "run", "--config", str(folder / "box.toml")]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=environment, cwd=folder / "home")
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)


def ports_of(broker: Mosquitto) -> dict[str, int]:
    """Where the box listens and whom it speaks to."""
    return {"page": free_port(), "metrics": free_port(), "broker": broker.port}


def spoils(
    folder: Path, clip: Path, broker: Mosquitto, seconds: float, program: Sequence[str] = PROGRAM, more: str = ""
) -> Spoils:
    """Let a box run for a while, and take everything.

    Args:
        folder: of the box; what it already holds is there when it starts.
        clip: what its camera shows.
        broker: that it speaks to.
        seconds: how long.
        program: the box itself.
        more: of its configuration.
    """
    found = Spoils()
    ports = ports_of(broker)
    with Sniffer(*ports.values()) as sniffer, box(folder, clip, ports, program=program, more=more) as process:
        until = time.monotonic() + seconds
        shown = b""
        while time.monotonic() < until:
            assert process.poll() is None, (folder / "log").read_text()
            time.sleep(1.0)
            found.strangers |= strangers(process.pid, set(ports.values()))
            shown += pages(ports["page"]) + _get(f"http://127.0.0.1:{ports['metrics']}/metrics")
            _files(folder, found.places)
        found.places["page and metrics"] = shown
    found.places["traffic"] = sniffer.traffic
    _files(folder, found.places)
    found.assessed_face = b'"m":"face' in sniffer.traffic
    return found


def strangers(pid: int, known: set[int]) -> set[str]:
    """The process's network sockets of which neither end is at a known port."""
    mine: set[str] = set()
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # closed between the list and the look
            mine.add(str(descriptor.readlink()))
    found: dict[tuple[str, str, str], None] = {}
    for protocol in ("tcp", "tcp6", "udp", "udp6", "raw", "raw6"):
        table = Path(f"/proc/{pid}/net/{protocol}")
        for line in table.read_text().splitlines()[1:] if table.exists() else ():
            _, local, remote, *rest = line.split()
            ends = {int(end.rpartition(":")[2], 16) for end in (local, remote)}
            if f"socket:[{rest[6]}]" in mine and not ends & known:
                found[protocol, local, remote] = None
    # A pair of sockets whose both ends are the process's own wakes a thread of it (paho-mqtt has one).
    return {" ".join(one) for one in found if (one[0], one[2], one[1]) not in found}


def _files(folder: Path, places: dict[str, bytes]) -> None:
    """Every file below the folder as it is now, beside what it was before; the log is one of them."""
    for path in folder.rglob("*"):
        if not path.is_file():
            continue
        try:
            content = path.read_bytes()
        except FileNotFoundError:  # gone between the list and the look
            continue
        name = f"file {path.relative_to(folder)}"
        if content != places.get(name):
            places[name] = content if len(content) >= len(places.get(name, b"")) else places[name] + content


def pages(port: int) -> bytes:
    """All of the page, signed in as soon as it answers."""
    base = f"http://127.0.0.1:{port}"
    cookie = ""
    request = urllib.request.Request(  # noqa: S310 - loopback
        f"{base}/api/session",
        json.dumps({"name": HOME, "password": PIN}).encode(),
        {"content-type": "application/json", "origin": base, "sec-fetch-site": "same-origin"},
    )
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310 - loopback
            cookie = answer.headers["set-cookie"].split(";")[0]
    except (OSError, urllib.error.HTTPError):
        return b""
    return b"".join(_get(base + path, cookie) for path in PAGES)


def _get(url: str, cookie: str = "") -> bytes:
    request = urllib.request.Request(url, headers={"cookie": cookie})  # noqa: S310 - loopback
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310 - loopback
            body: bytes = answer.read()
            return body
    except OSError:
        return b""
