"""Every secret is given to a running box that says all it can say, and is looked for in what it says and keeps."""

from __future__ import annotations

import base64
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.parse import quote

import pytest

from edge.publish.embedded import free_port
from tests.peers.broker import Mosquitto
from tests.peers.sniffer import Sniffer
from tests.privacy.box import PIN, box, pages, ports_of
from tests.privacy.canary import write_clip

pytestmark = pytest.mark.timeout(120)

SECRETS = {
    "broker": "brok/er geheim&1",
    "rtsp camera": "rtsp+geheim 2",
    "mjpeg camera": "mjpeg:geheim=3",
    "home page": PIN,
    "hospital": "token.geheim~4",
}
"""What the box is told and must not tell."""


def forms(secret: str) -> set[bytes]:
    """How it may look where it has been written."""
    raw = secret.encode()
    encoded = {base64.b64encode(f"{user}:{secret}".encode()) for user in ("box", "viewer")}
    return {
        raw,
        quote(secret, safe="").encode(),
        quote(secret).encode(),
        raw.hex().encode(),
        base64.b64encode(raw),
    } | encoded


def told(data: bytes) -> set[str]:
    """Which secrets are in these bytes."""
    return {name for name, secret in SECRETS.items() if any(form in data for form in forms(secret))}


@contextmanager
def camera_that_refuses() -> Iterator[int]:
    """An HTTP camera that takes no login."""

    class Refusal(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="camera"')
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_POST = do_GET  # noqa: N815 - the library's name

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Refusal)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


MORE = """
[[sensor]]
name = "street"
driver = "rtsp"
url = "rtsp://127.0.0.1:{rtsp}/stream"
username = "viewer"
password_file = "{folder}/secrets/rtsp camera"

[[sensor]]
name = "hall"
driver = "mjpeg"
url = "http://127.0.0.1:{mjpeg}/video"
username = "viewer"
password_file = "{folder}/secrets/mjpeg camera"
"""


@pytest.mark.parametrize("accepted", [True, False])
def test_no_secret_is_told(tmp_path: Path, accepted: bool) -> None:
    folder = tmp_path / "box"
    (folder / "secrets").mkdir(parents=True)
    for name, secret in SECRETS.items():
        (folder / "secrets" / name).write_text(secret + "\n")
        (folder / "secrets" / name).chmod(0o600)
    (tmp_path / "broker").mkdir()
    broker = Mosquitto(tmp_path / "broker", users={"box": SECRETS["broker"] if accepted else "another"})
    broker.start()
    ports = ports_of(broker)
    mqtt = f'username = "box"\npassword_file = "{folder}/secrets/broker"'
    clip = write_clip(tmp_path / "clip.avi", seconds=3)
    seen = b""
    with camera_that_refuses() as mjpeg, Sniffer(broker.port) as sniffer:
        more = MORE.format(folder=folder, rtsp=free_port(), mjpeg=mjpeg)
        with box(folder, clip, ports, mqtt=mqtt, more=more) as process:
            for second in range(60):
                time.sleep(1.0)
                assert process.poll() is None, (folder / "log").read_text()
                seen += pages(ports["page"])
                if second >= 7 and list((folder / "state/sessions").glob("*.anodyne")):
                    break
            place = Path(f"/proc/{process.pid}")
            seen += (place / "cmdline").read_bytes() + (place / "environ").read_bytes()
        session = next((folder / "state/sessions").glob("*.anodyne"))
        command = ["-v", "export", "fhir", str(session), "--push", f"http://127.0.0.1:{mjpeg}/fhir"]
        token = ["--token-file", str(folder / "secrets/hospital")]
        export = subprocess.run(
            [sys.executable, "-m", "edge.cli", *command, *token], capture_output=True, check=False, cwd=Path.cwd()
        )
    broker.stop()
    log = (folder / "log").read_bytes()
    assert b"DEBUG" in log
    assert b"street" in log
    assert b"hall: lost (unreadable): the camera at" in log
    assert (b"not authorised" in log.lower() or b"refuses" in log) is True
    assert export.returncode != 0
    assert b"401" in export.stderr
    assert told(log) == told(seen) == told(export.stdout + export.stderr) == set()
    for path in folder.rglob("*"):
        if path.is_file() and path.parent.name != "secrets":
            assert told(path.read_bytes()) == set(), path
    spoken = [payload for payload in sniffer.payloads if not (payload[:1] == b"\x10" and b"MQTT" in payload[:12])]
    assert told(b"".join(spoken)) == set()
    # The search has power: the one message that has to carry the password does.
    assert told(sniffer.traffic) == {"broker"}
