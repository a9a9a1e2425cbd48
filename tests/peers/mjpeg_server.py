"""Cameras that send JPEG pictures over HTTP, one for each situation. Prints its port when it is ready.

Arguments: the port (0: any), user and password of `/secret` and `/basic`; to encrypt, a file with key and certificate.
"""

from __future__ import annotations

import base64
import hashlib
import re
import ssl
import sys
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import cv2
import numpy as np
from numpy.typing import NDArray

REALM = "camera"
NONCE = "0123456789abcdef"


def picture(number: int, width: int = 320, height: int = 240) -> NDArray[np.uint8]:
    """A gray picture with a bar that moves four pixels further each time."""
    gray = np.full((height, width), 90, np.uint8)
    begin = 4 * number % width
    gray[:, begin : begin + 20] = 200
    return gray


def jpeg(pixels: NDArray[np.uint8]) -> bytes:
    """Its bytes."""
    return cv2.imencode(".jpg", pixels)[1].tobytes()


class Camera(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        """Answer with the stream of this path."""
        match self.path:
            case "/page":
                self._whole("text/html", b"<html>a login page</html>")
            case "/single":
                self._whole("image/jpeg", jpeg(picture(0)))
            case "/secret" if not self._digest_fits():
                self._refuse(f'Digest realm="{REALM}", nonce="{NONCE}", algorithm=MD5')
            case "/basic" if not self._basic_fits():
                self._refuse(f'Basic realm="{REALM}"')
            case "/hostile":
                self._stream(10**9, iter([bytes(range(256)) * 40] * 1000), head=False)
            case path if (made := self._pictures(path)) is not None:
                self._stream(1000.0 if path == "/fast" else 30.0, made)
            case _:
                self.send_error(404)

    def _pictures(self, path: str) -> Iterator[bytes] | None:
        match path:
            case "/bar" | "/secret" | "/basic" | "/bare" | "/chunked" | "/stamped" | "/standing":
                return (jpeg(picture(number)) for number in _count())
            case "/fast":
                made = [jpeg(picture(number, 160, 120)) for number in range(40)]
                return (made[number % 40] for number in _count())
            case "/cut":
                return (_cut(jpeg(picture(n))) if n % 3 == 1 else jpeg(picture(n)) for n in _count())
            case "/broken":
                return (_cut(jpeg(picture(number))) for number in _count())
            case "/sizes":
                return (jpeg(picture(n, *((320, 240), (163, 121), (800, 600))[n // 10 % 3])) for n in _count())
            case "/colour":
                return (jpeg(np.dstack([picture(number)] * 3)) for number in _count())
            case "/still":
                return (jpeg(picture(7)) for _ in _count())
            case "/freezes":
                return (jpeg(picture(min(number, 30))) for number in _count())
            case "/black":
                return (jpeg(np.zeros((240, 320), np.uint8)) for _ in _count())
            case "/short":
                return (jpeg(picture(number)) for number in range(20))
            case _:
                return None

    def _stream(self, rate_hz: float, pictures: Iterator[bytes], *, head: bool = True) -> None:
        self.send_response(200)
        self.send_header("Content-Type", 'multipart/x-mixed-replace;boundary="--cut here"')
        self.send_header("Connection", "close")
        if self.path == "/chunked":
            self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.close_connection = True
        next_s = time.monotonic()
        try:
            for number, body in enumerate(pictures):
                self._send(self._part(number, body) if head else body)
                next_s += 1.0 / rate_hz
                time.sleep(max(0.0, next_s - time.monotonic()))
        except OSError:
            return  # the box has gone

    def _part(self, number: int, body: bytes) -> bytes:
        if self.path == "/bare":
            return b"--cut here\nContent-Type: image/jpeg\n\n" + body + b"\n"
        stamp = ""
        if self.path in ("/stamped", "/standing"):
            seconds = 1_000_000 + (min(number, 30) if self.path == "/standing" else number) / 30
            stamp = f"X-Timestamp: {seconds:.6f}\r\n"
        head = f"--cut here\r\nContent-Type: image/jpeg\r\nContent-Length: {len(body)}\r\n{stamp}\r\n"
        return head.encode() + body + b"\r\n"

    def _send(self, data: bytes) -> None:
        if self.path == "/chunked":
            for begin in range(0, len(data), 1000):
                piece = data[begin : begin + 1000]
                self.wfile.write(b"%x\r\n" % len(piece) + piece + b"\r\n")
        else:
            self.wfile.write(data)

    def _whole(self, kind: str, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _refuse(self, challenge: str) -> None:
        self.send_response(401)
        self.send_header("WWW-Authenticate", challenge)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _basic_fits(self) -> bool:
        pair = base64.b64encode(":".join(sys.argv[2:4]).encode()).decode()
        return self.headers.get("Authorization") == f"Basic {pair}"

    def _digest_fits(self) -> bool:
        given = dict(re.findall(r'(\w+)="([^"]*)"', self.headers.get("Authorization", "")))
        user, password = sys.argv[2:4]
        who, what = _md5(f"{user}:{REALM}:{password}"), _md5(f"GET:{self.path}")
        return given.get("username") == user and given.get("response") == _md5(f"{who}:{NONCE}:{what}")


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def _cut(data: bytes) -> bytes:
    return data[: len(data) // 2]


def _count() -> Iterator[int]:
    return iter(range(10**9))


def main() -> None:
    """Serve until killed."""
    server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Camera)
    server.daemon_threads = True
    if len(sys.argv) > 4:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[4])
        server.socket = context.wrap_socket(server.socket, server_side=True)
    sys.stdout.write(f"{server.server_address[1]}\n")
    sys.stdout.flush()
    server.serve_forever()


if __name__ == "__main__":
    main()
