"""Asks an RTSP server for the description of a stream, to learn why a player could not open it.

RTSP 1.0 is RFC 2326, the logins Basic and Digest (MD5) are RFC 7617 and RFC 7616, the description is SDP (RFC 4566).
"""

from __future__ import annotations

import base64
import hashlib
import re
import socket
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

from edge.errors import SensorError, SensorReason
from edge.sensors.camera.login import Login, no_such_path, refused, unreachable

RTSP_PORT = 554
"""Where RTSP servers listen unless the address says otherwise."""

TIMEOUT_S = 3.0
"""Longest wait for an answer, seconds; within the time that a first picture may take."""

ANSWER_BYTES = 65536
"""Longest answer that is read; descriptions have about one kilobyte."""

_UNAUTHORISED = (401, 403)
_NOT_FOUND = (404, 454)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server says.

    Attributes:
        status: of the answer; 0 if it is none of RTSP.
        challenges: the logins that it offers.
        body: the description of the stream.
    """

    status: int
    challenges: tuple[str, ...]
    body: str


def find_fault(url: str, login: Login | None) -> SensorError | None:
    """Why this stream cannot be opened; None if the server describes a video.

    Args:
        url: an rtsp address without user and password.
        login: who asks, if anybody.
    """
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or RTSP_PORT
    where = f"{host}:{port}"
    try:
        with socket.create_connection((host, port), TIMEOUT_S) as connection:
            answer = _describe(connection, url, 1, None)
            if answer.status in _UNAUTHORISED and login is not None:
                answer = _describe(connection, url, 2, _authorise(answer.challenges, login, url))
    except OSError as error:
        return unreachable(where, error)
    if answer.status in _UNAUTHORISED:
        return refused(where, login)
    if answer.status in _NOT_FOUND:
        return no_such_path(where, parts.path or "/")
    if answer.status == 0 or "m=video" not in answer.body:
        said = "it does not speak RTSP" if answer.status == 0 else f"it answers {answer.status}"
        said = "its stream is no video" if answer.status in range(200, 300) else said
        return SensorError(SensorReason.WRONG_DEVICE, f"what answers at {where} is no camera stream ({said})")
    return None


def _describe(connection: socket.socket, url: str, number: int, authorisation: str | None) -> Answer:
    lines = [f"DESCRIBE {url} RTSP/1.0", f"CSeq: {number}", "Accept: application/sdp", "User-Agent: anodyne"]
    if authorisation is not None:
        lines.append(f"Authorization: {authorisation}")
    connection.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
    return read_answer(connection)


def read_answer(connection: socket.socket) -> Answer:
    """Read one answer, or what there is of it.

    Raises:
        OSError: the connection breaks, or is silent; TimeoutError also for a server that never comes to an end.
    """
    deadline_s = time.monotonic() + TIMEOUT_S
    received = b""
    while len(received) < ANSWER_BYTES and not _complete(received):
        if time.monotonic() > deadline_s:
            raise TimeoutError("the answer has no end")
        data = connection.recv(4096)
        if not data:
            break
        received += data
    return parse_answer(received)


def parse_answer(received: bytes) -> Answer:
    """An answer from its bytes, whatever they are."""
    text, _, description = received.decode("utf-8", "replace").partition("\r\n\r\n")
    status = re.match(r"RTSP/\d\.\d ([1-5]\d\d)", text, re.ASCII)
    challenges = re.findall(r"(?im)^www-authenticate:[ \t]*(.+?)[ \t\r]*$", text)
    return Answer(int(status[1]) if status else 0, tuple(challenges), description)


def _complete(received: bytes) -> bool:
    head, blank, body = received.partition(b"\r\n\r\n")
    length = re.search(rb"(?im)^content-length:[ \t]*(\d{1,6})[ \t\r]*$", head)
    return bool(blank) and len(body) >= (int(length[1]) if length else 0)


def _authorise(challenges: tuple[str, ...], login: Login, url: str) -> str | None:
    """The answer to the server's challenge: Digest where it is offered, or Basic."""
    for challenge in challenges:
        if challenge.lower().startswith("digest"):
            return _digest(challenge, login, url)
    if challenges:
        pair = base64.b64encode(f"{login.username}:{login.password}".encode()).decode()
        return f"Basic {pair}"
    return None


def _digest(challenge: str, login: Login, url: str) -> str:
    """A Digest answer without quality of protection, which is what RTSP servers ask for."""
    asked = dict(re.findall(r'(\w+)="([^"]*)"', challenge))
    realm, nonce = asked.get("realm", ""), asked.get("nonce", "")
    who = _md5(f"{login.username}:{realm}:{login.password}")
    answer = _md5(f"{who}:{nonce}:{_md5(f'DESCRIBE:{url}')}")
    return f'Digest username="{login.username}", realm="{realm}", nonce="{nonce}", uri="{url}", response="{answer}"' + (
        f', opaque="{asked["opaque"]}"' if "opaque" in asked else ""
    )


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
